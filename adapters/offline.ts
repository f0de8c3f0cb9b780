import { setTimeout as wait } from 'node:timers/promises'
import { assert } from '../engine/errors.ts'
import { type Adapter, EffectFailure, type EffectHandler } from '../engine/flow/adapter.ts'
import type { Payload } from '../engine/flow/event.ts'
import {
  type ChatMessage,
  LlmChat,
  type LlmChatDone,
  type LlmChatRequest,
  LlmEmbed,
  type LlmEmbedRequest,
} from '../systems/events.ts'
import { embed } from './offline/embed.ts'
import { propose, questionOf } from './offline/propose.ts'
import { answerTurn } from './offline/turn.ts'

export { offlineModel } from './offline/embed.ts'

export type OfflineOptions = {
  /** Waits this long before every answer, in milliseconds; for tests and demonstrations of a slow model. Default 0. */
  readonly delay_ms?: number
}

/**
 * Answers `llm.chat` without any model or network, for questions that rules can answer: `contract:…` tasks get front
 * matter proposed from the note itself, and the task `turn` an answer quoted from the memories in its messages. It never asks
 * for a tool. Answers `llm.embed` for the model `offline/ngrams-256`, by hashing words and
 * runs of characters. The same question always gets the same answer.
 * A handler fails with NO_MODEL (a task that needs a model), NO_PROPOSAL (a key that no rule covers), BAD_REQUEST
 * (a contract's question without a note) or TIMEOUT.
 * @throws EngineError ADAPTER_OPTION
 */
export function offline(options: OfflineOptions = {}): Adapter {
  const delay_ms = checkedDelay(options)
  const chat: EffectHandler = async (payload, call) => {
    if (delay_ms > 0) await pause(delay_ms, call.signal)
    return answer(payload as LlmChatRequest)
  }
  return { name: 'offline', effects: { [LlmChat.name]: chat, ...offlineEmbedder(options).effects } }
}

/** Only the `llm.embed` of `offline`, beside an adapter that answers `llm.chat`. @throws EngineError ADAPTER_OPTION */
export function offlineEmbedder(options: OfflineOptions = {}): Adapter {
  const delay_ms = checkedDelay(options)
  const answerTexts: EffectHandler = async (payload, call) => {
    if (delay_ms > 0) await pause(delay_ms, call.signal)
    return embed(payload as LlmEmbedRequest)
  }
  return { name: 'offline-embedder', effects: { [LlmEmbed.name]: answerTexts } }
}

function checkedDelay({ delay_ms = 0 }: OfflineOptions): number {
  assert(delay_ms >= 0 && delay_ms <= 3_600_000, 'ADAPTER_OPTION', 'delay_ms must lie between 0 and an hour', delay_ms)
  return delay_ms
}

async function pause(delay_ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(delay_ms, undefined, { signal })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
    throw new EffectFailure('TIMEOUT', 'the call was ended before its delayed answer', { transient: true })
  }
}

function answer(request: LlmChatRequest): LlmChatDone {
  if (request.task === 'turn') return { content: answerTurn(request.messages), model: 'offline', finish: 'stop' }
  if (!request.task.startsWith('contract:')) {
    throw new EffectFailure(
      'NO_MODEL',
      `no model is configured; the task '${request.task}' needs one: give the daemon an OpenAI-compatible endpoint`,
    )
  }
  const proposal = propose(questionOf(noteIn(request.messages)))
  if (!proposal.ok) throw new EffectFailure('NO_PROPOSAL', proposal.reason)
  return { content: JSON.stringify(proposal.values), model: 'offline', finish: 'stop' }
}

/** The note is the newest user message that is data; a retry may add messages of text after it. */
function noteIn(messages: readonly ChatMessage[]): Payload {
  const asked = messages.findLast(({ role, content }) => role === 'user' && typeof content === 'object')
  if (asked === undefined || typeof asked.content === 'string') {
    throw new EffectFailure('BAD_REQUEST', 'a contract is asked for with a user message that holds the note as data')
  }
  return asked.content
}
