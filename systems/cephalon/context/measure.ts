import type { ChatMessage } from '../../events.ts'
import type { TokenCounter } from './types.ts'

/** The size of messages and texts in tokens. */

/** What the frame of a message costs beside its words. */
const frameTokens = 4
const marker = '\n[cut]'

/** Only a saving: messages are not changed once they are made. */
const messageCounts = new WeakMap<ChatMessage, { readonly counter: TokenCounter; readonly tokens: number }>()

/** The tokens of a message, with the calls that it asks for. Counted once for each message and counter. */
export function messageTokens(message: ChatMessage, counter: TokenCounter): number {
  const known = messageCounts.get(message)
  if (known?.counter === counter) return known.tokens
  const tokens = countMessage(message, counter)
  messageCounts.set(message, { counter, tokens })
  return tokens
}

function countMessage({ content, tool_calls, tool_call_id }: ChatMessage, counter: TokenCounter): number {
  let tokens = frameTokens + counter.count(typeof content === 'string' ? content : JSON.stringify(content))
  if (tool_calls !== undefined) tokens += counter.count(JSON.stringify(tool_calls))
  if (tool_call_id !== undefined) tokens += counter.count(tool_call_id)
  return tokens
}

/** The beginning of a text, of at most so many tokens with the marker that says it was cut. O(length log length). */
export function cutTo(text: string, tokens_max: number, counter: TokenCounter): string {
  if (counter.count(text) <= tokens_max) return text
  let least = 0
  let most = Math.min(text.length, Math.max(0, tokens_max) * 16)
  while (least < most) {
    const middle = Math.ceil((least + most) / 2)
    if (counter.count(text.slice(0, middle) + marker) <= tokens_max) least = middle
    else most = middle - 1
  }
  return least === 0 ? '' : text.slice(0, least).toWellFormed() + marker
}

const countsMax = 4_096
type Counts = Map<number, { readonly text: string; readonly tokens: number }>
/** Only a saving: a count is the same whenever it is made, and is made anew when the text is another. */
const countsOf = new WeakMap<TokenCounter, Counts>()

/** The tokens of a memory's text as it stands in JSON. Counted once for each memory and counter while it is among the latest. */
export function quotedTokens(memory_id: number, text: string, counter: TokenCounter): number {
  let counts = countsOf.get(counter)
  if (counts === undefined) {
    counts = new Map()
    countsOf.set(counter, counts)
  }
  const known = counts.get(memory_id)
  if (known?.text === text) return known.tokens
  const tokens = counter.count(JSON.stringify(text))
  if (counts.size >= countsMax) counts.clear()
  counts.set(memory_id, { text, tokens })
  return tokens
}
