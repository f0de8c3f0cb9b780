import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { ApiTimes } from './api.ts'
import { failureOf, neverLeft } from './failures.ts'
import { type Asked, Refusals } from './refusals.ts'

/** One call, which may be several requests. */
export type Attempt = {
  /** For sentences: `to read the channel 12`. */
  readonly what: string
  readonly asked: Asked
  readonly channel?: string
  readonly signal?: AbortSignal
  /** It ends by itself after so long. */
  readonly total_ms: number
}
type Running = Attempt & {
  /** A request went out of which nobody knows what became. */
  uncertain: boolean
  /** A message is on its way now. */
  out: boolean
  /** Slept because of limits, in all. */
  waited_ms: number
}
export type RequestsOptions = {
  readonly token: string
  readonly token_name: string
  readonly times: ApiTimes
  readonly now: () => number
}

/** Requests of one call at most: a message is offered again with the same nonce. */
const requestsMax = 3
/** A refusal to be asked that does not say for how long comes from in front of Discord, and lasts. */
const blocked_ms = 60_000

/** Carries out calls within their time: sleeps through short limits, repeats what may be repeated, and says what is not known. */
export class Requests {
  readonly #options: RequestsOptions
  readonly #refusals: Refusals
  /** The package's queues lie between a call and its requests; this tells whose they are. */
  readonly #running = new AsyncLocalStorage<Running>()

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#refusals = new Refusals(options.now)
  }

  /** @throws EffectFailure with a code as named at `DiscordSend` */
  async call<T>(attempt: Attempt, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { asked, channel, total_ms } = attempt
    this.#refusals.check(asked, channel)
    const ended = AbortSignal.timeout(total_ms)
    const signal = attempt.signal === undefined ? ended : AbortSignal.any([attempt.signal, ended])
    const running: Running = { ...attempt, uncertain: false, out: false, waited_ms: 0 }
    for (let count = 1; ; count++) {
      try {
        return await this.#running.run(running, () => untilEnded(work(signal), signal))
      } catch (thrown) {
        const failure = failureOf(thrown, { ...this.#options, what: attempt.what })
        const again_ms = this.#options.times.again_ms * 2 ** (count - 1)
        const repeats = failure.code === 'DISCORD_AWAY' && !neverLeft(thrown) && count < requestsMax
        if (repeats && !signal.aborted && (await slept(again_ms, signal))) continue
        if (running.uncertain || running.out) throw unsure(attempt.what, failure)
        this.#refusals.note(failure, asked, channel)
        throw failure
      }
    }
  }

  /** Whether a limit lasts longer than the call that met it should sleep. */
  tooLong(wait_ms: number): boolean {
    const running = this.#running.getStore()
    const { wait_max_ms, read_ms } = this.#options.times
    if (running === undefined) return wait_ms > wait_max_ms
    running.waited_ms += wait_ms
    return wait_ms > wait_max_ms || running.waited_ms > read_ms / 2
  }

  /** One request, as the package asks for it. What came back is counted. */
  async exchange(url: string, init: object): Promise<Response> {
    const running = this.#running.getStore()
    this.#refusals.check(running?.asked ?? 'read', running?.channel)
    const { method, headers, body, signal } = init as RequestInit
    const posts = method === 'POST'
    let response: Response
    if (running !== undefined) running.out = posts
    try {
      // A redirect would carry the token to somebody else.
      const given = { method: method ?? 'GET', headers: headers ?? {}, body: body ?? null, signal: signal ?? null }
      response = await fetch(url, { ...given, redirect: 'error' })
    } catch (thrown) {
      settle(running, posts && !neverLeft(thrown))
      throw thrown
    }
    const { status } = response
    settle(running, posts && status >= 500)
    this.#refusals.count(status, response.headers.get('x-ratelimit-scope') === 'shared')
    if (status !== 429 || response.headers.has('retry-after')) return response
    await response.body?.cancel()
    throw new EffectFailure('DISCORD_RATE_LIMITED', 'Discord does not take requests from this address for now', {
      transient: true,
      retry_after_ms: blocked_ms,
    })
  }
}

function settle(running: Running | undefined, uncertain: boolean): void {
  if (running === undefined) return
  running.out = false
  running.uncertain ||= uncertain
}

/** The package sleeps through limits whatever its signal says; who asked is told in time. */
async function untilEnded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = Promise.withResolvers<never>()
  const stop = (): void => ended.reject(new Error('the time for it ran out'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, ended.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** False when the signal came first. */
async function slept(wait_ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(wait_ms, undefined, { signal })
    return true
  } catch {
    return false
  }
}

function unsure(what: string, failure: EffectFailure): EffectFailure {
  return new EffectFailure(
    'DISCORD_UNSURE',
    `nobody knows whether Discord did what it was asked, ${what}: ${failure.message}`,
  )
}
