import type { World } from '../../engine/world/world.ts'
import { Edge, Key, KeyKind } from '../components.ts'
import { dayText, yearAndMonthOf } from '../memory/mentions/dates.ts'
import { kindPrefix } from '../memory/mentions.ts'
import { hash64 } from '../text/hash.ts'
import type { DateAsked } from './dates.ts'

const pair = new Uint32Array(2)
const years_max = 8

/** Calls for each memory of the days that a date names, by the keys of those days; at most so many. */
export function eachDatedRow(world: World, date: DateAsked, rows_max: number, call: (row: number) => void): void {
  if (date.month === 0) return
  const { memory_id, older } = world.of(Edge)
  let left = rows_max
  for (const year of date.year === 0 ? yearsOf(world) : [date.year]) {
    for (const day of daysOf(date)) {
      for (let edge = newest(world, year, date.month, day); edge !== 0 && left > 0; left--) {
        call(memory_id[edge]!)
        edge = older[edge]!
      }
    }
  }
}

/** The day itself first, then those around it; without a day all of the month. */
function daysOf({ day }: DateAsked): number[] {
  if (day === 0) return Array.from({ length: 31 }, (_, index) => 31 - index)
  return [day, day + 1, day - 1, day + 2, day - 2, day + 3, day - 3, day + 4, day - 4]
}

function newest(world: World, year: number, month: number, day: number): number {
  const text = dayText(year, month, day)
  if (text === '') return 0
  hash64(`${kindPrefix[KeyKind.day]}${text}`, pair)
  return world.of(Key).newest_edge[world.findPair(Key, 'key', pair[0]!, pair[1]!)]!
}

/** The last years in which anything is known to have happened, newest first. */
function yearsOf(world: World): number[] {
  const { kind, last_at_ms } = world.of(Key)
  let latest = 0
  for (let row = Math.max(1, world.rows(Key) - 4096); row <= world.rows(Key); row++) {
    if (kind[row] === KeyKind.day && last_at_ms[row]! > latest) latest = last_at_ms[row]!
  }
  const year = latest === 0 ? 0 : (yearAndMonthOf(latest)?.year ?? 0)
  return year === 0 ? [] : Array.from({ length: years_max }, (_, index) => year - index)
}
