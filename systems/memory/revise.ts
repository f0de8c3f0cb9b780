import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Deleted, Gauge, Memory, MemoryKind, Trust } from '../components.ts'
import { DiscordChannel, DiscordVersion, DiscordWithdrawn } from '../discord/columns.ts'
import { DiscordDeleted, DiscordEdited, DiscordReaction, DiscordSaid } from '../events.ts'
import type { Minted } from '../minted.ts'
import { isSkipped } from '../skipped.ts'
import { hash64 } from '../text/hash.ts'
import { dissolve } from './compacted.ts'
import { type Draft, discordIdentity, draftOfEdit } from './draft.ts'
import { deliveredAs, exactly, rememberContent } from './duplicate.ts'
import { remove } from './forget.ts'
import { hasRoom, mint, rowsOf } from './mint.ts'
import { wake } from './usage.ts'

/** What becomes of memories when the messages that they hold are edited, deleted or reacted to. */

/** Makes a memory of a draft, or counts it as one that is known: what the memory system does with whatever it hears. */
export type Perceive = (tick: Tick, minted: Minted, draft: Draft) => number

const identity = new Uint32Array(2)
const exact = { high: 0, low: 0 }

/** An event about messages that were said before; anything else is left alone. O(messages) */
export function revise(tick: Tick, minted: Minted, event: Event, perceive: Perceive): void {
  if (event.source.kind !== 'discord' || isSkipped(event)) return
  if (DiscordEdited.is(event)) edit(tick, minted, event, perceive)
  else if (DiscordDeleted.is(event)) for (const id of event.payload.message_ids) withdraw(tick.world, event, id)
  else if (DiscordReaction.is(event)) react(tick, event)
}

/** A message that had been edited before it was heard of: an edit that is older changes nothing. O(1) */
export function noteEdited(world: World, event: Event, memory_id: number): void {
  if (!DiscordSaid.is(event) || memory_id === 0) return
  const { edited_ms = 0 } = event.payload
  if (edited_ms > 0 && versionOf(world, event.id) === 0) addVersion(world, event.id, memory_id, edited_ms)
}

/**
 * A new memory stands for the old one, as a file's newer content does. What programs change over and over meets the same
 * floods as what they say. Nothing happens when the words stay, when a newer version is known, or when the message is gone.
 */
function edit(
  tick: Tick,
  minted: Minted,
  event: Event & { readonly payload: DiscordEdited },
  perceive: Perceive,
): void {
  const { world } = tick
  const { message_id, edited_ms = 0 } = event.payload
  if (isWithdrawn(world, message_id)) return
  const known = memoryOf(world, event, message_id)
  const version = versionOf(world, message_id)
  const now = version === 0 ? known : world.of(DiscordVersion).memory_id[version]!
  if (now === 0) {
    const id = perceive(tick, minted, draftOfEdit(event, message_id))
    if (id !== 0) addVersion(world, message_id, id, edited_ms)
    return
  }
  if (version !== 0 && edited_ms <= world.of(DiscordVersion).edited_ms[version]!) return
  const memory = world.of(Memory)
  const draft = draftOfEdit(event, event.id)
  if (memory.deleted[now] !== 0 || draft.text === tick.read('text', now)) return
  count(world, event, 'edited')
  const own = isOwn(world, event, message_id, version, now)
  if (draft.trust === Trust.bot) {
    // What stands for a flood, and what a flood stands for, is more than this one message.
    if (!own || memory.kind[now] === MemoryKind.aggregate || memory.replaced_by[now] !== 0) return
    const id = perceive(tick, minted, draft)
    if (id !== 0 && id !== now) stand(world, message_id, now, id, edited_ms)
    return
  }
  const id = mintEdit(tick, minted, draft)
  if (id === 0) return
  if (own && memory.copies[now] === 0) stand(world, message_id, now, id, edited_ms)
  else {
    // The same was said twice, and one of both was edited: the other still says it.
    if (memory.copies[now]! > 0) memory.copies[now]!--
    addVersion(world, message_id, id, edited_ms)
  }
}

/** What a person changed is new, however much it is like what was said before. @returns 0 when there is nothing in it, or no room */
function mintEdit(tick: Tick, minted: Minted, draft: Draft): number {
  const { world } = tick
  hash64(draft.identity, identity)
  const delivered = deliveredAs(world, identity[0]!, identity[1]!)
  if (delivered !== 0 || draft.text === '') return 0
  if (!hasRoom(world, rowsOf(draft))) {
    world.of(Gauge).refused[1]!++
    return 0
  }
  const [high = 0, low = 0] = identity
  const id = mint(tick, minted, draft)
  const memory = world.of(Memory)
  memory.source_high[id] = high
  memory.source_low[id] = low
  exactly(draft.text, exact)
  rememberContent(world, draft, exact, exact, id)
  return id
}

