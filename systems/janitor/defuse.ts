/** Words of the far side, made fit to be named in a report: they can neither break its layout nor call anybody. */

/** Characters that nobody sees, or that turn the direction of writing. */
const hidden =
  /(?:\p{Cf}|\u{34f}|[\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}]|[\u{fe00}-\u{fe0f}]|[\u{e0100}-\u{e01ef}])+/gu
const blanks = /[\s\p{Z}\p{Cc}\p{Co}]+/gu
const marks = /(\p{M}{3})\p{M}+/gu
const nothing = '(no words)'

/**
 * A text on one line of at most `units` UTF-16 units, cut with `…`: without hidden characters, without piles of marks, without
 * backticks and with an `＠` that mentions nobody. Never empty.
 */
export function plainLine(text: string, units: number): string {
  const line = text
    .slice(0, units * 8)
    .toWellFormed()
    .replace(hidden, '')
    .replace(blanks, ' ')
    .replace(marks, '$1')
    .replaceAll('`', '’')
    .replaceAll('@', '＠')
    .trim()
  if (line === '') return nothing
  return line.length <= units ? line : `${line.slice(0, units - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** A line between backticks, where nothing in it is markdown, a link or a mention. `units` is for what is between them. */
export function quoted(text: string, units: number): string {
  return `\`${plainLine(text, units)}\``
}
