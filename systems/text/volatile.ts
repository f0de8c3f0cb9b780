/** Recognises what passes in a text: times, ids, hex runs, mentions. Every answer is the end of what was found, or 0. */

const measures = new Set('ns us ms s m h d kb mb gb tb k b x'.split(' '))
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\p{L}\p{N}\p{M}_])/iuy
const moment =
  /(?:\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)(?![\p{L}\p{N}\p{M}_])/uy
const mention = /<(?:@[!&]?|#)\d{1,20}>/y

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : 0
}

/** The run `from`–`to` as a UUID (which goes on after it), eight hex digits or more with one decimal among them, or `0x…`. */
export function endOfHex(text: string, from: number, to: number, decimal: boolean, hex: boolean): number {
  const length = to - from
  if (hex) {
    if (length === 8 && text.charCodeAt(to) === 0x2d) {
      const end = endOf(uuid, text, from)
      if (end > 0) return end
    }
    return length >= 8 && !decimal && hasDecimal(text, from, to) ? to : 0
  }
  if (length < 10 || text.charCodeAt(from) !== 0x30 || (text.charCodeAt(from + 1) | 0x20) !== 0x78) return 0
  for (let at = from + 2; at < to; at++) if (!isHex(text.charCodeAt(at))) return 0
  return to
}

function hasDecimal(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (text.charCodeAt(at) <= 0x39) return true
  return false
}

function isHex(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || ((unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x66)
}

/** A timestamp or a clock time that begins with the digits `from`–`to`. */
export function endOfTime(text: string, from: number, to: number): number {
  const after = text.charCodeAt(to)
  const length = to - from
  return (length === 4 && after === 0x2d) || (length <= 2 && after === 0x3a) ? endOf(moment, text, from) : 0
}

/** A mention as chat services write it: `<@1>`, `<@!1>`, `<@&1>`, `<#1>`. */
export function endOfMention(text: string, at: number): number {
  const next = text.charCodeAt(at + 1)
  return next === 0x40 || next === 0x23 ? endOf(mention, text, at) : 0
}

/** Where the digits of a run such as `35ms` end, when it is digits and a unit of measure. */
export function endOfMeasured(text: string, from: number, to: number): number {
  let at = from
  while (at < to && text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39) at++
  return at > from && to - at <= 2 && measures.has(text.slice(at, to).toLowerCase()) ? at : 0
}
