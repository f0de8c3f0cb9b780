import type { View } from '../../../engine/flow/adapter.ts'
import type { Event } from '../../../engine/flow/event.ts'
import { Running, Session, Turn, TurnInput } from '../../../systems/agents/columns.ts'
import { agentRecord } from '../../../systems/agents/quotes.ts'
import type { ContextRecord, Item } from '../../../systems/cephalon/context/types.ts'
import type { ChatMessage } from '../../../systems/events.ts'
import { nameOf } from '../desk/memory.ts'
import { turnOf } from '../desk/turn.ts'

/** How a turn went in one of two worlds. */
export type TurnBrief = {
  readonly turn: number
  readonly session: string
  readonly state: string
  /** Why it ended as it did; empty where it ended well. */
  readonly code: string
  readonly reply: string
  readonly tokens: number
}

/** A turn that went differently: in what was put before the model, in how it ended, or in what was answered. */
export type TurnChange = {
  readonly recorded: TurnBrief
  readonly fork: TurnBrief
  readonly context_differs: boolean
  /** Names of the memories that only one of them had before it. */
  readonly only_recorded: readonly string[]
  readonly only_fork: readonly string[]
}

export type TurnDifferences = {
  /** Turns that went alike, of those that ended or began after the fork. */
  readonly same: number
  readonly changed: readonly TurnChange[]
  readonly changed_count: number
  readonly only_recorded: readonly TurnBrief[]
  readonly only_fork: readonly TurnBrief[]
}

/** Turns as they stood where two worlds were one. */
export type TurnsBefore = { readonly rows: number; readonly running: readonly number[] }

const toldMax = 200
const replyUnitsMax = 2_000

/** What is under way, and how many turns there have been. O(turns under way). */
export function turnsBefore({ world }: View): TurnsBefore {
  const { turn } = world.of(Running)
  return { rows: world.rows(Turn), running: [...world.each(Running)].map((entity) => turn[entity]!) }
}

/** How the turns of two worlds differ since they were one. Two turns are the same where they answer the same. O(turns since). */
export function turnDifferences(recorded: View, fork: View, before: TurnsBefore): TurnDifferences {
  const theirs = byAnswered(fork, before)
  const changed: TurnChange[] = []
  const only_recorded: TurnBrief[] = []
  let [same, changed_count] = [0, 0]
  for (const [key, turn] of byAnswered(recorded, before)) {
    const other = theirs.get(key)
    theirs.delete(key)
    if (other === undefined) {
      if (only_recorded.length < toldMax) only_recorded.push(briefOf(recorded, turn))
      continue
    }
    const change = changeOf(recorded, turn, fork, other)
    if (change === undefined) same++
    else if (++changed_count <= toldMax) changed.push(change)
  }
  const only_fork = [...theirs.values()].slice(0, toldMax).map((turn) => briefOf(fork, turn))
  return { same, changed, changed_count, only_recorded, only_fork }
}

/** Turns by session and by what they answer; by their place where they answer the same again, or nothing. */
function byAnswered(view: View, { rows, running }: TurnsBefore): Map<string, number> {
  const { world } = view
  const found = new Map<string, number>()
  const answeredBefore = new Map<string, number>()
  const turns = [...running].sort((a, b) => a - b)
  for (let turn = rows + 1; turn <= world.rows(Turn); turn++) turns.push(turn)
  for (const turn of turns) {
    const { session, first_input, inputs } = world.of(Turn)
    const answered: string[] = []
    for (let at = 0; at < inputs[turn]!; at++)
      answered.push(inputOf(view, world.of(TurnInput).input[first_input[turn]! + at]!))
    const key = `${world.keyOf(Session, session[turn]!)} ${answered.join(' ')}`
    const times = answeredBefore.get(key) ?? 0
    answeredBefore.set(key, times + 1)
    found.set(`${key} ${times}`, turn)
  }
  return found
}

function inputOf(view: View, row: number): string {
  const text = agentRecord(view, 'input', row)
  if (text === undefined) return ''
  const { type, id, source, payload } = JSON.parse(text) as Event
  // What the world said itself has a number that moves with everything before it.
  return source.kind === 'world' ? JSON.stringify([type, payload]) : JSON.stringify([type, id])
}

function changeOf(recorded: View, ours: number, fork: View, theirs: number): TurnChange | undefined {
  const [a, b] = [briefOf(recorded, ours), briefOf(fork, theirs)]
  const [before, after] = [turnOf(recorded, ours)?.context, turnOf(fork, theirs)?.context]
  const context_differs = givenOf(before) !== givenOf(after)
  if (!context_differs && a.state === b.state && a.code === b.code && a.reply === b.reply) return undefined
  const [had, has] = [namesOf(recorded, before), namesOf(fork, after)]
  return {
    recorded: a,
    fork: b,
    context_differs,
    only_recorded: had.filter((name) => !has.includes(name)),
    only_fork: has.filter((name) => !had.includes(name)),
  }
}

/** What the model was given, as one text. */
function givenOf(context: ContextRecord | undefined): string {
  if (context === undefined) return ''
  const { headers, related_message, persistent_message, recent, input } = context
  const kept = [...recent.flat(), ...input].map(({ message }) => message)
  return JSON.stringify([headers, related_message, persistent_message, kept])
}

function namesOf(view: View, context: ContextRecord | undefined): string[] {
  const items: readonly Item[] = [...(context?.related ?? []), ...(context?.persistent ?? [])]
  return items.map(({ memory_id }) => nameOf(view, memory_id))
}

function briefOf(view: View, turn: number): TurnBrief {
  const found = turnOf(view, turn)
  const { code, message } = (found?.outcome ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  return {
    turn,
    session: found?.session ?? '',
    state: found?.state ?? '',
    code: typeof code === 'string' ? code : '',
    reply: typeof message === 'number' ? replyOf(view, message) : '',
    tokens: found?.context?.tokens ?? 0,
  }
}

function replyOf(view: View, message: number): string {
  const text = agentRecord(view, 'message', message)
  if (text === undefined) return ''
  const { content } = JSON.parse(text) as ChatMessage
  const said = typeof content === 'string' ? content : JSON.stringify(content)
  return said.slice(0, replyUnitsMax).toWellFormed()
}
