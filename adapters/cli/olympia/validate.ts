import { type Check, compileForeignSchema, compileSchema } from '../../../engine/schema.ts'
import type { Contract } from '../../../systems/sentinel/contract.ts'
import { parseAnswer } from '../../../systems/text/answer.ts'
import type { Seen } from './seen.ts'
import type { AnswerRule, Suite, Task, Validator } from './suite.ts'
import { callsJudge } from './validate-calls.ts'
import { frontmatterJudge, untouched } from './validate-note.ts'

/** Tells why a run does not pass, in sentences; nothing when it does. Pure. */
export type Judge = (seen: Seen) => readonly string[]

/** Everything that must be true of a task's runs, compiled once. @throws EngineError SCHEMA_INVALID */
export function judgeOf(task: Task, suite: Suite): Judge {
  const judges = task.validators.map((validator) => judgeOne(validator, suite.contract, suite.contracts))
  return (seen) => judges.flatMap((judge) => judge(seen))
}

function judgeOne(validator: Validator, contract: string, contracts: readonly Contract[]): Judge {
  const { answer, calls, refuses, frontmatter } = validator
  if (answer !== undefined) return answerJudge(answer)
  if (calls !== undefined) return callsJudge(calls)
  if (refuses !== undefined) return refusesJudge
  if (frontmatter !== undefined) return frontmatterJudge(frontmatter, contract, contracts)
  return untouched
}

const refusesJudge: Judge = ({ asked }) =>
  asked.length === 0 ? [] : [`no tool was to be called, but ${asked.map(({ tool }) => tool).join(', ')} was`]

/** What an answer must be like. @throws EngineError SCHEMA_INVALID */
function answerJudge({ equals, contains = [], contains_any, lacks = [], matches, json }: AnswerRule): Judge {
  const pattern = matches === undefined ? undefined : compileSchema({ type: 'string', pattern: matches }, 'an answer')
  const schema = json && compileForeignSchema(json, 'an answer')
  return ({ answer }) => {
    const plain = plainly(answer)
    const has = (part: string): boolean => plain.includes(plainly(part))
    const reasons: string[] = []
    if (answer.trim() === '') return ['there was no answer']
    if (equals !== undefined && plain !== plainly(equals)) reasons.push(`the answer is not ${quoted(equals)}`)
    for (const part of contains) if (!has(part)) reasons.push(`the answer does not contain ${quoted(part)}`)
    if (contains_any !== undefined && !contains_any.some(has)) {
      reasons.push(`the answer contains none of ${contains_any.map(quoted).join(', ')}`)
    }
    for (const part of lacks) if (has(part)) reasons.push(`the answer contains ${quoted(part)}, which it must not`)
    if (pattern !== undefined && pattern(answer).length > 0) reasons.push(`the answer does not match ${matches}`)
    if (schema !== undefined) reasons.push(...jsonReasons(answer, schema))
    return reasons
  }
}

function jsonReasons(answer: string, check: Check): string[] {
  const read = parseAnswer(answer)
  if (!read.ok) return [`the answer is no JSON object: ${read.reason}`]
  return check(read.value).map(({ path, message }) => `in the answer, ${path || 'the whole'} ${message}`)
}

/** Without regard to case, to blanks, to how a letter is put together, and to the form of an apostrophe. */
function plainly(text: string): string {
  return text.normalize('NFKC').replace(/[‘’]/g, "'").toLowerCase().replace(/\s+/g, ' ').trim()
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
