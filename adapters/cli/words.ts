import { printable } from './diff.ts'

/** A text on one line, safe for a terminal, cut with an ellipsis. @param units most UTF-16 units of the text */
export function oneLine(text: string, units: number): string {
  const flat = text
    .slice(0, units * 4)
    .replace(/\s+/g, ' ')
    .trim()
  const cut = flat.length <= units && text.length <= units * 4
  return printable(cut ? flat : `${wholeStart(flat, units - 1)}…`)
}

/** The beginning of a text, never with half a character at its end. */
function wholeStart(text: string, units: number): string {
  const start = text.slice(0, units)
  return start.isWellFormed() ? start : start.slice(0, -1)
}

/** A text of several lines, safe for a terminal, each line indented. */
export function block(text: string, indent: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => `${indent}${printable(line)}`)
    .join('\n')
}

/** The day of a time in milliseconds since 1970, or the empty text where it is unknown. */
export function dayOf(ms: number): string {
  return ms > 0 && ms <= 8.64e15 ? new Date(ms).toISOString().slice(0, 10) : ''
}

/** Day and time to the second, or `unknown`. */
export function momentOf(ms: number): string {
  return ms > 0 && ms <= 8.64e15 ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC` : 'unknown'
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** Rows in columns, the last of which may be of any length. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  const padded = (row: readonly string[]): string =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ')
  return rows.map((row) => padded(row).trimEnd()).join('\n')
}
