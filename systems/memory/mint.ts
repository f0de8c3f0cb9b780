import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Edge, Gauge, Key, Memory } from '../components.ts'
import { appendKey } from '../keys.ts'
import type { Minted } from '../minted.ts'
import { readSpans, type Span } from '../text/chunks.ts'
import { readAheadOf } from './ahead.ts'
import type { Draft } from './draft.ts'
import { KeyKind, keysMax, MentionField, unknownAbout } from './mentions.ts'
import { aboutOf, isWhole, type Reading, readText } from './reading.ts'

/** Rows and edges that must be free before a memory is made, so that none is made by half. */
const edgesRoom = 64

/** The rows of the mentioned keys that are known already. */
const keyRows = new Uint32Array(keysMax)
const spans: Span[] = []
/** How many of the words that were read last are no stop words. */
let telling = 0

/** A mention that a memory takes over: its key, what stands near it, and how often it is said. */
export type Rolled = {
  readonly key: number
  readonly signature: number
  readonly field: number
  readonly times: number
}

/** Whether there is room for a memory of this many rows. */
export function hasRoom(world: World, rows: number): boolean {
  const edges = rows * edgesRoom
  return world.room(Memory) >= rows && world.room(Edge) >= edges && world.room(Key) >= edges
}

/** How many rows a draft takes: its own, and one for each chunk of a long text. */
export function rowsOf(draft: Draft): number {
  if (isWhole(draft.text)) return 1
  readSpans(draft.text, spans)
  return 1 + spans.length
}

/**
 * Makes a memory of a draft: its row, its records, and rows for its chunks; what was read of it waits in `minted` for the
 * nexus and the lexical lane. O(length of the text).
 * @param rolled of a summary: what the memories that it stands for mention. It has no neighbours in their thread.
 * @returns the memory's id
 */
export function mint(tick: Tick, minted: Minted, draft: Draft, rolled?: readonly Rolled[]): number {
  const { world } = tick
  const whole = isWhole(draft.text)
  const reading =
    (whole ? readAheadOf(world).take(draft) : undefined) ?? readText(whole ? draft.text : '', aboutOf(draft))
  const id = append(tick, draft, 0, undefined)
  take(tick, minted, id, reading, draft.ts)
  place(world, minted, id, reading)
  if (rolled === undefined) join(world, id)
  else rollUp(minted, rolled)
  tick.put('text', id, draft.text)
  tick.put('meta', id, metaOf(draft, reading.tags()))
  if (!whole) {
    readSpans(draft.text, spans)
    world.of(Memory).chunks[id] = spans.length
    for (const span of spans) chunk(tick, minted, draft, id, span)
  }
  world.of(Gauge).memories[1]!++
  return id
}

function chunk(tick: Tick, minted: Minted, draft: Draft, parent: number, span: Span): void {
  const id = append(tick, draft, parent, span)
  const memory = tick.world.of(Memory)
  const text = draft.text.slice(span.start, span.start + span.units)
  memory.thread[id] = memory.thread[parent]!
  memory.channel[id] = memory.channel[parent]!
  memory.author[id] = memory.author[parent]!
  if (id > parent + 1) {
    memory.previous[id] = id - 1
    memory.next[id - 1] = id
  }
  const reading = readText(text, unknownAbout)
  take(tick, minted, id, reading, unknownAbout.ts)
  mark(tick.world, id, reading)
}

function append(tick: Tick, draft: Draft, parent: number, span: Span | undefined): number {
  const { world, now_ms } = tick
  const id = world.append(Memory)
  const memory = world.of(Memory)
  memory.kind[id] = draft.kind
  memory.role[id] = draft.role
  memory.trust[id] = draft.trust
  memory.stored_at_ms[id] = now_ms
  memory.happened_at_ms[id] = draft.ts
  memory.file[id] = draft.file
  memory.parent[id] = parent
  if (span === undefined) memory.text_bytes[id] = Buffer.byteLength(draft.text)
  else {
    memory.span_start[id] = span.start
    memory.span_units[id] = span.units
    memory.text_bytes[id] = span.units
  }
  return id
}

