import type { Json } from '../../../engine/flow/event.ts'
import type { ChatMessage } from '../../events.ts'
import { leastOf } from './choose.ts'
import { cutTo, messageTokens } from './measure.ts'
import type { ContextRecord, Group, Item, Kept, TokenCounter } from './types.ts'

/** What a recorded context becomes when it is asked with again. */
export type Again = {
  readonly messages: ChatMessage[]
  readonly tokens: number
  readonly trust: number
  readonly memory_ids: number[]
}

const halvingsMax = 12
/** Tokens that an old result of a tool is shortened to, the first time and the second. */
const resultTokens = [400, 40] as const

/**
 * A recorded context with what the turn has said since. With `shrink` the related part is halved that often. Where all of it
 * is more than the window holds, the oldest results of tools are shortened first, then the related part is halved, then the
 * oldest of the conversation goes. Pure. O(messages).
 */
export function again(record: ContextRecord, later: readonly Group[], shrink: number, counter: TokenCounter): Again {
  const own = later.flat().map(({ message, trust }): Kept => ({ message, trust }))
  const tools = record.parts.find(({ name }) => name === 'tools')?.tokens ?? 0
  const size = (messages: readonly ChatMessage[]): number =>
    messages.reduce((sum, message) => sum + messageTokens(message, counter), 0)
  let halvings = Math.min(shrink, halvingsMax)
  let recent = record.recent
  let made = flat(record, halvings, recent, own)
  // What was chosen has been counted, and fits.
  const isFirst = own.length === 0 && halvings === 0
  let tokens = isFirst ? record.tokens : tools + size(made.messages)
  for (const most of resultTokens) {
    for (let at = 0; at < own.length && tokens > record.budget_tokens; at++) {
      const { message, trust } = own[at]!
      if (message.role !== 'tool') continue
      const before = messageTokens(message, counter)
      const shorter = shortResult(message, most, counter)
      own[at] = { message: shorter, trust }
      tokens += messageTokens(shorter, counter) - before
    }
  }
  made = flat(record, halvings, recent, own)
  while (tokens > record.budget_tokens && (halvings < halvingsMax || recent.length > 0)) {
    if (halvings < halvingsMax && made.items.length > record.persistent.length) halvings++
    else if (recent.length > 0) recent = recent.slice(1)
    else break
    made = flat(record, halvings, recent, own)
    tokens = tools + size(made.messages)
  }
  return {
    messages: made.messages,
    tokens,
    trust: leastOf(made.items, recent.flat(), record.input, own),
    memory_ids: made.items.map(({ memory_id }) => memory_id),
  }
}

function flat(
  record: ContextRecord,
  halvings: number,
  recent: ContextRecord['recent'],
  own: readonly Kept[],
): { messages: ChatMessage[]; items: Item[] } {
  const kept = record.related.length >>> halvings
  const list = memoriesIn(record.related_message)
  const messages = [
    ...record.headers,
    ...(kept === 0 ? [] : [{ role: 'user' as const, content: { memories: list.slice(0, kept) } }]),
    ...(record.persistent_message === undefined ? [] : [record.persistent_message]),
    ...[...recent.flat(), ...record.input, ...own].map(({ message }) => message),
  ]
  return { messages, items: [...record.related.slice(0, kept), ...record.persistent] }
}

function memoriesIn(message: ChatMessage | undefined): Json[] {
  const list = typeof message?.content === 'object' ? message.content['memories'] : undefined
  return Array.isArray(list) ? list : []
}

function shortResult(message: ChatMessage, tokens_max: number, counter: TokenCounter): ChatMessage {
  const { content } = message
  if (typeof content === 'string') return { ...message, content: cutTo(content, tokens_max, counter) }
  const text = content['text']
  return typeof text === 'string'
    ? { ...message, content: { ...content, text: cutTo(text, tokens_max, counter) } }
    : message
}
