import type { Json } from '../../../engine/flow/event.ts'
import type { Shares } from '../../agents/policy.ts'
import type { ChatMessage } from '../../events.ts'

/** What a context is made of, and what is kept of how it was made. */

/** Counts the tokens of a text; the name says by what. */
export type TokenCounter = { readonly name: string; count(text: string): number }

/** A memory that may be put before the model. */
export type Candidate = {
  readonly memory_id: number
  /** As the model is told it. */
  readonly data: { readonly [key: string]: Json }
  readonly text: string
  /** Its identity: of an event with the same it is the memory. */
  readonly event: string
  readonly trust: number
  readonly score: number
  readonly lanes: readonly string[]
  readonly path: readonly string[]
  readonly why: string
}

/** A message of the conversation, with the identity of the event it quotes, or ''. */
export type Said = { readonly message: ChatMessage; readonly trust: number; readonly event: string }

/** A message, or an assistant's message and the results of all calls it asked for: it is left out as a whole or not at all. */
export type Group = readonly Said[]

/** All that may be put before the model. */
export type Parts = {
  readonly headers: readonly ChatMessage[]
  /** Best first. */
  readonly related: readonly Candidate[]
  readonly persistent: readonly Candidate[]
  /** Oldest first. */
  readonly recent: readonly Group[]
  readonly input: readonly Said[]
  /** Of the tools that are offered beside the messages. */
  readonly tools_tokens: number
}

export type Budget = {
  readonly window_tokens: number
  readonly answer_tokens: number
  readonly shares: Shares
  /** Most related memories. */
  readonly related_max: number
}

/** A memory that was put before the model. */
export type Item = {
  readonly memory_id: number
  readonly tokens: number
  readonly trust: number
  readonly score: number
  readonly lanes: readonly string[]
  readonly path: readonly string[]
  readonly why: string
}
export type LeftOut = { readonly memory_id: number; readonly why: string }
export type PartName = 'headers' | 'related' | 'persistent' | 'recent' | 'input' | 'tools'
/** `share` is what the policy gives it of the window, `tokens` what it took. */
export type PartTaken = { readonly name: PartName; readonly share: number; readonly tokens: number }

/** The record `context` of a turn. */
export type ContextRecord = {
  readonly version: 1
  /** The version of the prompts. */
  readonly prompts: string
  /** The name of the counter. */
  readonly counter: string
  readonly window_tokens: number
  /** What the messages and tools may take: the window without the answer and the safety. */
  readonly budget_tokens: number
  readonly tokens: number
  /** True when headers, tools and what is pinned leave no room for the question. */
  readonly crowded?: true
  /** The least Trust of all that is in it. */
  readonly trust: number
  readonly parts: readonly PartTaken[]
  readonly headers: readonly ChatMessage[]
  readonly related: readonly Item[]
  readonly related_message?: ChatMessage
  readonly persistent: readonly Item[]
  readonly persistent_message?: ChatMessage
  readonly recent: readonly (readonly Kept[])[]
  readonly input: readonly Kept[]
  readonly left_out: readonly LeftOut[]
  /** How many were left out, also those beyond the list. */
  readonly left_out_count: number
}
export type Kept = { readonly message: ChatMessage; readonly trust: number }
