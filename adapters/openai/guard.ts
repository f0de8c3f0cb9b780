import type { EffectFailure } from '../../engine/flow/adapter.ts'
import { type Endpoint, failure } from './endpoint.ts'
import { badResponse, failureOfStatus } from './failures.ts'

const errorBytesMax = 65_536
/** What still comes after an answer is whole, or after an error's status, is not worth waiting for longer. */
const afterwards_ms = 2_000
/** Bytes on the wire for one byte of answer: an escaped character, and an event of one token. */
const escaped = 6
const framed = 64
/** The only headers sent, so that nothing the environment holds for another service goes along. */
const headersSent = ['accept', 'authorization', 'content-type', 'user-agent']

/**
 * One HTTP exchange under deadlines that hold from the first header to the last byte: first byte, idle and total.
 * It follows no redirect, bounds what it reads, and on any failure tears the connection down and keeps the reason.
 */
export class Guard {
  readonly endpoint: Endpoint
  readonly #abort = new AbortController()
  readonly #called: AbortSignal
  readonly #total: NodeJS.Timeout
  #stage: NodeJS.Timeout | undefined
  #failure: EffectFailure | undefined

  /** @param total_ms what is left of the call's time; @param called aborted when nobody waits for the answer any more */
  constructor(endpoint: Endpoint, total_ms: number, called: AbortSignal) {
    this.endpoint = endpoint
    this.#called = called
    this.#total = setTimeout(() => this.#late('the whole answer', endpoint.total_ms), Math.max(0, total_ms))
    called.addEventListener('abort', this.#ended, { once: true })
    if (called.aborted) this.#ended()
  }

  /** Why the exchange was broken off, when it was. */
  get failure(): EffectFailure | undefined {
    return this.#failure
  }

  /** Ends the exchange: no timer, listener or half-read connection stays behind. */
  close(): void {
    clearTimeout(this.#total)
    clearTimeout(this.#stage)
    this.#called.removeEventListener('abort', this.#ended)
    this.#abort.abort()
  }

  /** Says that the answer is whole, so what follows it is waited for only briefly. */
  whole(): void {
    this.#arm('the end of the answer', Math.min(this.endpoint.idle_ms, afterwards_ms))
  }

  /** `fetch`, guarded. Resolves only with a success whose body is JSON or an event stream. */
  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    this.#arm('the first byte', this.endpoint.first_byte_ms)
    const given = new Headers(init.headers)
    const headers = headersSent.flatMap((name) => {
      const value = given.get(name)
      return value === null ? [] : [[name, value] as [string, string]]
    })
    const response = await fetch(input, { ...init, headers, redirect: 'manual', signal: this.#abort.signal })
    if (response.status >= 300 && response.status < 400) throw this.#break(this.#redirected(response))
    if (!response.ok) {
      const said = await this.#errorText(response)
      throw this.#break(failureOfStatus(this.endpoint, response.status, response.headers, said))
    }
    const kind = response.headers.get('content-type') ?? ''
    const streamed = isEventStream(response)
    if (!(streamed || /^application\/(?:[\w.-]+\+)?json\b/i.test(kind)) || response.body === null) {
      throw this.#break(badResponse(this.endpoint, `its content type is '${kind}'`))
    }
    return new Response(this.#watched(response.body, streamed), { headers: response.headers })
  }

  readonly #ended = (): void => {
    const reason = 'the call was ended before its answer: its deadline passed, or the engine stops'
    this.#break(failure(this.endpoint, 'TIMEOUT', reason, { transient: true }))
  }

  #arm(what: string, limit_ms: number): void {
    clearTimeout(this.#stage)
    this.#stage = setTimeout(() => this.#late(what, limit_ms), limit_ms)
  }

  #late(what: string, limit_ms: number): void {
    const reason = `${this.endpoint.base_url} did not send ${what} within ${limit_ms} ms`
    this.#break(failure(this.endpoint, 'TIMEOUT', reason, { transient: true }))
  }

  /** Keeps the first reason and ends the connection with it. */
  #break(reason: EffectFailure): EffectFailure {
    this.#failure ??= reason
    this.#abort.abort(this.#failure)
    return this.#failure
  }

  #redirected(response: Response): EffectFailure {
    const { base_url } = this.endpoint
    const location = response.headers.get('location') ?? ''
    const target = URL.canParse(location, base_url) ? new URL(location, base_url).origin : 'nowhere'
    const reason = `${base_url} redirects to ${target} (${response.status}), which is not followed because it would get the key: correct base_url`
    return failure(this.endpoint, 'REDIRECT', reason)
  }

  /** An error's body only explains its status: whatever of it comes soon enough will do. */
  async #errorText(response: Response): Promise<string> {
    clearTimeout(this.#stage)
    if (response.body === null) return ''
    const decoder = new TextDecoder()
    const reader = response.body.getReader()
    const late = setTimeout(() => this.#abort.abort(), Math.min(this.endpoint.idle_ms, afterwards_ms))
    let text = ''
    try {
      while (text.length < errorBytesMax) {
        const { done, value } = await reader.read()
        if (done) break
        text += decoder.decode(value, { stream: true })
      }
    } catch (thrown) {
      // The status says enough without its body, unless it was we who ended the exchange.
      if (this.#failure !== undefined) throw thrown
    } finally {
      clearTimeout(late)
    }
    return text
  }

  #watched(body: ReadableStream<Uint8Array>, streamed: boolean): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    const lineMax = escaped * this.endpoint.answer_bytes_max + errorBytesMax
    const bytesMax = streamed ? framed * this.endpoint.answer_bytes_max + errorBytesMax : lineMax
    let bytes = 0
    let line = 0
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await reader.read()
          if (done) {
            clearTimeout(this.#stage)
            controller.close()
            return
          }
          this.#arm('more of its answer', this.endpoint.idle_ms)
          const newline = value.lastIndexOf(10)
          line = newline === -1 ? line + value.length : value.length - newline - 1
          bytes += value.length
          if (line > lineMax || bytes > bytesMax) {
            throw this.#break(badResponse(this.endpoint, `it is larger than ${this.endpoint.answer_bytes_max} bytes`))
          }
          controller.enqueue(value)
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    )
  }
}

/** Whether a response is a stream of server-sent events. */
export function isEventStream(response: Response): boolean {
  return /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
}
