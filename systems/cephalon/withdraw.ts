import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Input, Message, OpenCall, Running, Session, Turn, TurnInput } from '../agents/columns.ts'
import { inputsOfMessage, rememberInput } from '../agents/messages.ts'
import { enqueue, isWaiting, takeOut } from '../agents/queue.ts'
import { agentRecord, isQuoting } from '../agents/quotes.ts'
import { DiscordDeleted, DiscordEdited } from '../events.ts'
import { isSkipped } from '../skipped.ts'
import { endTurn } from './ending.ts'
import { isUnderWay } from './step.ts'

/** What becomes of turns and of what waits in queues when the message that they are about is edited, deleted or forgotten. */

const forgotten = 'what it was about was forgotten'

/**
 * A message reads otherwise now, or is gone. A turn about it is cancelled, and whatever else that turn was to answer waits
 * again; in queues it is taken out. Of an edited one these sessions get the message as it reads now. An edit that changes no
 * words, or is older than what they have, changes nothing. O(messages), and for those that sessions heard of
 * O(turns under way + slots).
 */
export function withdrawMessages(tick: Tick, event: Event): void {
  if (isSkipped(event)) return
  if (DiscordEdited.is(event)) edited(tick, event)
  else if (DiscordDeleted.is(event)) {
    for (const message of event.payload.message_ids) {
      for (const input of inputsOfMessage(tick.world, message)) {
        withdraw(tick, input, 'the message it was about was deleted')
      }
    }
  }
}

function edited(tick: Tick, event: Event & { readonly payload: DiscordEdited }): void {
  const { world } = tick
  const { message_id, edited_ms = 0, text } = event.payload
  const sessions: number[] = []
  let like = 0
  let own = 0
  for (const input of inputsOfMessage(world, message_id)) {
    const had = inputOf(tick, input)
    // What routing has just given to sessions that hear of edits themselves.
    if (had.id === event.id) own = input
    else if (had.payload.text !== text && edited_ms >= (had.payload.edited_ms ?? 0)) {
      like = input
      const theirs = withdraw(tick, input, 'the message it was about was edited')
      for (const session of theirs) if (!sessions.includes(session)) sessions.push(session)
    }
  }
  if (sessions.length === 0 || (own === 0 && world.room(Input) === 0)) return
  const input = own || appendEdited(tick, event, like)
  for (const session of sessions) if (!hasIt(world, session, input)) enqueue(tick, session, input)
}

/**
 * Turns that were told of a memory which is hidden in this tick are cancelled, and inputs that quote it are answered by nobody. O(inputs, four bytes each,
 * + turns under way and what they have said)
 */
export function withdrawQuoting(tick: Tick): void {
  const { world } = tick
  const { hidden_tick } = world.of(Input)
  for (let row = hidden_tick.indexOf(tick.tick, 1); row > 0; row = hidden_tick.indexOf(tick.tick, row + 1))
    withdraw(tick, row, forgotten)
  const { turn: turnOf } = world.of(Running)
  for (const id of world.each(Running)) {
    const turn = turnOf[id]!
    if (isUnderWay(tick, turn) && hasQuoted(world, turn))
      endTurn(tick, turn, { state: 'cancelled', code: 'CANCELLED', reason: forgotten })
  }
}

function hasQuoted(world: World, turn: number): boolean {
  if (isQuoting(world, 'context', turn)) return true
  const { turn: turnOf, previous } = world.of(Message)
  let row = world.of(Session).newest_message[world.of(Turn).session[turn]!]!
  for (; row !== 0 && turnOf[row] === turn; row = previous[row]!) if (isQuoting(world, 'message', row)) return true
  const { call } = world.of(OpenCall)
  return world.each(OpenCall).some((id) => world.of(OpenCall).turn[id] === turn && isQuoting(world, 'call', call[id]!))
}

/** Nobody answers an input any more. @returns the sessions that were to */
function withdraw(tick: Tick, input: number, reason: string): number[] {
  const { world } = tick
  const sessions = takeOut(world, input)
  const { turn: turnOf } = world.of(Running)
  for (const id of world.each(Running)) {
    const turn = turnOf[id]!
    if (!isUnderWay(tick, turn) || !answers(world, turn, input)) continue
    endTurn(tick, turn, { state: 'cancelled', code: 'CANCELLED', reason })
    const session = world.of(Turn).session[turn]!
    sessions.push(session)
    const { first_input, inputs } = world.of(Turn)
    for (let at = first_input[turn]!; at < first_input[turn]! + inputs[turn]!; at++) {
      const other = world.of(TurnInput).input[at]!
      if (other !== input) enqueue(tick, session, other)
    }
  }
  return sessions
}

function hasIt(world: World, session: number, input: number): boolean {
  if (isWaiting(world, session, input)) return true
  const { turn: turnOf } = world.of(Running)
  const { session: sessionOf } = world.of(Turn)
  for (const id of world.each(Running)) {
    if (sessionOf[turnOf[id]!] === session && answers(world, turnOf[id]!, input)) return true
  }
  return false
}

function answers(world: World, turn: number, input: number): boolean {
  const { first_input, inputs } = world.of(Turn)
  const { input: rows } = world.of(TurnInput)
  const first = first_input[turn]!
  for (let at = first; at < first + inputs[turn]!; at++) if (rows[at] === input) return true
  return false
}

/** The message as it reads now, as an input: as far believed as it was before. */
function appendEdited(tick: Tick, event: Event, like: number): number {
  const { world, now_ms } = tick
  const row = world.append(Input)
  const inputs = world.of(Input)
  inputs.at_ms[row] = now_ms
  inputs.trust[row] = inputs.trust[like]!
  inputs.bot[row] = inputs.bot[like]!
  const { id, ts, type, source, payload } = event
  tick.put('input', row, JSON.stringify({ id, ts, type, source, payload }))
  rememberInput(world, event, row)
  return row
}

type Had = { readonly id: string; readonly payload: { readonly text?: string; readonly edited_ms?: number } }

function inputOf(tick: Tick, input: number): Had {
  const text = agentRecord(tick, 'input', input)
  return text === undefined ? { id: '', payload: {} } : (JSON.parse(text) as Had)
}
