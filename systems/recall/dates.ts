import { hashText } from '../text/hash.ts'
import { WordFlag, type Words } from '../text/words.ts'

/** A date that a query names; 0 where a part of it is not said. */
export type DateAsked = {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  /** Places of the words that say it. */
  readonly words: ReadonlySet<number>
}

const months = new Map(
  'january february march april may june july august september october november december'
    .split(' ')
    .map((name, index) => [hashText(name), index + 1]),
)
const may = hashText('may')

/** The date in a query: a month's name with the day and year near it, a year, or 2023-05-07. */
export function readDate(words: Words): DateAsked | undefined {
  const found = new Set<number>()
  let year = 0
  let month = 0
  let day = 0
  for (let at = 0; at < words.count; at++) {
    const named = months.get(words.raw[at]!)
    if (named !== undefined && (words.raw[at] !== may || (words.flags[at]! & WordFlag.capital) !== 0)) {
      month = named
      found.add(at)
      for (const near of [at - 2, at - 1, at + 1]) {
        const value = dayIn(words, near)
        if (value === 0) continue
        day = value
        found.add(near)
      }
    }
    const value = numberAt(words, at)
    if (value < 1900 || value > 2099) continue
    year = value
    found.add(at)
    const monthNumber = numberAt(words, at + 1)
    const dayNumber = numberAt(words, at + 2)
    if (!isIso(words, at) || monthNumber < 1 || monthNumber > 12 || dayNumber < 1 || dayNumber > 31) continue
    month = monthNumber
    day = dayNumber
    found.add(at + 1).add(at + 2)
  }
  return month === 0 && year === 0 ? undefined : { year, month, day, words: found }
}

/** Whether a date of three numbers begins here: 2023-05-07. */
function isIso(words: Words, at: number): boolean {
  if (at + 2 >= words.count) return false
  return (
    words.text[words.end[at]!] === '-' &&
    words.end[at]! + 1 === words.start[at + 1] &&
    words.text[words.end[at + 1]!] === '-'
  )
}

function numberAt(words: Words, at: number): number {
  if (at < 0 || at >= words.count || (words.flags[at]! & WordFlag.number) === 0) return 0
  const length = words.end[at]! - words.start[at]!
  return length > 4 ? 0 : Number(words.text.slice(words.start[at]!, words.end[at]!))
}

/** A day of the month as a number or an ordinal, `7` or `7th`; else 0. */
function dayIn(words: Words, at: number): number {
  if (at < 0 || at >= words.count) return 0
  const match = /^(\d{1,2})(st|nd|rd|th)?$/i.exec(words.text.slice(words.start[at]!, words.end[at]!))
  const value = match === null ? 0 : Number(match[1])
  return value >= 1 && value <= 31 ? value : 0
}
