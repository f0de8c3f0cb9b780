const day_ms = 86_400_000

/** The day of a moment in UTC, `2023-05-07`; an empty text for 0 (unknown) and for what is no time of the years 1 to 9999. */
export function dayOf(ts: number): string {
  const days = Math.floor(ts / day_ms)
  if (days === newest.days && ts !== 0) return newest.text
  const date = civil(ts)
  if (date === undefined) return ''
  newest.days = days
  newest.text = dayText(date.year, date.month, date.day)
  return newest.text
}

/** The day that was asked for last: most memories are of the same day as the one before. */
const newest = { days: Number.NaN, text: '' }

/** A day as keys spell it; an empty text when there is no such day. */
export function dayText(year: number, month: number, day: number): string {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return ''
  return `${String(year).padStart(4, '0')}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`
}

/** The year and the month (1 to 12) of a moment in UTC; undefined for 0 and for what is no time of the years 1 to 9999. */
export function yearAndMonthOf(ts: number): { readonly year: number; readonly month: number } | undefined {
  return civil(ts)
}

/** The number of a day, counted from 1970-01-01. @param month 1 to 12 @param day 1 to 31 */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear - 719_468
}

/** The year in which a day without a year lies nearest to a moment; 0 when the moment is unknown. */
export function nearestYear(ts: number, month: number, day: number): number {
  const date = civil(ts)
  if (date === undefined) return 0
  const apart = (month - date.month) * 30.5 + day - date.day
  return date.year + (apart > 183 ? -1 : apart < -183 ? 1 : 0)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days are counted from the first of March, so that the leap day is the last of its year; eras are of 400 years. */
function civil(ts: number): { year: number; month: number; day: number } | undefined {
  if (!Number.isFinite(ts) || ts === 0) return undefined
  const days = Math.floor(ts / day_ms) + 719_468
  const era = Math.floor(days / 146_097)
  const ofEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  if (year < 1 || year > 9999) return undefined
  return { year, month, day: ofYear - Math.floor((153 * shifted + 2) / 5) + 1 }
}
