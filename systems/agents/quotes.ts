import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { erased, hiddenUntil } from '../hidden.ts'
import { Call, Input, Message, Turn, TurnState } from './columns.ts'

/**
 * What agents were told and said may quote a memory that is forgotten: such records are hidden and erased with it. A quotation is a stretch of forty
 * signs, or the whole of a shorter text, so what somebody says in words of his own stays. Who has the same forty signs in another text loses
 * that one too: rather than that a forgotten text stands somewhere.
 */

type Look = Pick<Tick, 'world' | 'read'>

const forgotten = '(forgotten)'
/** UTF-16 units that a record must have in common with a text to quote it. */
const pieceUnits = 40
/** Pieces of one text that are looked for, spread over all of it. */
const pieces_max = 64
/** Runs that are the same in a text and in JSON of it, however often it was encoded. */
const plain = /[^\p{C}\p{Z}"\\<>&]+(?: [^\p{C}\p{Z}"\\<>&]+)*/gu

/** A record of an agent's, without the words of what is forgotten. */
export function agentRecord(look: Look, kind: Kind, row: number): string | undefined {
  const text = look.read(kind, row)
  return text === undefined || !isQuoting(look.world, kind, row) ? text : redacted(kind, text)
}

/** Whether a record quotes what is forgotten. */
export function isQuoting(world: World, kind: Kind, row: number): boolean {
  return hiddenOf(world, kind)[row] !== 0
}

/**
 * From now on nobody reads what quotes these memories. O(bytes of all that agents were told and said): an order of the
 * operator's is rare, and nothing may be overlooked.
 * @param shown memories that no context may have shown: these, and the summaries that were made of them
 */
export function hideQuotes(tick: Tick, memories: readonly number[], shown: readonly number[]): void {
  const pieces = memories.flatMap((row) => piecesOf(tick.read('text', row) ?? ''))
  const items = shown.map((row) => `"memory_id":${row},`)
  for (const kind of kinds) {
    const hidden_tick = hiddenOf(tick.world, kind)
    const signs = kind === 'context' ? [...pieces, ...items] : pieces
    for (let row = 1; row <= rowsOf(tick.world, kind); row++) {
      if (hidden_tick[row] !== 0 || !isThere(tick.world, kind, row)) continue
      const text = tick.read(kind, row)
      if (text !== undefined && signs.some((sign) => text.includes(sign))) hidden_tick[row] = tick.tick
    }
  }
}

/** Removes the words of what was hidden no later than a tick. O(rows, and what is removed) */
export function eraseQuotes(tick: Tick, until_tick: number): void {
  const { world } = tick
  for (const kind of kinds) {
    const hidden_tick = hiddenOf(world, kind)
    for (const row of hiddenUntil(hidden_tick, rowsOf(world, kind), until_tick)) {
      const text = isThere(world, kind, row) ? tick.read(kind, row) : undefined
      if (text !== undefined) tick.put(kind, row, redacted(kind, text))
      // Arguments and result of a call share a row, and the arguments come first.
      if (kind !== 'call') hidden_tick[row] = erased
    }
  }
}

const kinds = ['input', 'message', 'context', 'call', 'result'] as const
type Kind = (typeof kinds)[number]

function hiddenOf(world: World, kind: Kind): Uint32Array {
  if (kind === 'input') return world.of(Input).hidden_tick
  if (kind === 'message') return world.of(Message).hidden_tick
  return kind === 'context' ? world.of(Turn).hidden_tick : world.of(Call).hidden_tick
}

function rowsOf(world: World, kind: Kind): number {
  if (kind === 'input') return world.rows(Input)
  if (kind === 'message') return world.rows(Message)
  return kind === 'context' ? world.rows(Turn) : world.rows(Call)
}

/** Whether a record has been made by now: in a replay the store holds those of later ticks, too. */
function isThere(world: World, kind: Kind, row: number): boolean {
  if (kind === 'result') return world.of(Call).ended_at_ms[row] !== 0
  if (kind !== 'context') return true
  const state = world.of(Turn).state[row]
  return state !== TurnState.queued && state !== TurnState.recalling
}

/**
 * What is looked for in records: stretches of a text without a sign that JSON would write otherwise. One without any that is long enough is looked for
 * as a whole, in JSON and in JSON within JSON: the last words of a sentence are in many others. O(length)
 */
function piecesOf(text: string): string[] {
  const runs = (text.match(plain) ?? []).filter((run) => run.length >= pieceUnits)
  if (runs.length === 0) {
    const whole = JSON.stringify(text)
    return text.trim() === '' ? [] : [whole, JSON.stringify(whole).slice(1, -1)]
  }
  const pieces = runs.flatMap((run) =>
    Array.from({ length: Math.ceil(run.length / pieceUnits) }, (_, at) => {
      const from = Math.min(at * pieceUnits, run.length - pieceUnits)
      return run.slice(from, from + pieceUnits)
    }),
  )
  const step = Math.max(1, pieces.length / pieces_max)
  return Array.from({ length: Math.min(pieces.length, pieces_max) }, (_, at) => pieces[Math.floor(at * step)]!)
}

/** The same again for a record that has been redacted before: what a replay finds in the store is what it wrote. */
function redacted(kind: Kind, text: string): string {
  if (kind === 'context') return ''
  if (kind === 'result') return forgotten
  const record = JSON.parse(text) as { [name: string]: unknown }
  if (kind === 'call') return JSON.stringify({ ...record, arguments: '{}' })
  if (kind === 'message') return JSON.stringify(redactedMessage(record))
  const { ts, type, source } = record as { ts: number; type: string; source: { kind: string } }
  return JSON.stringify({ id: '', ts, type, source: { kind: source.kind }, payload: { text: forgotten } })
}

/** Who speaks, and which calls belong together, stays: a conversation is well-formed whatever was forgotten of it. */
function redactedMessage(message: { [name: string]: unknown }): { [name: string]: unknown } {
  const { role, tool_call_id, tool_calls } = message
  const calls = tool_calls as { id: string; name: string }[] | undefined
  return {
    role,
    content: forgotten,
    ...(tool_call_id === undefined ? {} : { tool_call_id }),
    ...(calls === undefined ? {} : { tool_calls: calls.map(({ id, name }) => ({ id, name, arguments: '{}' })) }),
  }
}
