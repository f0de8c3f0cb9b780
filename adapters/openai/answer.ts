import type { LlmChatDone } from '../../systems/events.ts'
import { Calls } from './calls.ts'
import { type Endpoint, failure } from './endpoint.ts'
import { badResponse } from './failures.ts'
import { Thoughts } from './thoughts.ts'

type Fields = { readonly [key: string]: unknown }

/** What must be known of a question to read its answer. */
export type Asked = {
  /** Whether tools were offered; calls that nobody offered are left out. */
  readonly tools: boolean
  /** Ids of calls that the conversation holds. */
  readonly ids: ReadonlySet<string>
  /** Messages before this answer: makes ids that differ from those of other answers. */
  readonly round: number
  /** The tool that a sent name means. */
  own(name: string): string
}

/** Gathers an answer from one whole message or from the pieces of a stream, and judges whether it is one. */
export class Answer {
  readonly #endpoint: Endpoint
  readonly #calls: Calls
  readonly #thoughts = new Thoughts()
  /** Hears every piece of the text that people are to read, as it comes; never of what the model only thinks. */
  readonly #heard: (text: string) => void
  #content = ''
  #bytes = 0
  #refusal = ''
  #finish = ''
  #model = ''
  #seen = false
  #tokens_in: number | undefined
  #tokens_out: number | undefined

  constructor(endpoint: Endpoint, heard: (text: string) => void = () => undefined) {
    this.#endpoint = endpoint
    this.#calls = new Calls(endpoint)
    this.#heard = heard
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
  done(asked: Asked): LlmChatDone {
    const finish = this.#finish
    const calls = asked.tools ? this.#calls.done(asked.ids, asked.own, asked.round) : []
    if (!this.#seen) throw badResponse(this.#endpoint, 'it holds no choice')
    if (finish === '') {
      throw failure(this.#endpoint, 'TRUNCATED', `${this.#endpoint.base_url} ended its answer in the middle`, {
        transient: true,
      })
    }
    if (finish === 'content_filter' || (this.#refusal !== '' && this.#content === '')) {
      throw failure(this.#endpoint, 'REFUSED', `the model refused to answer: ${this.#refusal || finish}`)
    }
    const cut = finish === 'length' || finish === 'max_tokens'
    this.#judge(finish, cut, calls.length)
    return {
      content: this.#content,
      model: this.#model || this.#endpoint.model,
      finish: cut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop',
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(this.#tokens_in === undefined ? {} : { tokens_in: this.#tokens_in }),
      ...(this.#tokens_out === undefined ? {} : { tokens_out: this.#tokens_out }),
    }
  }

  /** An answer says something, by text or by calls; servers that end with `stop` after calls mean the calls. */
  #judge(finish: string, cut: boolean, calls: number): void {
    if (finish === 'error' || finish === 'function_call')
      throw badResponse(this.#endpoint, `it finished with '${finish}'`)
    if (calls > 0 || cut) return
    const uncalled = finish === 'tool_calls' && (this.#calls.count === 0 || this.#content === '')
    if (uncalled)
      throw badResponse(this.#endpoint, `it finished with '${finish}' and calls no tool that it was offered`)
    if (this.#content === '') throw badResponse(this.#endpoint, 'its content is empty')
  }

  #choice(choice: Fields, textIn: 'message' | 'delta'): void {
    const said = choice[textIn] ?? {}
    if (!isFields(said)) throw badResponse(this.#endpoint, `its ${textIn} is not an object`)
    this.#seen = true
    const content = textOf(said['content'])
    if (content === undefined) throw badResponse(this.#endpoint, 'its content is not text')
    this.#bytes += Buffer.byteLength(content) + this.#calls.take(said['tool_calls'], textIn)
    if (this.#bytes > this.#endpoint.answer_bytes_max) {
      throw badResponse(this.#endpoint, `it is larger than ${this.#endpoint.answer_bytes_max} bytes`)
    }
    this.#hear(this.#thoughts.take(content))
    if (typeof said['refusal'] === 'string') this.#refusal = (this.#refusal + said['refusal']).slice(0, 300)
    if (typeof choice['finish_reason'] !== 'string') return
    this.#finish = choice['finish_reason'].slice(0, 60)
    this.#hear(this.#thoughts.rest())
  }

  #hear(text: string): void {
    if (text === '') return
    this.#content += text
    this.#heard(text)
  }

  #count(usage: unknown): void {
    if (!isFields(usage)) return
    this.#tokens_in = tokens(usage['prompt_tokens']) ?? this.#tokens_in
    this.#tokens_out = tokens(usage['completion_tokens']) ?? this.#tokens_out
  }
}

/** Text as such or, as some servers give it, in parts; undefined when it is neither. */
function textOf(content: unknown): string | undefined {
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  let text = ''
  for (const part of content) {
    if (!isFields(part)) return undefined
    if (part['type'] === 'text' && typeof part['text'] === 'string') text += part['text']
  }
  return text
}

function tokens(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
