import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Input } from '../agents/columns.ts'
import type { SameKey } from '../agents/queue.ts'
import { Trust } from '../components.ts'
import { JanitorReport } from '../events.ts'
import { hash64 } from '../text/hash.ts'
import { readNormal } from '../text/normal.ts'
import { authorOf, channelOf, kindOf, threadOf, worldKind } from './fields.ts'

/** An event that sessions get becomes a row, once, and its JSON the record `input`. */

/** The row of an event that at least one session gets. @throws EngineError TABLE_FULL */
export function appendInput(tick: Tick, event: Event): number {
  const { world, now_ms } = tick
  const row = world.append(Input)
  const inputs = world.of(Input)
  inputs.at_ms[row] = now_ms
  inputs.trust[row] = trustOf(event)
  inputs.bot[row] = isBot(event) ? 1 : 0
  const { id, ts, type, source, payload } = event
  tick.put('input', row, JSON.stringify({ id, ts, type, source, payload }))
  return row
}

/**
 * How far the text of an event may be believed. What it says of itself can only make that less: the role of an agent is
 * believed of sessions and tools alone, and these name the least trusted text that theirs was made from.
 */
export function trustOf(event: Event): number {
  // A report quotes what programs said.
  if (JanitorReport.is(event)) return Trust.bot
  const kind = kindOf(event)
  if (kind === 'operator') return Trust.operator
  if (kind === 'session' || kind === 'tool') return believed(event.payload['trust'])
  if (isBot(event) && kind !== worldKind) return Trust.bot
  const known = authorOf(event) !== '' || channelOf(event) !== '' || threadOf(event) !== ''
  return known || kind === 'fs' || kind === worldKind ? Trust.person : Trust.unknown
}

/** Whether a program or an agent says it: turns for it alone are counted, so that no two of them talk for ever. */
export function isBot(event: Event): boolean {
  const kind = kindOf(event)
  // A report comes at most once an interval, and a session that hears nothing else must not fall silent.
  if (kind === worldKind && JanitorReport.is(event)) return false
  const { bot, role } = event.payload
  if (kind === 'operator') return false
  if (kind === 'session' || kind === 'tool' || kind === worldKind) return true
  return bot === true || role === 'tool' || role === 'system' || role === 'assistant'
}

const hash = new Uint32Array(2)
const normal = { high: 0, low: 0 }

/** What makes two inputs the same for a session that coalesces: type, channel, and the key or the normal form of the text. */
export function sameKeyOf(event: Event): SameKey {
  const { key, text } = event.payload
  let rest: string
  if (typeof key === 'string') rest = `key ${key}`
  else if (typeof text === 'string') {
    readNormal(text, normal)
    rest = `text ${normal.high} ${normal.low}`
  } else rest = `payload ${JSON.stringify(event.payload)}`
  hash64(`${event.type}\n${channelOf(event)}\n${rest}`, hash)
  return { high: hash[0]!, low: hash[1]! }
}

/** A named trust, at most that of the agent's own words; without a name, or with one that is none, the least. */
function believed(name: unknown): number {
  if (typeof name !== 'string' || !Object.hasOwn(Trust, name)) return Trust.unknown
  const trust = Trust[name as keyof typeof Trust]
  return Math.max(Trust.unknown, Math.min(trust, Trust.own))
}
