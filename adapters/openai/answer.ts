import type { LlmChatDone } from '../../systems/events.ts'
import { type Endpoint, failure } from './endpoint.ts'
import { badResponse } from './failures.ts'

type Fields = { readonly [key: string]: unknown }

/** Gathers an answer from one whole message or from the pieces of a stream, and judges whether it is one. */
export class Answer {
  readonly #endpoint: Endpoint
  #content = ''
  #bytes = 0
  #refusal = ''
  #finish = ''
  #model = ''
  #seen = false
  #tokens_in: number | undefined
  #tokens_out: number | undefined

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  /** Whether the far side has said that the answer ends here. */
  get finished(): boolean {
    return this.#finish !== ''
  }

  /** Takes a piece: a whole completion (its text in `message`) or a chunk of one (its text in `delta`). */
  take(piece: unknown, textIn: 'message' | 'delta'): void {
    if (!isFields(piece)) throw badResponse(this.#endpoint, 'it is not an object')
    if (textIn === 'message' && isFields(piece['error'])) {
      throw badResponse(
        this.#endpoint,
        `it holds an error: ${String(piece['error']['message'] ?? 'without a message')}`,
      )
    }
    if (typeof piece['model'] === 'string') this.#model ||= piece['model'].slice(0, 200)
    this.#count(piece['usage'])
    const { choices } = piece
    if (!Array.isArray(choices)) return
    const choice: unknown = choices.find((one) => isFields(one) && (one['index'] ?? 0) === 0)
    if (choice === undefined) return
    this.#choice(choice as Fields, textIn)
  }

  /** The finished answer. @throws EffectFailure BAD_RESPONSE, TRUNCATED or REFUSED */
  done(): LlmChatDone {
    const finish = this.#finish
    if (!this.#seen) throw badResponse(this.#endpoint, 'it holds no choice')
    if (finish === '') {
      throw failure(this.#endpoint, 'TRUNCATED', `${this.#endpoint.base_url} ended its answer in the middle`, {
        transient: true,
      })
    }
    if (finish === 'content_filter' || (this.#refusal !== '' && this.#content === '')) {
      throw failure(this.#endpoint, 'REFUSED', `the model refused to answer: ${this.#refusal || finish}`)
    }
    if (finish === 'error' || finish === 'tool_calls' || finish === 'function_call') {
      throw badResponse(this.#endpoint, `it finished with '${finish}'`)
    }
    if (this.#content === '' && finish !== 'length') throw badResponse(this.#endpoint, 'its content is empty')
    return {
      content: this.#content,
      model: this.#model || this.#endpoint.model,
      finish: finish === 'length' || finish === 'max_tokens' ? 'length' : 'stop',
      ...(this.#tokens_in === undefined ? {} : { tokens_in: this.#tokens_in }),
      ...(this.#tokens_out === undefined ? {} : { tokens_out: this.#tokens_out }),
    }
  }

  #choice(choice: Fields, textIn: 'message' | 'delta'): void {
    const said = choice[textIn] ?? {}
    if (!isFields(said)) throw badResponse(this.#endpoint, `its ${textIn} is not an object`)
    this.#seen = true
    const content = said['content'] ?? ''
    if (typeof content !== 'string') throw badResponse(this.#endpoint, 'its content is not text')
    this.#content += content
    this.#bytes += Buffer.byteLength(content)
    if (this.#bytes > this.#endpoint.answer_bytes_max) {
      throw badResponse(this.#endpoint, `it is larger than ${this.#endpoint.answer_bytes_max} bytes`)
    }
    if (typeof said['refusal'] === 'string') this.#refusal = (this.#refusal + said['refusal']).slice(0, 300)
    if (typeof choice['finish_reason'] === 'string') this.#finish = choice['finish_reason'].slice(0, 60)
  }

  #count(usage: unknown): void {
    if (!isFields(usage)) return
    this.#tokens_in = tokens(usage['prompt_tokens']) ?? this.#tokens_in
    this.#tokens_out = tokens(usage['completion_tokens']) ?? this.#tokens_out
  }
}

function tokens(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
