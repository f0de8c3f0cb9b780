import { compileForeignSchema } from '../../../engine/schema.ts'
import { type Contract, compileContract, frontmatterV1 } from '../../../systems/sentinel/contract.ts'
import { readNote } from '../../../systems/sentinel/note.ts'
import type { Seen } from './seen.ts'
import type { FrontmatterRule } from './suite.ts'

/**
 * The note meets its contract, keeps what it must, and has the body that it had, byte for byte. Reasons as sentences.
 * @param usual the suite's contract, where the rule names none
 * @throws EngineError SCHEMA_INVALID
 */
export function frontmatterJudge(
  { contract: named, data, keeps = [] }: FrontmatterRule,
  usual: string,
  contracts: readonly Contract[],
): (seen: Seen) => readonly string[] {
  const name = named ?? usual
  const contract = [frontmatterV1, ...contracts].find((each) => each.name === name) ?? frontmatterV1
  const { check } = compileContract(contract)
  const more = data && compileForeignSchema(data, 'front matter')
  return ({ note }) => {
    if (note === undefined) return ['there is no note']
    const read = readNote(note.after)
    if (!read.ok) return [`the front matter cannot be read: ${read.reason}`]
    const wrong = [...check(read.data), ...(more?.(read.data) ?? [])]
    const reasons = wrong.map(({ path, message }) => `${path || 'the front matter'} ${message}`)
    for (const kept of keeps) {
      if (!read.head.includes(kept)) reasons.push(`${JSON.stringify(kept)} is no longer in the front matter`)
    }
    const before = readNote(note.before)
    if (!before.ok) reasons.push('the note was not to be written to: its front matter could not be read')
    else if (note.before.slice(before.body_start) !== note.after.slice(read.body_start))
      reasons.push('the body was changed')
    return reasons
  }
}

/** The note is as it was. */
export function untouched({ note }: Seen): readonly string[] {
  return note !== undefined && note.before === note.after ? [] : ['the note was changed']
}
