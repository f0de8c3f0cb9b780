/** A time as a person would write it, in UTC: `2026-11-22 14:05`; '' for one that is not known. O(1). */
export function whenText(at_ms: number): string {
  if (!(at_ms > 0) || at_ms > 8.64e15) return ''
  const minutes = Math.floor(at_ms / 60_000)
  const days = Math.floor(minutes / 1_440)
  // Years begin with March here, so that the day that is sometimes missing is the last.
  const since = days + 719_468
  const era = Math.floor(since / 146_097)
  const day = since - era * 146_097
  const year = Math.floor((day - Math.floor(day / 1_460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365)
  const dayOfYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const dayOfMonth = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const civil = year + era * 400 + (month <= 2 ? 1 : 0)
  const minute = minutes % 1_440
  return `${civil}-${two(month)}-${two(dayOfMonth)} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
