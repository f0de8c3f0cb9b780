import { daysFromCivil, yearAndMonthOf } from '../memory/mentions/dates.ts'
import type { DateAsked } from './dates.ts'

const day_ms = 86_400_000

/** How well a moment fits a date that was asked for: 1 for the month, up to 2 for the day itself, 0.3 for the year alone. */
export function dateFit(asked: DateAsked, at_ms: number, days: number): number {
  const at = at_ms === 0 ? undefined : yearAndMonthOf(at_ms)
  if (at === undefined) return 0
  const sameYear = asked.year === 0 || asked.year === at.year
  if (asked.month === 0) return sameYear ? 0.3 : 0
  const month = sameYear && asked.month === at.month ? 1 : 0
  if (asked.day === 0) return month
  const day = daysFromCivil(asked.year || at.year, asked.month, asked.day)
  const off = Math.abs(Math.floor(at_ms / day_ms) - day)
  const near = Math.max(0, 1 - off / days)
  return month + near * (2 - month)
}
