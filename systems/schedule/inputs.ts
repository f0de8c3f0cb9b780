import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Input, Pool, Session, Slot, Turn } from '../agents/columns.ts'
import { dequeue } from '../agents/queue.ts'
import { agentRecord } from '../agents/quotes.ts'
import { SessionSaid } from '../events.ts'

/** What waits in a session's queue, and what of it a turn may answer. */

/** Turns that may follow from one turn, itself among them: agents that set each other going come to an end. */
export const rootTurnsMax = 64

/** Whether all that waits in a queue was said by programs and agents; false for an empty one. O(what waits). */
export function onlyBots(world: World, session: number): boolean {
  const { input, next } = world.of(Slot)
  const { bot } = world.of(Input)
  let slot = world.of(Session).queue_head[session]!
  if (slot === 0) return false
  while (slot !== 0) {
    if (bot[input[slot]!] !== 1) return false
    slot = next[slot]!
  }
  return true
}

/** Whether so many turns in a row were asked for by no person that what programs say is not answered any more. */
export function botsHaveHadTheirTurns(world: World, session: number, bot_turns_max: number): boolean {
  return world.of(Session).bot_turns[session]! >= bot_turns_max && onlyBots(world, session)
}

/** Loses all that waits, counted. */
export function dropAll(world: World, session: number): void {
  while (dequeue(world, session) !== 0) countDropped(world, session)
}

export type Taken = {
  /** Rows in Input. */
  readonly inputs: readonly number[]
  /** The turn that led to all this, row in Turn; 0 = none did. */
  readonly root: number
  /** 1 when a person is among those who spoke. */
  readonly person: boolean
}

/** Takes the next inputs out of a queue. Those whose root has led to enough turns are dropped, counted. */
export function takeInputs(tick: Tick, session: number, inputs_max: number): Taken {
  const { world } = tick
  const { bot } = world.of(Input)
  const inputs: number[] = []
  let root = 0
  let person = false
  while (inputs.length < Math.max(1, inputs_max)) {
    const input = dequeue(world, session)
    if (input === 0) break
    const from = bot[input] === 1 ? rootOf(tick, input) : 0
    if (from !== 0 && turnsOf(world, from) >= rootTurnsMax) {
      countDropped(world, session)
      continue
    }
    inputs.push(input)
    if (bot[input] !== 1) person = true
    if (root === 0) root = from
  }
  return { inputs, root: person ? 0 : root, person }
}

/** How many turns a turn has led to, itself among them, as far as `rootTurnsMax`. O(turns since it). */
export function turnsOf(world: World, turn: number): number {
  const { root } = world.of(Turn)
  const newest = world.rows(Turn)
  let turns = 0
  for (let row = turn; row <= newest && turns < rootTurnsMax; row++) if (root[row] === turn) turns++
  return turns
}

/** The root of the turn in which an agent said this input; 0 when no turn did. */
function rootOf(tick: Tick, input: number): number {
  const text = agentRecord(tick, 'input', input)
  if (text === undefined || !text.includes(SessionSaid.name)) return 0
  const { type, payload } = JSON.parse(text) as { type?: unknown; payload?: { turn?: unknown } }
  const turn = payload?.turn
  if (type !== SessionSaid.name || typeof turn !== 'number') return 0
  return tick.world.of(Turn).root[turn] ?? 0
}

function countDropped(world: World, session: number): void {
  world.of(Session).dropped[session]!++
  world.of(Pool).dropped[1]!++
}
