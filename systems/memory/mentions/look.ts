import { WordFlag, type Words } from '../../text/words.ts'

/** How two neighbouring words stand to each other. */
export const Gap = {
  apart: 0, //      a sentence mark, a comma, a bracket, a line: not one name
  together: 1, //   nothing at all between them, or an apostrophe
  blank: 2,
  hyphen: 3,
  possessive: 4, // "Schindler's List"
  point: 5, //      "J. R.", "St. Louis"
  and: 6, //        "Johnson & Johnson"
} as const

/** How the word at `index` stands to the one before it; `index` is at least 1. */
export function gapBefore(words: Words, index: number): number {
  const { text } = words
  const from = words.end[index - 1]!
  const units = words.start[index]! - from
  if (units === 0) return Gap.together
  const first = text.charCodeAt(from)
  if (units === 1) {
    if (first === 0x20) return Gap.blank
    if (first === 0x2d || first === 0x2010 || first === 0x2013) return Gap.hyphen
    if (first === 0x2e) return Gap.point
    return first === 0x27 || first === 0x2019 ? Gap.together : Gap.apart
  }
  if (text.charCodeAt(from + units - 1) !== 0x20) return Gap.apart
  if (units === 2) {
    if (first === 0x2e) return Gap.point
    return first === 0x27 || first === 0x2019 ? Gap.possessive : Gap.apart
  }
  if (units !== 3) return Gap.apart
  const second = text.charCodeAt(from + 1)
  if ((first === 0x27 || first === 0x2019) && (second | 32) === 0x73) return Gap.possessive
  return first === 0x20 && second === 0x26 ? Gap.and : Gap.apart
}

/** The index of the next whole word: the parts of a word in camel case follow it and are skipped. */
export function tokenPast(words: Words, index: number): number {
  let past = index + 1
  while (past < words.count && (words.flags[past]! & WordFlag.part) !== 0) past++
  return past
}

/** The index of the whole word that ends right before `past`. */
export function lastToken(words: Words, past: number): number {
  let last = past - 1
  while (last > 0 && (words.flags[last]! & WordFlag.part) !== 0) last--
  return last
}

/** Whether a word begins with a capital. */
export function isCapital(words: Words, index: number): boolean {
  return (words.flags[index]! & WordFlag.capital) !== 0
}

/** Whether a word has capitals only, and more than one. */
export function isShouted(words: Words, index: number): boolean {
  return (words.flags[index]! & WordFlag.allCaps) !== 0
}

export function isNumber(words: Words, index: number): boolean {
  return (words.flags[index]! & WordFlag.number) !== 0
}

export function isStop(words: Words, index: number): boolean {
  return (words.flags[index]! & WordFlag.stop) !== 0
}

/** Whether a word was longer than a word may be: only its beginning was read. */
export function isCut(words: Words, index: number): boolean {
  return (words.flags[index]! & WordFlag.cut) !== 0
}

/** Whether a word begins a sentence or a quotation or follows a colon, so that its capital says nothing. */
export function beginsSentence(words: Words, index: number): boolean {
  if (index === 0 || (words.flags[index]! & WordFlag.sentenceStart) !== 0) return true
  const { text } = words
  const from = words.end[index - 1]!
  const to = words.start[index]!
  for (let at = from; at < Math.min(to, from + 8); at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x3a || unit === 0x22 || unit === 0x201c || unit === 0x5b) return true
  }
  return false
}

/** The value of up to nine digits; -1 when a unit is none or there are more. */
export function digitsValue(text: string, from: number, to: number): number {
  if (to - from > 9 || to === from) return -1
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
