import type { World } from '../../engine/world/world.ts'
import { Key, KeyKind, Mark, Memory, MemoryKind } from '../components.ts'
import { usageOf } from '../memory/usage.ts'
import { hash64 } from '../text/hash.ts'

/** Which memories are put together: those of one line and one day that nobody uses, next to each other in time. */

const day_ms = 86_400_000
/** A group of fewer, or of less text, is not worth a summary. */
const members_min = 4
const units_min = 400
/** A group ends with so many, or so much text: a summary of more says nothing of most. */
export const members_max = 24
const units_max = 12_000
/** Below this a memory counts as unused: it was put before a model once, two months ago. */
const unusedBelow = 0.06
const unfit = Mark.secret | Mark.hidden_text | Mark.cut

/** A group as it was found: rows ascending, as the first `count` of `rows`. One object is used again and again. */
export class Group {
  readonly rows: Uint32Array = new Uint32Array(members_max)
  count = 0
  units = 0
  /** Days since 1970 of all members. */
  day = 0

  get worthwhile(): boolean {
    return this.count >= members_min && this.units >= units_min
  }

  clear(): void {
    this.count = 0
    this.units = 0
  }
}

/**
 * Goes along a line from a memory on, newest first, gathers the next group and stops behind it, or when `steps_max` memories
 * were looked at.
 * @returns the memory to go on with: the first that is not in the group, or where the group began when it is not complete; 0 at
 * the end of the line. O(steps_max)
 */
export function gather(
  world: World,
  from: number,
  kept_before_ms: number,
  now_ms: number,
  steps_max: number,
  into: Group,
): Walk {
  const { previous, text_bytes } = world.of(Memory)
  into.clear()
  let began = from
  let at = from
  let steps = 0
  for (; at !== 0; at = previous[at]!, steps++) {
    const complete = into.count > 0 && (into.count === members_max || into.units + text_bytes[at]! > units_max)
    if (complete || steps === steps_max) break
    if (!isFit(world, at, kept_before_ms, now_ms)) continue
    const day = dayOf(world, at)
    if (into.count === 0) {
      began = at
      into.day = day
    } else if (day !== into.day) break
    into.rows[into.count++] = at
    into.units += text_bytes[at]!
  }
  // A group that was cut short by the end of the slice is gathered anew in the next, unless a whole slice is not enough.
  const cut = at !== 0 && steps === steps_max && into.count > 0 && began !== from
  if (cut) into.clear()
  else into.rows.subarray(0, into.count).reverse()
  return { next: cut ? began : at, steps }
}

/** Where to go on, and how many memories were looked at. */
export type Walk = { readonly next: number; readonly steps: number }

/** Whether a memory may be stood for by a summary: it is old, whole, live, nobody's file, and nobody uses or has pinned it. */
export function isFit(world: World, row: number, kept_before_ms: number, now_ms: number): boolean {
  const memory = world.of(Memory)
  if (memory.replaced_by[row] !== 0 || memory.deleted[row] !== 0 || memory.pinned[row] !== 0) return false
  if (memory.stored_at_ms[row]! > kept_before_ms || memory.file[row] !== 0 || memory.parent[row] !== 0) return false
  if ((memory.marks[row]! & unfit) !== 0 || !kinds.has(memory.kind[row]!)) return false
  return memory.usage_total[row] === 0 || usageOf(world, row, now_ms) < unusedBelow
}

const kinds: ReadonlySet<number> = new Set([
  MemoryKind.note,
  MemoryKind.chat,
  MemoryKind.discord,
  MemoryKind.tool,
  MemoryKind.system,
  MemoryKind.think,
])

/** The next key after one that is a line of memories, or 0; at most `most` keys are looked at. O(most) */
export function nextLine(world: World, after: number, most: number): { readonly key: number; readonly looked: number } {
  const { kind, newest_memory } = world.of(Key)
  const last = Math.min(world.rows(Key), after + most)
  for (let key = after + 1; key <= last; key++) {
    if ((kind[key] === KeyKind.thread || kind[key] === KeyKind.channel) && newest_memory[key] !== 0) {
      return { key, looked: key - after }
    }
  }
  return { key: 0, looked: last - after }
}

/** What a group is, as numbers that change when any of its members does. O(members) */
export function hashOf(world: World, rows: ArrayLike<number>, into: Uint32Array): void {
  const { deleted, pinned, replaced_by, text_bytes, usage_total } = world.of(Memory)
  let text = ''
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!
    text += `${row} ${deleted[row]} ${pinned[row]} ${replaced_by[row]} ${text_bytes[row]} ${usage_total[row]}\n`
  }
  hash64(text, into)
}

function dayOf(world: World, row: number): number {
  const { happened_at_ms, stored_at_ms } = world.of(Memory)
  return Math.floor((happened_at_ms[row]! || stored_at_ms[row]!) / day_ms)
}