/** What was read of a text: its terms go to the lexical lane, its mentions to the nexus. */
function take(tick: Tick, minted: Minted, id: number, reading: Reading, at_ms: number): void {
  const { from, count, signature, word, field, times } = reading
  minted.open(id)
  minted.addTerms(reading.titleTerms, reading.titleCount)
  telling = minted.addTerms(reading.terms, reading.termCount)
  const high = from === 0 ? reading.high : reading.high.subarray(from)
  const low = from === 0 ? reading.low : reading.low.subarray(from)
  tick.world.pairs(Key, 'key').findAll(high, low, count, keyRows)
  for (let at = 0; at < count; at++) {
    const to = minted.addMention()
    minted.key[to] = keyOf(tick, reading, at, keyRows[at]!, at_ms)
    minted.signature[to] = signature[from + at]!
    minted.word[to] = Math.min(word[from + at]!, 65_535)
    minted.field[to] = field[from + at]!
    minted.times[to] = times[from + at]!
  }
}

/** The row of a mention's key. Its text is written out only when it is new. */
function keyOf(tick: Tick, reading: Reading, at: number, known: number, at_ms: number): number {
  const { kind, high, low, from } = reading
  if (known === 0)
    return appendKey(tick, kind[from + at]!, high[from + at]!, low[from + at]!, reading.keyText(at), at_ms)
  const { degree, newest_edge } = tick.world.of(Key)
  // Its text was forgotten with all that mentioned it.
  if (degree[known] === 0 && newest_edge[known] !== 0) tick.put('key', known, reading.keyText(at))
  return known
}

/** Who said it and where, for filters. */
function place(world: World, minted: Minted, id: number, reading: Reading): void {
  const memory = world.of(Memory)
  const keys = world.of(Key)
  for (let at = minted.mentionStart[minted.count - 1]!; at < minted.mentions; at++) {
    if (minted.field[at] !== MentionField.metadata) continue
    const key = minted.key[at]!
    const kind = keys.kind[key]
    if (kind === KeyKind.thread) memory.thread[id] = key
    else if (kind === KeyKind.channel) memory.channel[id] = key
    else if (kind === KeyKind.author) memory.author[id] = key
  }
  mark(world, id, reading)
}

/** Its neighbours in its thread, or else in its channel. */
function join(world: World, id: number): void {
  const memory = world.of(Memory)
  const keys = world.of(Key)
  const line = memory.thread[id]! || memory.channel[id]!
  if (line === 0) return
  const previous = keys.newest_memory[line]!
  memory.previous[id] = previous
  if (previous !== 0) memory.next[previous] = id
  keys.newest_memory[line] = id
}

/** Adds what the memory does not mention itself. */
function rollUp(minted: Minted, rolled: readonly Rolled[]): void {
  const own = minted.key.subarray(minted.mentionStart[minted.count - 1]!, minted.mentions)
  for (const { key, signature, field, times } of rolled.filter((each) => !own.includes(each.key))) {
    const to = minted.addMention()
    minted.key[to] = key
    minted.signature[to] = signature
    minted.word[to] = 65_535
    minted.field[to] = field
    minted.times[to] = Math.min(times, 255)
  }
}

function mark(world: World, id: number, { marks, dropped }: Reading): void {
  const memory = world.of(Memory)
  memory.words[id] = Math.min(telling, 65_535)
  memory.marks[id] = marks
  if (dropped > 0) world.of(Gauge).keys_dropped[1]! += dropped
}

/** The metadata record: what a person is shown about a memory. Empty fields are left out. */
function metaOf(draft: Draft, tags: readonly string[]): string {
  const { id, title, path, source } = draft
  const { kind, channel, thread, author } = source
  return JSON.stringify({
    id,
    title: title || undefined,
    tags: tags.length === 0 ? undefined : tags,
    source: { kind, channel: channel || undefined, thread: thread || undefined, author: author || undefined },
    path: path || undefined,
  })
}
