import type { Json } from '../../../engine/flow/event.ts'
import { Trust } from '../../components.ts'
import type { ChatMessage } from '../../events.ts'
import { cutTo, messageTokens, quotedTokens } from './measure.ts'
import type {
  Budget,
  Candidate,
  ContextRecord,
  Group,
  Item,
  Kept,
  LeftOut,
  PartName,
  Parts,
  Said,
  TokenCounter,
} from './types.ts'

/** Chooses what is put before a model. Pure: the same parts, budget and counter always give the same context. */

const leftOutMax = 200
/** No single memory takes more of its part than this. */
const memoryShare = 0.25
/** Headers and pinned memories never take more of the window than this, so that there is room for the input. */
const headersMost = 0.3
const persistentMost = 0.3

/** Room that a question needs at least, in tokens, unless it is shorter: a few words of it are no question. */
const inputLeast = 48

/** Some memories as the one message that a model is given of them. */
export type Taken = { readonly items: readonly Item[]; readonly message?: ChatMessage; readonly tokens: number }

type Rest = Omit<ContextRecord, 'prompts' | 'counter'>
type Known = {
  readonly memories: Set<number>
  readonly events: ReadonlySet<string>
  readonly texts: ReadonlySet<string>
}

/**
 * The order is that of the design, and so is what gives way: the weakest related memories first, then the oldest of the
 * conversation, in whole groups; what is pinned stays while there is room at all; the input is only ever cut.
 * Never goes beyond the window unless headers and tools alone do. O(texts).
 */
export function choose(parts: Parts, budget: Budget, counter: TokenCounter): Rest {
  const { shares } = budget
  const window = Math.max(0, budget.window_tokens - budget.answer_tokens)
  const share = (of: number): number => Math.floor(window * of)
  const most = window - Math.ceil(window * shares.safety)
  const left_out: LeftOut[] = []
  const headers = shortened(parts.headers, share(headersMost), counter)
  let left = Math.max(0, most - tokensOf(headers, counter) - parts.tools_tokens)
  const inputEvents = new Set(parts.input.map(({ event }) => event))
  const memories = new Set<number>()
  const texts = new Set<string>()
  const persistent = take(parts.persistent, Math.min(left, share(persistentMost)), counter, left_out, {
    memories,
    events: inputEvents,
    texts,
  })
  left -= persistent.tokens
  const crowded = left < Math.min(inputLeast, keptTokens(parts.input.map(keptOf), counter))
  const input = inputThatFits(parts.input, left, counter)
  left -= keptTokens(input, counter)
  const given = share(shares.headers + shares.persistent + shares.recent + shares.related)
  const pool = Math.min(left, Math.max(0, given - tokensOf(headers, counter) - persistent.tokens))
  const sizes = parts.recent.map((group) => groupTokens(group, counter))
  const first = newest(sizes, Math.min(share(shares.recent), Math.floor(pool / 2.6)))
  const recentFirst = parts.recent.slice(first.from)
  const related = take(
    parts.related,
    pool - first.tokens,
    counter,
    left_out,
    knownOf(recentFirst, inputEvents, memories),
    budget.related_max,
  )
  // What the related part has not used goes to the conversation, as far as it says nothing twice.
  const more = newest(sizes, pool - related.tokens)
  const recent = withoutRepeats(parts.recent.slice(more.from, first.from), related, parts.related).concat(recentFirst)
  const recentTokens = recent.reduce((sum, group) => sum + groupTokens(group, counter), 0)
  const tokens =
    tokensOf(headers, counter) +
    parts.tools_tokens +
    persistent.tokens +
    keptTokens(input, counter) +
    recentTokens +
    related.tokens
  const part = (name: PartName, of: number, took: number) => ({ name, share: of, tokens: took })
  return {
    version: 1,
    window_tokens: budget.window_tokens,
    budget_tokens: most,
    tokens,
    ...(crowded ? { crowded } : {}),
    trust: leastOf(related.items, persistent.items, recent.flat(), input),
    parts: [
      part('headers', shares.headers, tokensOf(headers, counter)),
      part('related', shares.related, related.tokens),
      part('persistent', shares.persistent, persistent.tokens),
      part('recent', shares.recent, recentTokens),
      part('input', 0, keptTokens(input, counter)),
      part('tools', 0, parts.tools_tokens),
    ],
    headers,
    related: related.items,
    ...(related.message === undefined ? {} : { related_message: related.message }),
    persistent: persistent.items,
    ...(persistent.message === undefined ? {} : { persistent_message: persistent.message }),
    recent: recent.map((group) => group.map(keptOf)),
    input,
    left_out: left_out.slice(0, leftOutMax),
    left_out_count: left_out.length,
  }
}

/** The least Trust among some; `operator` when there is nothing. */
export function leastOf(...lists: readonly (readonly { readonly trust: number }[])[]): number {
  let least: number = Trust.operator
  for (const list of lists) for (const { trust } of list) least = Math.min(least, Math.max(Trust.unknown, trust))
  return least
}

