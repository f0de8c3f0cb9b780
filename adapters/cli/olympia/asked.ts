import type { ToolSpec } from '../../../systems/agents/tools.ts'
import { readArguments } from '../../../systems/cephalon/repair.ts'
import { argumentsCheck, offeredTool } from '../../../systems/cephalon/tools.ts'
import type { LlmChatDone, ToolCallAsked } from '../../../systems/events.ts'
import type { CallAsked, Validity } from './seen.ts'

/**
 * Every call that a model asked for in a turn, judged as the turn judges it. One that had to be mended, or that came after a
 * wrong one of the same tool, is `repaired`. Pure. O(calls²), and a turn has few.
 */
export function askedCalls(answers: readonly LlmChatDone[], specs: readonly ToolSpec[]): CallAsked[] {
  const calls = answers.flatMap(({ tool_calls = [] }) => tool_calls.map((call) => read(call, specs)))
  const validities: Validity[] = calls.map(({ wrong }) => (wrong === '' ? 'valid' : 'failed'))
  for (const [at, { tool, wrong, mended }] of calls.entries()) {
    if (wrong !== '') continue
    // Each wrong call is made good once, by the next right one of its tool.
    const mistake = calls.findIndex((each, n) => n < at && each.tool === tool && validities[n] === 'failed')
    if (mistake !== -1) validities[mistake] = 'mistaken'
    if (mistake !== -1 || mended) validities[at] = 'repaired'
  }
  return calls.map(({ tool, arguments: given, wrong }, at) => ({
    tool,
    arguments: given,
    validity: validities[at] ?? 'failed',
    wrong,
  }))
}

type Read = { readonly tool: string; readonly arguments: string; readonly wrong: string; readonly mended: boolean }

function read({ name, arguments: given }: ToolCallAsked, specs: readonly ToolSpec[]): Read {
  const spec = offeredTool(specs, ['*'], name)
  const one = { tool: spec?.name ?? name, arguments: given, mended: false }
  if (spec === undefined) return { ...one, wrong: `there is no tool ${name}` }
  const args = readArguments(given)
  if (!args.ok) return { ...one, wrong: `the arguments ${args.reason}` }
  const [problem] = argumentsCheck(spec)(args.value)
  if (problem !== undefined) return { ...one, wrong: `${problem.path || 'the arguments'} ${problem.message}` }
  return { ...one, wrong: '', mended: given.trim() !== '' && !isObject(given) }
}

/** Whether a text is a JSON object as it stands. */
function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false // What is no JSON was mended if it was understood all the same.
  }
}
