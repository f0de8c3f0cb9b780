import { type Adapter, EffectFailure, type EffectHandler } from '../../../engine/flow/adapter.ts'
import type { Payload } from '../../../engine/flow/event.ts'
import {
  type ChatMessage,
  LlmChat,
  type LlmChatDone,
  type LlmChatRequest,
  type ToolOffered,
} from '../../../systems/events.ts'
import type { Prices } from './models.ts'
import type { Spent } from './seen.ts'

/** A question to the model as it passed by, and what came of it. */
type Question = { readonly request: LlmChatRequest; done?: LlmChatDone; failure?: string; took_ms: number }

/** Bytes of text that are taken for a token where the far side does not count. */
const bytesPerToken = 3

/** Listens in on the questions of one run: the adapters answer as they always do. */
export class Watch {
  readonly #questions: Question[] = []
  readonly #heard: (code: string) => void
  /** The adapters of the model under the name of one, for an engine of its own: they are not started or stopped by it. */
  readonly adapter: Adapter

  /** @param heard is told the code with which a question failed, or nothing when it was answered */
  constructor(adapters: readonly Adapter[], heard: (code: string) => void) {
    this.#heard = heard
    const effects: Record<string, EffectHandler> = Object.assign({}, ...adapters.map((each) => each.effects))
    const chat = effects[LlmChat.name]
    if (chat !== undefined) effects[LlmChat.name] = (payload, call) => this.#ask(chat, payload, call)
    this.adapter = { name: 'model', effects }
  }

  /** Answers of the model, in their order. */
  get answers(): readonly LlmChatDone[] {
    return this.#questions.flatMap(({ done }) => (done === undefined ? [] : [done]))
  }

  /** The code with which the last question failed, or nothing when it was answered. One that still waits came too late. */
  get unanswered(): string {
    const last = this.#questions.at(-1)
    return last === undefined || last.done !== undefined ? '' : (last.failure ?? 'TIMEOUT')
  }

  /** The messages of the last question, with its answer. */
  get messages(): readonly ChatMessage[] {
    const last = this.#questions.at(-1)
    if (last === undefined) return []
    const { request, done } = last
    if (done === undefined) return request.messages
    const calls = done.tool_calls === undefined ? {} : { tool_calls: done.tool_calls }
    return [...request.messages, { role: 'assistant', content: done.content, ...calls }]
  }

  /** The tools that the last question offered. */
  get tools(): readonly ToolOffered[] {
    return this.#questions.at(-1)?.request.tools ?? []
  }

  /** What the questions took, and cost at these prices. */
  spent(prices: Prices | undefined): Omit<Spent, 'latency_ms'> {
    const counts = this.#questions.flatMap((question) => (question.done === undefined ? [] : [tokensOf(question)]))
    const tokens_in = counts.reduce((sum, count) => sum + count.in, 0)
    const tokens_out = counts.reduce((sum, count) => sum + count.out, 0)
    const cost = prices && (tokens_in * prices.in_per_million + tokens_out * prices.out_per_million) / 1_000_000
    return {
      questions: this.#questions.length,
      tokens_in,
      tokens_out,
      tokens_estimated: counts.some(({ estimated }) => estimated),
      cost,
      model_ms: this.#questions.reduce((sum, { took_ms }) => sum + took_ms, 0),
    }
  }

  async #ask(chat: EffectHandler, payload: Payload, call: Parameters<EffectHandler>[1]): Promise<Payload> {
    const question: Question = { request: payload as LlmChatRequest, took_ms: 0 }
    this.#questions.push(question)
    const before_ms = performance.now()
    try {
      const done = await chat(payload, call)
      question.done = done as LlmChatDone
      return done
    } catch (thrown) {
      question.failure = thrown instanceof EffectFailure ? thrown.code : 'ADAPTER_THREW'
      throw thrown
    } finally {
      question.took_ms = performance.now() - before_ms
      this.#heard(question.failure ?? '')
    }
  }
}

function tokensOf({ request, done }: Question): { in: number; out: number; estimated: boolean } {
  const guess = (value: unknown): number => Math.ceil(Buffer.byteLength(JSON.stringify(value)) / bytesPerToken)
  const estimated = done?.tokens_in === undefined || done.tokens_out === undefined
  return {
    in: done?.tokens_in ?? guess(request.messages),
    out: done?.tokens_out ?? guess([done?.content, done?.tool_calls]),
    estimated,
  }
}
