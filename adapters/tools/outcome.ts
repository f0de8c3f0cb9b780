import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { ToolCallDone } from '../../systems/events.ts'

/** What a tool gave, as text that a model may read. */

/** Most bytes of UTF-8 that one result has, the word about the cut included. */
export const resultBytesMax = 65_536
const markBytes = 128

/**
 * The outcome of a call: an object as JSON, a long text cut with a word about it.
 * @throws EffectFailure TOOL_RESULT for what is neither text nor JSON: bytes, nothing, a circle
 */
export function outcomeOf(result: unknown, redact: (text: string) => string, failed = false): ToolCallDone {
  const text = redact(textOf(result)).toWellFormed()
  const bytes = Buffer.byteLength(text)
  if (bytes <= resultBytesMax) return { text, cut: false, failed }
  return { text: `${headOf(text, resultBytesMax - markBytes)}\n[cut: ${bytes} bytes in all]`, cut: true, failed }
}

function textOf(result: unknown): string {
  if (typeof result === 'string') return checked(result)
  if (typeof result !== 'object' || result === null) throw refused('nothing')
  if (result instanceof ArrayBuffer || ArrayBuffer.isView(result)) throw refused('bytes')
  return checked(jsonOf(result))
}

function jsonOf(result: object): string {
  let json: string | undefined
  try {
    json = JSON.stringify(result)
  } catch {
    // A circle or a number without end: what is said below is all there is to say.
    throw refused('an object that is no JSON')
  }
  if (json === undefined) throw refused('an object that is no JSON')
  return json
}

function checked(text: string): string {
  if (text.includes('\0')) throw refused('bytes')
  return text
}

function refused(what: string): EffectFailure {
  return new EffectFailure('TOOL_RESULT', `the tool gave ${what} where text or JSON was expected`)
}

/** The beginning of a text that fits, without half a character. */
export function headOf(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text.slice(0, bytesMax), 'utf8')
  if (bytes.length <= bytesMax) return text.slice(0, bytesMax).toWellFormed()
  let end = bytesMax
  while (end > 0 && (bytes[end]! & 0b1100_0000) === 0b1000_0000) end--
  return bytes.toString('utf8', 0, end)
}