/** The best of the memories that fit, each once. Adds to what is known and to what is left out. */
function take(
  candidates: readonly Candidate[],
  tokens_max: number,
  counter: TokenCounter,
  left_out: LeftOut[],
  known: Known,
  items_max = Number.POSITIVE_INFINITY,
): Taken {
  const items: Item[] = []
  const shown: Json[] = []
  const frame = messageTokens({ role: 'user', content: { memories: [] } }, counter)
  let left = tokens_max - frame
  const most = Math.floor(left * memoryShare)
  for (const candidate of candidates) {
    const { memory_id, event, trust, score, lanes, path, why } = candidate
    const refused = refusal(candidate, known, items.length >= items_max)
    if (refused !== undefined) {
      left_out.push({ memory_id, why: refused })
      continue
    }
    const { data, tokens } = dataOf(candidate, most, counter)
    if (tokens > left) {
      left_out.push({ memory_id, why: 'there was no room for it' })
      continue
    }
    left -= tokens
    known.memories.add(memory_id)
    items.push({ memory_id, tokens, trust, score, lanes, path, why: event === '' ? why : `${why}; ${event}` })
    shown.push(data)
  }
  if (items.length === 0) return { items, tokens: 0 }
  return { items, message: { role: 'user', content: { memories: shown } }, tokens: tokens_max - left }
}

function refusal({ memory_id, event, text }: Candidate, known: Known, full: boolean): string | undefined {
  if (known.memories.has(memory_id)) return 'it is there already'
  if (event !== '' && known.events.has(event)) return 'it is part of the conversation'
  if (known.texts.has(text.trim())) return 'the conversation has the same words'
  return full ? 'weaker than as many as the session is given' : undefined
}

/** A memory as data, cut when it alone is larger than one may be. */
function dataOf({ memory_id, data, text }: Candidate, tokens_max: number, counter: TokenCounter): Sized {
  const head = sizeOf({ ...data, text: '' }, counter)
  const tokens = head + quotedTokens(memory_id, text, counter)
  if (tokens <= tokens_max) return { data: { ...data, text }, tokens }
  const cut = { ...data, text: cutTo(text, tokens_max - head, counter) }
  return { data: cut, tokens: sizeOf(cut, counter) }
}
type Sized = { readonly data: Json; readonly tokens: number }

/** The comma behind it counts too. */
function sizeOf(data: Json, counter: TokenCounter): number {
  return counter.count(JSON.stringify(data)) + 1
}

function knownOf(recent: readonly Group[], inputEvents: ReadonlySet<string>, memories: Set<number>): Known {
  const events = new Set(inputEvents)
  const texts = new Set<string>()
  for (const group of recent) {
    for (const { event, message } of group) {
      if (event !== '') events.add(event)
      const text = textIn(message)
      if (text !== '') texts.add(text)
    }
  }
  return { memories, events, texts }
}

function textIn({ content }: ChatMessage): string {
  const text = typeof content === 'string' ? content : content['text']
  return typeof text === 'string' ? text.trim() : ''
}

/** Groups in a row, the newest of them, that say nothing which a memory says already. */
function withoutRepeats(groups: readonly Group[], related: Taken, candidates: readonly Candidate[]): Group[] {
  const taken = new Set(related.items.map(({ memory_id }) => memory_id))
  const inMemory = candidates.filter(({ memory_id }) => taken.has(memory_id))
  const events = new Set(inMemory.map(({ event }) => event))
  const texts = new Set(inMemory.map(({ text }) => text.trim()))
  const repeats = ({ event, message }: Said): boolean =>
    (event !== '' && events.has(event)) || texts.has(textIn(message))
  const last = groups.findLastIndex((group) => group.some(repeats))
  return groups.slice(last + 1)
}

/** The newest groups without a gap: from which one, and what they take. */
function newest(sizes: readonly number[], tokens_max: number): { from: number; tokens: number } {
  let from = sizes.length
  let tokens = 0
  while (from > 0 && tokens + sizes[from - 1]! <= tokens_max) tokens += sizes[--from]!
  return { from, tokens }
}

/** All inputs where they fit; else each has its part of the room, and says that it was cut. */
function inputThatFits(input: readonly Said[], tokens_max: number, counter: TokenCounter): Kept[] {
  const whole = input.map(keptOf)
  if (keptTokens(whole, counter) <= tokens_max) return whole
  const each = Math.floor(tokens_max / input.length)
  return whole.map(({ message, trust }) => ({ message: shortenedMessage(message, each, counter), trust }))
}

function shortened(messages: readonly ChatMessage[], tokens_max: number, counter: TokenCounter): ChatMessage[] {
  if (tokensOf(messages, counter) <= tokens_max) return [...messages]
  const each = Math.floor(tokens_max / messages.length)
  return messages.map((message) => shortenedMessage(message, each, counter))
}

/** A message of at most so many tokens; data that is too long becomes the beginning of its text. */
function shortenedMessage(message: ChatMessage, tokens_max: number, counter: TokenCounter): ChatMessage {
  if (messageTokens(message, counter) <= tokens_max) return message
  const { content } = message
  if (typeof content === 'string') {
    const frame = messageTokens({ ...message, content: '' }, counter)
    return { ...message, content: cutTo(content, tokens_max - frame, counter) }
  }
  const frame = messageTokens({ ...message, content: { text: '' } }, counter)
  return {
    ...message,
    content: { text: cutTo(JSON.stringify(content), Math.floor((tokens_max - frame) * 0.6), counter) },
  }
}

function keptOf({ message, trust }: Said): Kept {
  return { message, trust }
}

function groupTokens(group: Group, counter: TokenCounter): number {
  return tokensOf(
    group.map(({ message }) => message),
    counter,
  )
}

function keptTokens(kept: readonly Kept[], counter: TokenCounter): number {
  return kept.reduce((sum, { message }) => sum + messageTokens(message, counter), 0)
}

function tokensOf(messages: readonly ChatMessage[], counter: TokenCounter): number {
  return messages.reduce((sum, message) => sum + messageTokens(message, counter), 0)
}
