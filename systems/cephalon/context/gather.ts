import type { Tick } from '../../../engine/system.ts'
import type { World } from '../../../engine/world/world.ts'
import { Input, Message, Session, Turn, TurnInput } from '../../agents/columns.ts'
import { agentRecord, isQuoting } from '../../agents/quotes.ts'
import { isPrivate } from '../../agents/sessions.ts'
import { Mark, Memory, MemoryRole } from '../../components.ts'
import type { ChatMessage, RecallDone } from '../../events.ts'
import { type Meta, Texts } from '../../memory/text-of.ts'
import { whenText } from '../../text/moment.ts'
import { secretsIn } from '../../text/secrets.ts'
import { trustName } from '../step.ts'
import { defused, defusedMessage } from './defuse.ts'
import type { Candidate, Group, LeftOut, Said } from './types.ts'

/** Reads what a context may be made of. Cost follows what is read, not what there is. */

type Look = Pick<Tick, 'world' | 'read'>
const messagesMax = 400
const replacementsMax = 8

/** The identity of an event, by which it is known again in memory. */
export function eventName(id: string, source: Meta['source']): string {
  return id === '' ? '' : `${source.kind} ${source.channel ?? source.thread ?? ''} ${id}`
}

/** What a session's conversation holds before a turn, oldest first, as far as it can matter. O(these). */
export function conversationBefore(look: Look, turn: number): Group[] {
  const { world } = look
  const messages = world.of(Message)
  const rows: number[] = []
  let row = world.of(Session).newest_message[world.of(Turn).session[turn]!]!
  for (; row !== 0 && rows.length < messagesMax; row = messages.previous[row]!) {
    if (messages.turn[row] !== turn) rows.push(row)
  }
  return grouped(look, rows.reverse())
}

/** What a turn's own messages are, oldest first, those that quote its inputs first and then the rest. O(these). */
export function ownMessages(look: Look, turn: number): { inputs: Said[]; later: Group[] } {
  const { world } = look
  const messages = world.of(Message)
  const rows: number[] = []
  let row = world.of(Session).newest_message[world.of(Turn).session[turn]!]!
  for (; row !== 0 && messages.turn[row] === turn; row = messages.previous[row]!) rows.push(row)
  rows.reverse()
  return {
    inputs: rows.filter((each) => messages.input[each] !== 0).map((each) => saidOf(look, each)),
    later: grouped(
      look,
      rows.filter((each) => messages.input[each] === 0),
    ),
  }
}

/** The candidates that recall has found, best first, without what may not be shown; why those are out. O(found). */
export function relatedOf(look: Look, session: number, found: RecallDone | undefined): [Candidate[], LeftOut[]] {
  const candidates: Candidate[] = []
  const out: LeftOut[] = []
  const reader = readerOf(look, session)
  for (const { memory_id, score, lanes, path, text, title } of found?.hits ?? []) {
    const stands = standing(look, memory_id)
    const replaced = stands !== memory_id
    if (replaced) out.push({ memory_id, why: `memory ${stands} stands for it` })
    const why = replaced ? `it stands for memory ${memory_id}` : `found by ${lanes.join(' and ')}`
    const about = { score, lanes, path, why, ...(replaced ? {} : { text, title }) }
    const made = reader(stands, about)
    if ('out' in made) out.push({ memory_id: stands, why: made.out })
    else candidates.push(made)
  }
  return [candidates, out]
}

/** What is pinned and may be shown, oldest first. O(memories) over one column of bytes, as fast as memory is read. */
export function pinnedOf(look: Look, session: number): [Candidate[], LeftOut[]] {
  const candidates: Candidate[] = []
  const out: LeftOut[] = []
  const { pinned } = look.world.of(Memory)
  const newest = look.world.rows(Memory)
  const reader = readerOf(look, session)
  for (let row = pinned.indexOf(1, 1); row > 0 && row <= newest; row = pinned.indexOf(1, row + 1)) {
    const made = reader(standing(look, row), { score: 0, lanes: [], path: [], why: 'it is pinned' })
    if ('out' in made) out.push({ memory_id: row, why: made.out })
    else candidates.push(made)
  }
  return [candidates, out]
}

/** Whether a memory of this channel may be shown to a session: not what was said in another one that is private. */
export function mayShow({ world }: Look, own: string, channel: string): boolean {
  return channel === own || !isPrivate(world, channel)
}

type About = {
  readonly score: number
  readonly lanes: readonly string[]
  readonly path: readonly string[]
  readonly why: string
  readonly text?: string
  readonly title?: string
}

