import type { ChatMessage, ToolOffered } from '../../../systems/events.ts'

/** What a run left behind, before and after it was judged. */

/** How well a call was asked for; `mistaken` calls were asked for again and then rightly, so they are not counted. */
export type Validity = 'valid' | 'repaired' | 'mistaken' | 'failed'

/** A call as the model asked for it. */
export type CallAsked = {
  readonly tool: string
  /** The text that the model gave. */
  readonly arguments: string
  readonly validity: Validity
  /** What was wrong with it; empty when it could be carried out. */
  readonly wrong: string
}

/** A call that was carried out. */
export type CallRun = {
  readonly tool: string
  readonly arguments: { readonly [name: string]: unknown }
  readonly result: string
}

/** How a turn or a repair ended: `done`, `failed`, with a stable code and a sentence where it did not end well. */
export type Ending = { readonly state: string; readonly code: string; readonly reason: string }

/** How a run ended, and after how many milliseconds of its world's life. */
export type Ended = { readonly ending: Ending; readonly latency_ms: number }

/** All that validators look at. */
export type Seen = {
  /** What was said in the end; of a note, the model's last proposal. */
  readonly answer: string
  readonly asked: readonly CallAsked[]
  readonly ran: readonly CallRun[]
  readonly ending: Ending
  readonly note?: { readonly path: string; readonly before: string; readonly after: string }
}

/** What a run took. */
export type Spent = {
  readonly questions: number
  readonly tokens_in: number
  readonly tokens_out: number
  /** True where the model did not count, so that tokens were estimated. */
  readonly tokens_estimated: boolean
  /** Undefined without prices. */
  readonly cost: number | undefined
  /** From the prompt to the end, in milliseconds. */
  readonly latency_ms: number
  /** Of which the model was waited for. */
  readonly model_ms: number
}

/** One run of one task by one model, judged. */
export type Trial = {
  readonly task: string
  readonly model: string
  /** Counts from 1. */
  readonly run: number
  readonly seed: number
  readonly passed: boolean
  /** Why it did not pass. */
  readonly reasons: readonly string[]
  /** The code of what kept the model from answering at all; empty when it answered. */
  readonly unanswered: string
  readonly seen: Seen
  readonly spent: Spent
  /** The last question's messages and what was answered. */
  readonly messages: readonly ChatMessage[]
  /** What it might ask for then. */
  readonly tools: readonly ToolOffered[]
}