/** From now on a memory stands for another. */
function stand(world: World, message: string, before: number, by: number, edited_ms: number): void {
  const memory = world.of(Memory)
  // A summary that quotes the old words stands for nothing any more.
  dissolve(world, before, Deleted.gone)
  if (memory.deleted[before] === 0 && memory.replaced_by[before] === 0) world.of(Gauge).memories[1]!--
  for (let row = before; row <= before + memory.chunks[before]!; row++) memory.replaced_by[row] = by
  if (versionOf(world, message) === 0) addVersion(world, message, before, 0)
  addVersion(world, message, by, edited_ms)
}

/** A message is gone: every version of it is hidden for good, unless the same was said by others that are still there. */
function withdraw(world: World, event: Event, message: string): void {
  const known = memoryOf(world, event, message)
  const version = versionOf(world, message)
  if ((known === 0 && version === 0) || isWithdrawn(world, message)) return
  count(world, event, 'deleted')
  keepWithdrawn(world, message)
  if (known !== 0) takeBack(world, known)
  const { memory_id, older } = world.of(DiscordVersion)
  for (let row = version; row !== 0; row = older[row]!) if (memory_id[row] !== known) takeBack(world, memory_id[row]!)
}

/** One of those that said it is gone. What stands for a flood stays. */
function takeBack(world: World, id: number): void {
  const memory = world.of(Memory)
  if (memory.kind[id] === MemoryKind.aggregate && memory.copies[id]! > 0) return
  if (memory.copies[id]! > 0) memory.copies[id]!--
  else remove(world, id, Deleted.forgotten)
}

/** People who put a sign to a message wake it. */
function react(tick: Tick, event: Event & { readonly payload: DiscordReaction }): void {
  const { message_id, added, bot = false } = event.payload
  if (!added || bot) return
  const { world } = tick
  const version = versionOf(world, message_id)
  const id = version === 0 ? memoryOf(world, event, message_id) : world.of(DiscordVersion).memory_id[version]!
  if (id !== 0 && world.of(Memory).deleted[id] === 0) wake(world, id, tick.now_ms)
}

/** The memory that a message became, or was counted as; 0 when there is none. */
function memoryOf(world: World, event: Event, message: string): number {
  hash64(discordIdentity(event, message), identity)
  return deliveredAs(world, identity[0]!, identity[1]!)
}

/** Whether a memory was made of this message, and not of one that said the same before. */
function isOwn(world: World, event: Event, message: string, version: number, id: number): boolean {
  const { source_high, source_low } = world.of(Memory)
  const is = (of: string): boolean => {
    hash64(discordIdentity(event, of), identity)
    return source_high[id] === identity[0] && source_low[id] === identity[1]
  }
  return is(message) || is(`${message}:${world.of(DiscordVersion).edited_ms[version]!}`)
}

const half = 0xffff_ffffn
const decimal = /^[0-9]{1,20}$/

/** The newest version of a message that was edited, row in DiscordVersion; 0 when it never was. */
function versionOf(world: World, message: string): number {
  if (world.rows(DiscordVersion) === 0 || !decimal.test(message)) return 0
  const id = BigInt(message)
  return world.of(DiscordVersion).newest[
    world.findPair(DiscordVersion, 'id', Number((id >> 32n) & half), Number(id & half))
  ]!
}

/** A full table knows no more versions: a later edit is then one of the message as it was first. */
function addVersion(world: World, message: string, memory_id: number, edited_ms: number): void {
  if (world.room(DiscordVersion) === 0 || !decimal.test(message)) return
  const id = BigInt(message)
  const high = Number((id >> 32n) & half)
  const low = Number(id & half)
  const head = world.rows(DiscordVersion) === 0 ? 0 : world.findPair(DiscordVersion, 'id', high, low)
  const row = world.append(DiscordVersion)
  const versions = world.of(DiscordVersion)
  versions.id_high[row] = high
  versions.id_low[row] = low
  versions.memory_id[row] = memory_id
  versions.edited_ms[row] = edited_ms
  if (head !== 0) versions.older[row] = versions.newest[head]!
  versions.newest[head || row] = row
}

/** Whether a message was deleted. */
function isWithdrawn(world: World, message: string): boolean {
  if (world.rows(DiscordWithdrawn) === 0 || !decimal.test(message)) return false
  const id = BigInt(message)
  return world.findPair(DiscordWithdrawn, 'id', Number((id >> 32n) & half), Number(id & half)) !== 0
}

function keepWithdrawn(world: World, message: string): void {
  if (world.room(DiscordWithdrawn) === 0 || !decimal.test(message)) return
  const id = BigInt(message)
  const row = world.append(DiscordWithdrawn)
  const withdrawn = world.of(DiscordWithdrawn)
  withdrawn.id_high[row] = Number((id >> 32n) & half)
  withdrawn.id_low[row] = Number(id & half)
}

function count(world: World, { source: { channel = '', thread = '' } }: Event, what: 'edited' | 'deleted'): void {
  const row = world.find(DiscordChannel, thread || channel)
  if (row !== 0) world.of(DiscordChannel)[what][row]!++
}
