import type { World } from '../../engine/world/world.ts'
import { Content, Copy, Deleted, Memory, MemoryRole, Trust } from '../components.ts'
import { hash64, hashEnd, hashPair, hashSeed, hashUnit } from '../text/hash.ts'
import type { Draft } from './draft.ts'

/** Within this a program that says the same again is not heard twice, in milliseconds. */
export const botWindow_ms = 3_600_000
/** And a person: a message sent twice by a nervous finger or a shaky line. */
export const personWindow_ms = 30_000

/** Shorter words of the agent's are anybody's: `Yes.` read back is no loop. */
export const loopUnits_min = 40

/** What a text says, in 64 bits: of its normal form for programs, of the words as they stand for people. */
export type Said = { high: number; low: number }

/**
 * 64 bits of a text in which only the blanks do not count. What people and the agent itself say is compared by this and
 * not by the normal form, for which room 1204 and room 1205 are the same.
 */
export function exactly(text: string, into: Said): void {
  let low = hashSeed
  let high = ~hashSeed
  let blank = true
  const ascii = asciiOf(text)
  for (let at = 0; at < text.length; at++) {
    const unit = ascii === undefined ? text.charCodeAt(at) : ascii[at]!
    const isBlank = unit <= 32 || unit === 160
    if (isBlank && blank) continue
    blank = isBlank
    low = hashUnit(low, isBlank ? 32 : unit)
    high = hashUnit((high << 11) | (high >>> 21), isBlank ? 32 : unit)
  }
  if (!blank) {
    low = hashUnit(low, 32)
    high = hashUnit((high << 11) | (high >>> 21), 32)
  }
  into.low = hashEnd(low)
  into.high = hashEnd(high)
}

const units = Buffer.alloc(8192)

/** The units of a text of usual length that is ASCII alone, until the next one; quicker to look at than the text. */
function asciiOf(text: string): Uint8Array | undefined {
  // Whatever is not ASCII takes more bytes than units, and four bytes of room show it.
  if (text.length > units.length - 4) return undefined
  return units.write(text, 0, text.length + 4, 'utf8') === text.length ? units : undefined
}

const pair = new Uint32Array(2)
/** Stands in the place of the author for the agent's own words, wherever they are read back. */
const own = new Uint32Array(2)
hash64('own', own)
let paired: Draft | undefined

/** Where a draft's words are known by author and channel, and where the agent's own words are known from anywhere. */
export function contentKey(draft: Draft, said: Said, ofOwn: boolean, into: Said): void {
  if (!ofOwn && paired !== draft) {
    const { channel, thread, author, kind } = draft.source
    hash64(`${kind}\n${channel || thread}\n${author}\n${draft.trust}`, pair)
    paired = draft
  }
  const by = ofOwn ? own : pair
  into.high = hashPair(by[0]!, said.high)
  into.low = hashPair(by[1]!, said.low)
}

const key: Said = { high: 0, low: 0 }

/** Whether a program said it of its own accord. What a model answers its person is said to them, and as seldom by chance the same. */
export function isProgram({ role, trust }: Draft): boolean {
  return trust === Trust.bot && role !== MemoryRole.assistant
}

/** The memory of what the agent said itself, when this draft reads it back; else 0. */
export function loopOf(world: World, draft: Draft, exact: Said): number {
  if (draft.role === MemoryRole.assistant || draft.text.length < loopUnits_min) return 0
  contentKey(draft, exact, true, key)
  return standing(world, world.findPair(Content, 'content', key.high, key.low))
}

/** The memory of a row of Content; what was forgotten stands for nothing: who says it again says it anew. */
function standing(world: World, row: number): number {
  const id = row === 0 ? 0 : world.of(Content).memory_id[row]!
  return world.of(Memory).deleted[id] === Deleted.forgotten ? 0 : id
}

/** The memory that says the same, by the same author, in the same channel, a short time ago; or 0. */
export function copyOf(world: World, draft: Draft, said: Said): number {
  contentKey(draft, said, false, key)
  const row = world.findPair(Content, 'content', key.high, key.low)
  if (row === 0 || draft.ts === 0) return 0
  const { said_at_ms } = world.of(Content)
  const window_ms = isProgram(draft) ? botWindow_ms : personWindow_ms
  const recent = said_at_ms[row] !== 0 && Math.abs(draft.ts - said_at_ms[row]!) <= window_ms
  return recent ? standing(world, row) : 0
}

/** Remembers that a memory says these words, and links it to the first that did. */
export function rememberContent(world: World, draft: Draft, said: Said, exact: Said, memory_id: number): void {
  contentKey(draft, said, false, key)
  const first = put(world, key, memory_id, draft.ts)
  if (first !== memory_id) world.of(Memory).same_as[memory_id] = world.of(Memory).same_as[first]! || first
  if (draft.role !== MemoryRole.assistant) return
  contentKey(draft, exact, true, key)
  put(world, key, memory_id, draft.ts)
}

/** The memory that a delivery with this identity became, or was counted as; 0 when it is new. */
export function deliveredAs(world: World, high: number, low: number): number {
  const minted = world.findPair(Memory, 'source', high, low)
  if (minted !== 0 || world.rows(Copy) === 0) return minted
  const row = world.findPair(Copy, 'source', high, low)
  return row === 0 ? 0 : world.of(Copy).memory_id[row]!
}

/** Remembers what a delivery was counted as. A full table remembers no more: such a copy may be counted again. */
export function rememberCopy(world: World, high: number, low: number, memory_id: number): void {
  if (world.room(Copy) === 0) return
  const row = world.append(Copy)
  const copy = world.of(Copy)
  copy.source_high[row] = high
  copy.source_low[row] = low
  copy.memory_id[row] = memory_id
}

/** The same words were said again and are kept as this one memory. */
export function countCopy(world: World, memory_id: number, at_ms: number): void {
  const memory = world.of(Memory)
  memory.copies[memory_id]!++
  if (at_ms > memory.copied_at_ms[memory_id]!) memory.copied_at_ms[memory_id] = at_ms
}

/** Makes a memory the newest of its content; returns the one before it, or itself when it is the first. */
function put(world: World, { high, low }: Said, memory_id: number, at_ms: number): number {
  let row = world.findPair(Content, 'content', high, low)
  const known = row !== 0
  if (!known) {
    // A full table knows no new words: what is said again is then a memory of its own.
    if (world.room(Content) === 0) return memory_id
    row = world.append(Content)
    const content = world.of(Content)
    content.content_high[row] = high
    content.content_low[row] = low
  }
  const content = world.of(Content)
  const before = known ? content.memory_id[row]! : memory_id
  content.memory_id[row] = memory_id
  content.said_at_ms[row] = at_ms
  return before
}
