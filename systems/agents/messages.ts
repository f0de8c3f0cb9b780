import type { Event } from '../../engine/flow/event.ts'
import type { World } from '../../engine/world/world.ts'
import { DiscordInput } from '../discord/columns.ts'
import { DiscordEdited, DiscordSaid } from '../events.ts'

/** Which inputs are messages from Discord: by this an edit or a deletion finds the turns and queues that it is about. */

const decimal = /^[0-9]{1,20}$/

/** Keeps that an input is a message, or one as it read after an edit. A full table keeps no more. O(1) */
export function rememberInput(world: World, event: Event, input: number): void {
  if (event.source.kind !== 'discord') return
  if (DiscordSaid.is(event)) remember(world, event.id, input)
  else if (DiscordEdited.is(event)) remember(world, event.payload.message_id, input)
}

/** The inputs that a message became, newest first: rows in Input. O(these) */
export function inputsOfMessage(world: World, message: string): number[] {
  if (world.rows(DiscordInput) === 0 || !decimal.test(message)) return []
  const { input, newest, older } = world.of(DiscordInput)
  const found: number[] = []
  const head = world.findPair(DiscordInput, 'id', highOf(message), lowOf(message))
  for (let row = newest[head]!; row !== 0; row = older[row]!) found.push(input[row]!)
  return found
}

function remember(world: World, message: string, input: number): void {
  if (!decimal.test(message) || world.room(DiscordInput) === 0) return
  const high = highOf(message)
  const low = lowOf(message)
  const head = world.findPair(DiscordInput, 'id', high, low)
  const row = world.append(DiscordInput)
  const inputs = world.of(DiscordInput)
  inputs.id_high[row] = high
  inputs.id_low[row] = low
  inputs.input[row] = input
  if (head !== 0) inputs.older[row] = inputs.newest[head]!
  inputs.newest[head || row] = row
}

function highOf(message: string): number {
  return Number((BigInt(message) >> 32n) & 0xffff_ffffn)
}

function lowOf(message: string): number {
  return Number(BigInt(message) & 0xffff_ffffn)
}