function readerOf(look: Look, session: number): (row: number, about: About) => Candidate | { readonly out: string } {
  const { world } = look
  const texts = new Texts(look)
  const own = world.keyOf(Session, session)
  const memory = world.of(Memory)
  return (row, { score, lanes, path, why, text = texts.text(row), title }) => {
    if (row < 1 || row > world.rows(Memory)) return { out: 'there is no such memory' }
    if (memory.deleted[row] !== 0) return { out: 'it was deleted' }
    const meta = texts.meta(row)
    const { channel } = meta.source
    if (channel !== undefined && !mayShow(look, own, channel)) return { out: 'it belongs to a private session' }
    if ((memory.marks[row]! & Mark.secret) !== 0 || secretsIn(text).length > 0) {
      return { out: 'it holds what looks like a secret' }
    }
    const data = {
      memory_id: row,
      id: defused(meta.id),
      title: defused(title ?? meta.title ?? ''),
      when: whenText(memory.happened_at_ms[row]!),
      source: defused(sourceText(meta)),
      trust: trustName(memory.trust[row]!),
      ...((memory.marks[row]! & Mark.hidden_text) !== 0 ? { hidden: true } : {}),
      ...(path.length > 1 ? { path: defused(path.join(' -> ')) } : {}),
    }
    const event = eventName(meta.id, meta.source)
    return { memory_id: row, data, text: defused(text), event, trust: memory.trust[row]!, score, lanes, path, why }
  }
}

/** The memory that stands for one, itself when none does. */
function standing({ world }: Look, row: number): number {
  const { replaced_by } = world.of(Memory)
  let at = row
  for (let n = 0; n < replacementsMax && (replaced_by[at] ?? 0) !== 0; n++) at = replaced_by[at]!
  return at
}

function sourceText({ source, path }: Meta): string {
  return [source.kind, source.channel, source.thread, source.author, path]
    .filter((part) => part !== undefined && part !== '')
    .join(', ')
}

/** What follows an assistant's calls belongs to them; results without their question are left out. */
function grouped(look: Look, rows: readonly number[]): Group[] {
  const { calls, role } = look.world.of(Message)
  const groups: Group[] = []
  for (let at = 0; at < rows.length; ) {
    const row = rows[at]!
    const results = rows.slice(at + 1, at + 1 + calls[row]!)
    const whole = results.length === calls[row] && results.every((each) => role[each] === MemoryRole.tool)
    if (role[row] !== MemoryRole.tool && whole) {
      groups.push([row, ...results].map((each) => saidOf(look, each)))
      at += 1 + results.length
    } else at++
  }
  return groups
}

const keptMax = 8_192
/** Only a saving: a message is never changed, so what was read of it stays true until it is forgotten. */
const keptOf = new WeakMap<World, Map<number, Said>>()

function saidOf(look: Look, row: number): Said {
  let kept = keptOf.get(look.world)
  if (kept === undefined) {
    kept = new Map()
    keptOf.set(look.world, kept)
  }
  const known = kept.get(row)
  if (isQuoting(look.world, 'message', row)) return readSaid(look, row)
  if (known !== undefined) return known
  if (kept.size >= keptMax) kept.clear()
  const said = readSaid(look, row)
  kept.set(row, said)
  return said
}

function readSaid(look: Look, row: number): Said {
  const { trust, input } = look.world.of(Message)
  const text = agentRecord(look, 'message', row)
  const message: ChatMessage =
    text === undefined ? { role: 'user', content: '' } : defusedMessage(JSON.parse(text) as ChatMessage)
  return { message, trust: trust[row]!, event: input[row] === 0 ? '' : eventOf(look, input[row]!) }
}

function eventOf(look: Look, input: number): string {
  const text = agentRecord(look, 'input', input)
  if (text === undefined) return ''
  const { id, source } = JSON.parse(text) as { id: string; source: Meta['source'] }
  return eventName(id, source)
}

/** The words of a turn's inputs, as they came. O(inputs). */
export function inputTexts(look: Look, turn: number): string[] {
  const { first_input, inputs } = look.world.of(Turn)
  const texts: string[] = []
  for (let at = 0; at < inputs[turn]!; at++) {
    const row = look.world.of(TurnInput).input[first_input[turn]! + at]!
    const text = row === 0 || row > look.world.rows(Input) ? undefined : agentRecord(look, 'input', row)
    if (text === undefined) continue
    const { payload } = JSON.parse(text) as { payload: { readonly text?: unknown; readonly title?: unknown } }
    const words = [payload.title, payload.text].filter((part) => typeof part === 'string')
    texts.push(words.length > 0 ? words.join('\n') : JSON.stringify(payload))
  }
  return texts
}
