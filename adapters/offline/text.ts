/** Characters of a body that are looked at; the rest of a note says little that its beginning does not. */
export const bodyCharactersMax = 16_384

const controls = /[\p{Cc}\s]+/gu
/** Direction overrides, zero-width blanks and byte-order marks: invisible, and able to make one text look like another. */
const invisible = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** One line of well-formed text without control or invisible characters and with single blanks. */
export function oneLine(text: string): string {
  return text.toWellFormed().replace(invisible, '').replace(controls, ' ').trim()
}

/** The text itself when it fits, else as many whole words as do, ending in an ellipsis. Lengths are UTF-16 units. */
export function cutAtWord(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const kept = text.slice(0, Math.max(0, lengthMax - 1))
  const blank = kept.lastIndexOf(' ')
  const words = blank > lengthMax / 2 ? kept.slice(0, blank) : withoutHalfPair(kept)
  return `${words.replace(/[\s,;:–—-]+$/u, '')}…`
}

function withoutHalfPair(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text
}

/** Whether a text says anything: it holds a letter or a digit of some script. */
export function hasWord(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text)
}

/** A scalar of front matter as one line of text; empty when it is none. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return oneLine(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return ''
}
