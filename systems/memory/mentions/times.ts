import type { Words } from '../../text/words.ts'
import { dayText, nearestYear } from './dates.ts'
import type { Gathering } from './gathering.ts'
import { KeyKind, MentionField, rank } from './kinds.ts'
import { classOf, WordClass } from './lexicon.ts'
import { digitsValue, Gap, gapBefore, isCapital, isNumber } from './look.ts'
import { signatureNear } from './signature.ts'

/** How long the ending of an ordinal number is: 7th. */
const endingUnits = 2

/**
 * Reads a date or a year that begins at a word: `2023-05-07`, `7 May 2023`, `7th of May`, `May 7, 2023`, `1963`.
 * A day without a year is taken to be the one nearest to `ts` (milliseconds, 0 when unknown).
 * @returns the index of the first word behind it, or `index` itself when there is none
 */
export function readTime(words: Words, index: number, ts: number, into: Gathering): number {
  if (isMonth(words, index)) return readMonthFirst(words, index, ts, into)
  const units = words.end[index]! - words.start[index]!
  if (units === 4) {
    const year = yearAt(words, index)
    if (year > 0) return readYearFirst(words, index, year, into)
  }
  const day = dayAt(words, index)
  return day > 0 ? readDayFirst(words, index, day, ts, into) : index
}

function readYearFirst(words: Words, index: number, year: number, into: Gathering): number {
  const { text } = words
  if (
    index + 2 < words.count &&
    gapBefore(words, index + 1) === Gap.hyphen &&
    gapBefore(words, index + 2) === Gap.hyphen
  ) {
    const month = twoDigits(words, index + 1)
    const day = dayOfMoment(words, index + 2)
    if (addDay(words, index, index + 3, year, month, day, into)) return index + 3
  }
  const before = words.start[index]! > 0 ? text.charCodeAt(words.start[index]! - 1) : 0x20
  const behind = words.end[index]! < text.length ? text.charCodeAt(words.end[index]!) : 0x20
  if (isNumberMark(before) || (isNumberMark(behind) && isDigitAt(text, words.end[index]! + 1))) return index
  addYear(words, index, index + 1, year, into)
  return index + 1
}

function readMonthFirst(words: Words, index: number, ts: number, into: Gathering): number {
  const month = classOf(words.raw[index]!) >>> 4
  const next = index + 1
  if (next >= words.count) return index
  const year = gapUnits(words, next) <= 2 ? yearAt(words, next) : 0
  if (year > 0) {
    addYear(words, index, next + 1, year, into)
    return next + 1
  }
  const day = gapUnits(words, next) <= 2 ? dayAt(words, next) : 0
  if (day === 0) return index
  return addDayOrNearest(words, index, next + 1, month, day, ts, into)
}

function readDayFirst(words: Words, index: number, day: number, ts: number, into: Gathering): number {
  let next = index + 1
  if (next + 1 < words.count && words.end[next]! - words.start[next]! === 2 && isMonth(words, next + 1)) next++
  if (next >= words.count || !isMonth(words, next) || gapBefore(words, next) !== Gap.blank) return index
  return addDayOrNearest(words, index, next + 1, classOf(words.raw[next]!) >>> 4, day, ts, into)
}

/** A day and a month are read; the year follows, or is the nearest. */
function addDayOrNearest(
  words: Words,
  first: number,
  past: number,
  month: number,
  day: number,
  ts: number,
  into: Gathering,
): number {
  const said = past < words.count && gapUnits(words, past) <= 2 ? yearAt(words, past) : 0
  const end = said > 0 ? past + 1 : past
  const year = said > 0 ? said : nearestYear(ts, month, day)
  if (year > 0) addDay(words, first, end, year, month, day, into)
  if (said > 0) addYear(words, first, end, said, into)
  return end
}

function addDay(
  words: Words,
  first: number,
  past: number,
  year: number,
  month: number,
  day: number,
  into: Gathering,
): boolean {
  const text = dayText(year, month, day)
  if (text === '') return false
  into.at(MentionField.text, first, past - first, signatureNear(words, first, past))
  into.plain(KeyKind.day, rank.day, text)
  return true
}

function addYear(words: Words, first: number, past: number, year: number, into: Gathering): void {
  into.at(MentionField.text, first, past - first, signatureNear(words, first, past))
  into.plain(KeyKind.year, rank.year, String(year))
}

/** The name of a month; "may" and "march" only with their capital. */
function isMonth(words: Words, index: number): boolean {
  return isCapital(words, index) && (classOf(words.raw[index]!) & 15) === WordClass.month
}

/** The year a word is, 1000 to 2099; 0 when it is none. */
function yearAt(words: Words, index: number): number {
  if (!isNumber(words, index) || words.end[index]! - words.start[index]! !== 4) return 0
  const value = digitsValue(words.text, words.start[index]!, words.end[index]!)
  return value >= 1000 && value < 2100 ? value : 0
}

/** The day of a month a word is, with or without its ending (7, 7th); 0 when it is none. */
function dayAt(words: Words, index: number): number {
  const from = words.start[index]!
  const units = words.end[index]! - from
  if (units > 4) return 0
  const first = words.text.charCodeAt(from)
  if (first < 0x30 || first > 0x39) return 0
  const bare = digitsValue(words.text, from, from + units)
  const value = bare < 0 && units > endingUnits ? digitsValue(words.text, from, from + units - endingUnits) : bare
  return value >= 1 && value <= 31 ? value : 0
}

function twoDigits(words: Words, index: number): number {
  const from = words.start[index]!
  return words.end[index]! - from === 2 ? Math.max(0, digitsValue(words.text, from, from + 2)) : 0
}

/** The day of a date that may go on with a time: 07, 07T10. */
function dayOfMoment(words: Words, index: number): number {
  const from = words.start[index]!
  const behind = words.text.charCodeAt(from + 2)
  const ends = words.end[index]! - from === 2 || (words.end[index]! - from > 2 && (behind | 32) === 0x74)
  return ends ? Math.max(0, digitsValue(words.text, from, from + 2)) : 0
}

function gapUnits(words: Words, index: number): number {
  return words.start[index]! - words.end[index - 1]!
}

/** Marks that make a number part of a larger one: 3.1415, 12/1999, $1500. */
function isNumberMark(unit: number): boolean {
  return unit === 0x2e || unit === 0x2c || unit === 0x2f || unit === 0x24 || unit === 0x3a || unit === 0x23
}

function isDigitAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0x30 && unit <= 0x39
}
