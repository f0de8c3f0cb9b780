import type { World } from '../../../engine/world/world.ts'
import { Memory, Recent, RecentMember, RecentToken } from '../../components.ts'
import { isAlike, isOfForm, lost, narrow } from './likeness.ts'
import { Tokens, tokensMax } from './tokens.ts'

/** What programs said within the last ten minutes and is of no family yet. */

/** Members of one family come within this time of each other, until it is known. */
export const floodWindow_ms = 600_000

const buckets = 64
const slots = 64
const form = new Tokens()

/** The slot that a message is of one form with, or 0; what it shares with the others is narrowed. O(slots) */
export function pendingOf(world: World, place: number, message: Tokens, at_ms: number): number {
  if (world.rows(Recent) === 0) return 0
  const recent = world.of(Recent)
  const { deleted } = world.of(Memory)
  const first = firstSlot(place)
  for (let row = first; row < first + slots; row++) {
    if (recent.memory_id[row] === 0 || recent.place[row] !== place) continue
    // What was forgotten stands for nothing: the next message like it begins anew.
    if (deleted[recent.memory_id[row]!] !== 0) continue
    if (Math.abs(at_ms - recent.said_at_ms[row]!) > floodWindow_ms) continue
    if (lost(recent.sign_high[row]!, recent.sign_low[row]!, message) > recent.tokens[row]! / 2 + 1) continue
    readForm(world, row)
    const alone = recent.count[row] === 1
    const found = alone ? isAlike(form, message) : isOfForm(form, message, recent.length_max[row]!, 0)
    if (found === undefined) continue
    narrow(form, found)
    recent.said_at_ms[row] = at_ms
    recent.count[row]!++
    recent.length_max[row] = Math.max(recent.length_max[row]!, message.count)
    write(world, row, form)
    return row
  }
  return 0
}

/** A message that is like no other: the next like it makes two. */
export function addPending(world: World, place: number, memory_id: number, message: Tokens, at_ms: number): void {
  while (world.rows(Recent) < buckets * slots) world.append(Recent)
  if (world.rows(RecentToken) === 0) world.append(RecentToken, buckets * slots * tokensMax)
  const recent = world.of(Recent)
  const first = firstSlot(place)
  const row = first + (recent.cursor[first]! % slots)
  recent.cursor[first] = (recent.cursor[first]! + 1) % slots
  recent.memory_id[row] = memory_id
  recent.place[row] = place
  recent.count[row] = 1
  recent.newest[row] = 0
  recent.length_max[row] = message.count
  recent.said_at_ms[row] = at_ms
  write(world, row, message)
}

/** Another member became a memory of its own. */
export function addMember(world: World, row: number, memory_id: number): void {
  if (world.room(RecentMember) === 0) return
  const member = world.append(RecentMember)
  const members = world.of(RecentMember)
  const { newest } = world.of(Recent)
  members.memory_id[member] = memory_id
  members.older[member] = newest[row]!
  newest[row] = member
}

/** The members of a slot that are memories of their own, the first one last. */
export function* membersOf(world: World, row: number): Generator<number> {
  const { newest, memory_id } = world.of(Recent)
  const { memory_id: ids, older } = world.of(RecentMember)
  for (let member = newest[row]!; member !== 0; member = older[member]!) yield ids[member]!
  yield memory_id[row]!
}

/** The members are a family now. */
export function endPending(world: World, row: number): void {
  world.of(Recent).memory_id[row] = 0
}

/** What the members of a slot have in common; overwritten by the next call. */
export function pendingForm(world: World, row: number): Tokens {
  readForm(world, row)
  return form
}

/** Slots of a place whose messages are of this form too. O(slots) */
export function* alsoPending(world: World, place: number, of: Tokens, length_max: number): Generator<number> {
  const { memory_id, place: places } = world.of(Recent)
  const first = firstSlot(place)
  for (let row = first; row < first + slots; row++) {
    if (memory_id[row] === 0 || places[row] !== place) continue
    readForm(world, row)
    if (isOfForm(of, form, length_max, of.total) !== undefined) yield row
  }
}

function readForm(world: World, row: number): void {
  const { tokens } = world.of(Recent)
  const { token, kind } = world.of(RecentToken)
  const from = (row - 1) * tokensMax + 1
  form.clear()
  for (let at = from; at < from + tokens[row]!; at++) form.add(token[at]!, kind[at]!)
}

function write(world: World, row: number, of: Tokens): void {
  const recent = world.of(Recent)
  const { token, kind } = world.of(RecentToken)
  const from = (row - 1) * tokensMax + 1
  recent.tokens[row] = of.count
  recent.weight[row] = of.total
  recent.sign_high[row] = of.high
  recent.sign_low[row] = of.low
  for (let at = 0; at < of.count; at++) {
    token[from + at] = of.token[at]!
    kind[from + at] = of.kind[at]!
  }
}

function firstSlot(place: number): number {
  return (place % buckets) * slots + 1
}
