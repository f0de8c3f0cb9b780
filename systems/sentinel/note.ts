import type { Outline } from '../../engine/yaml-outline.ts'
import { type FenceCode, findFence, type Newline } from './fence.ts'
import { type Data, type MatterCode, readMatter } from './matter.ts'

/** A note that can be checked and amended. Offsets are UTF-16 code units. */
export type Note = {
  readonly ok: true
  readonly text: string
  /** Everything before the body: byte order mark, fences and what is between them; may be empty. */
  readonly head: string
  readonly body_start: number
  readonly newline: Newline
  /** The front matter; an empty map when there is none. */
  readonly data: Data
  /** Where the YAML stands in the head, and the pairs in it; undefined when the note has no front matter. */
  readonly matter:
    | { readonly start: number; readonly end: number; readonly outline: () => Outline | undefined }
    | undefined
}

export type NoteRefused = {
  readonly ok: false
  readonly code: FenceCode | MatterCode
  /** A phrase that follows on "the front matter" or "the note". */
  readonly reason: string
  /** Counts from 1 within the note. */
  readonly line: number
}

/** Reading is pure, so what a text was read as can be kept: a note at work is read again at each of its steps. */
const kept = new Map<string, Note | NoteRefused>()
const keptMax = 256
const keptChars = 65_536

/**
 * Reads a note's front matter: pure, never throws, linear in the text. The text must come from valid UTF-8.
 * What is refused must not be written to.
 */
export function readNote(text: string): Note | NoteRefused {
  const known = kept.get(text)
  if (known !== undefined) return known
  const note = parseNote(text)
  if (text.length <= keptChars) {
    if (kept.size >= keptMax) for (const oldest of [...kept.keys()].slice(0, keptMax / 2)) kept.delete(oldest)
    kept.set(text, note)
  }
  return note
}

function parseNote(text: string): Note | NoteRefused {
  const fence = findFence(text)
  if (fence.kind === 'refused') return { ok: false, code: fence.code, reason: fence.reason, line: fence.line }
  const { head_end, newline } = fence
  const place = { ok: true, text, head: text.slice(0, head_end), body_start: head_end, newline } as const
  if (fence.kind === 'none') return { ...place, data: {}, matter: undefined }
  const read = readMatter(fence)
  if (!read.ok) return read
  const { outline, data } = read
  return { ...place, data, matter: { start: fence.yaml_start, end: fence.yaml_end, outline } }
}
