import { type Check, compileForeignSchema } from '../../../engine/schema.ts'
import type { CallRun, Seen } from './seen.ts'
import type { CallsRule } from './suite.ts'

type Expected = { readonly tool: string; readonly check: Check | undefined }

/** Which calls must have been carried out, and no others. Reasons as sentences. @throws EngineError SCHEMA_INVALID */
export function callsJudge({ expect, order = 'any', besides = false }: CallsRule): (seen: Seen) => readonly string[] {
  const expected = expect.map(({ tool, arguments: schema }) => ({
    tool,
    check: schema && compileForeignSchema(schema, `arguments of ${tool}`),
  }))
  const pair = order === 'in' ? inOrder : inAnyOrder
  return ({ ran }) => {
    const partners = pair(expected, ran)
    const missing = expected.filter((_, at) => partners[at] === -1)
    const taken = new Set(partners)
    const extra = besides ? [] : ran.filter((_, at) => !taken.has(at))
    return [
      ...missing.map((one) => missingReason(one, ran, order)),
      ...extra.map(({ tool, arguments: given }) => `${tool} was called with ${shown(given)}, which nothing asks for`),
    ]
  }
}

function meets({ tool, check }: Expected, call: CallRun): boolean {
  return tool === call.tool && (check === undefined || check(call.arguments).length === 0)
}

/** For each expectation the first call behind the one before it that meets it, or -1. */
function inOrder(expected: readonly Expected[], ran: readonly CallRun[]): number[] {
  let from = 0
  return expected.map((one) => {
    const at = ran.findIndex((call, n) => n >= from && meets(one, call))
    if (at !== -1) from = at + 1
    return at
  })
}

/** For as many expectations as can be a call of its own, by augmenting paths, or -1. O(expected² · calls). */
function inAnyOrder(expected: readonly Expected[], ran: readonly CallRun[]): number[] {
  const holder: number[] = ran.map(() => -1)
  const settle = (one: number, tried: Set<number>): boolean => {
    for (const [at, call] of ran.entries()) {
      const wanted = expected[one]
      if (tried.has(at) || wanted === undefined || !meets(wanted, call)) continue
      tried.add(at)
      const other = holder[at] ?? -1
      if (other !== -1 && !settle(other, tried)) continue
      holder[at] = one
      return true
    }
    return false
  }
  for (const one of expected.keys()) settle(one, new Set())
  return expected.map((_, one) => holder.indexOf(one))
}

/** The nearest call tells most: one of the same tool, with what is wrong about its arguments. */
function missingReason({ tool, check }: Expected, ran: readonly CallRun[], order: string): string {
  const same = ran.filter((call) => call.tool === tool)
  const [first] = same
  if (first === undefined) return `${tool} was not called`
  const [problem] = check?.(first.arguments) ?? []
  if (problem !== undefined) {
    return `${tool} was called with ${shown(first.arguments)}: ${problem.path || 'the whole'} ${problem.message}`
  }
  return order === 'in' ? `${tool} was not called in its place` : `${tool} was not called often enough`
}

const shownUnits = 200

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= shownUnits ? text : `${text.slice(0, shownUnits).toWellFormed()}…`
}
