import { oneLine } from '../words.ts'
import type { ApprovalLine, ChatLine, EndedLine, MemoryName, PastMessage } from './lines.ts'
import { plain, visible } from './plain.ts'

/** Lines of a conversation for people. Everything that comes from outside is made plain first. */

const memoriesShown = 6

/** What is told in a dim line beside the answer; undefined where nothing is. */
export function aside(line: ChatLine): string | undefined {
  if ('queued' in line) return `waiting: ${oneLine(plain(line.queued.why), 200)}`
  if ('asked' in line) return line.asked.round > 1 ? undefined : memoriesWords(line.asked.memories)
  if ('called' in line) {
    const { tool, arguments: given, verdict, reason } = line.called
    const refused = verdict === 'allow' || verdict === 'ask' ? '' : ` (${verdict}: ${oneLine(plain(reason), 120)})`
    return `→ ${oneLine(visible(tool), 64)} ${oneLine(visible(given), 160)}${refused}`
  }
  if ('returned' in line) {
    const { tool, state, text } = line.returned
    return `← ${oneLine(plain(tool), 64)} ${state}: ${oneLine(plain(text), 160)}`
  }
  if ('answered' in line) return line.answered.allow ? 'allowed' : 'not allowed'
  if ('waiting' in line) {
    if (line.waiting.why === 'approval') return undefined
    return `waiting for ${line.waiting.why}: ${oneLine(plain(line.waiting.reason), 200)}${untilWords(line.waiting.until_ms)}`
  }
  return undefined
}

function memoriesWords(memories: readonly MemoryName[]): string | undefined {
  if (memories.length === 0) return undefined
  const names = memories.slice(0, memoriesShown).map(({ name }) => oneLine(plain(name), 40))
  const more = memories.length > memoriesShown ? `, and ${memories.length - memoriesShown} more` : ''
  return `remembers: ${names.join(', ')}${more}`
}

function untilWords(until_ms: number): string {
  if (until_ms <= 0 || until_ms > 8.64e15) return ''
  return ` (until ${new Date(until_ms).toISOString().slice(11, 19)} UTC)`
}

/** How a turn ended, where it did not end well. */
export function endWords({ state, code, reason }: EndedLine): string | undefined {
  if (state === 'done') return undefined
  if (state === 'cancelled') return state
  const why = [code, oneLine(plain(reason), 400)].filter((part) => part !== '').join(': ')
  return `${state}${why === '' ? '' : `: ${why}`}`
}

/**
 * What the operator is asked before a call runs: the tool, its arguments whole, and why it is asked. Nothing is taken out of
 * what will run: what does not print is shown as its number, and said to be there.
 */
export function approvalWords({ tool, arguments: given, risk, why, session }: ApprovalLine): string {
  const heading = `${visible(session)} asks to use ${oneLine(visible(tool), 64)} (${risk}): ${oneLine(plain(why), 200)}`
  const whole = pretty(given)
  const shown = visible(whole)
  const warning = shown === whole && !escaped.test(whole) ? '' : `\n    ${hidden}`
  return `${heading}\n${indented(shown)}${warning}`
}

const hidden = 'Beware: the arguments hold invisible characters, shown here as \\u… with their number.'
/** What JSON itself writes as a number: control characters and halves of characters. */
const escaped = /(?<!\\)(?:\\\\)*\\u[0-9a-f]{4}/

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** A message of the past, cut to a line. */
export function pastWords({ role, text }: PastMessage, agent: string): string {
  return `${role === 'assistant' ? agent : 'you'}: ${oneLine(plain(text), 160)}`
}

/** The memories that lay before the model, one a line. */
export function memoryLines(memories: readonly MemoryName[]): string {
  if (memories.length === 0) return 'no memories were used'
  return memories.map(({ memory_id, name }) => `#${memory_id} ${oneLine(plain(name), 100)}`).join('\n')
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
