import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Fault, Limit, Rate } from './types.ts'

/** What stands in a request's way: limits that were asked for, limits that are kept, and faults. */

type Asked = { method: string; path: string }
type Refused = { scope: 'user' | 'global' | 'shared'; retry_after_ms: number }
type Window = { since_ms: number; used: number }

/** Headers of a bucket that has room. */
const roomy = { limit: 10_000, left: 9_999, reset_after_ms: 1_000 }

export class Trouble {
  readonly #now: () => number
  readonly #rates: { post: Rate | undefined; get: Rate | undefined; global: Rate | undefined }
  #limits: Limit[] = []
  #faults: Fault[] = []
  readonly #windows = new Map<string, Window>()

  constructor(
    now: () => number,
    rates: { post?: Rate | undefined; get?: Rate | undefined; global?: Rate | undefined },
  ) {
    this.#now = now
    this.#rates = { post: rates.post, get: rates.get, global: rates.global }
  }

  limit(limit: Limit): void {
    this.#limits.push({ ...limit })
  }

  fail(fault: Fault): void {
    this.#faults.push({ ...fault })
  }

  /** Forgets everything that was asked for and did not happen yet. */
  clear(): void {
    this.#limits = []
    this.#faults = []
  }

  /** The fault this request meets, which is used up by it. */
  faultFor(asked: Asked): Fault | undefined {
    const fault = this.#faults.find((one) => one.method === asked.method && fits(one.path, asked.path))
    if (fault === undefined) return undefined
    if (--fault.times <= 0) this.#faults = this.#faults.filter((one) => one !== fault)
    return fault
  }

  /** Whether the request comes too soon; else it counts, and the headers of its bucket are set. */
  refuses(asked: Asked, response: ServerResponse): Refused | undefined {
    const limit = this.#limits.find(
      (one) => (one.method ?? asked.method) === asked.method && (one.path === undefined || fits(one.path, asked.path)),
    )
    const bucket = bucketOf(asked)
    if (limit !== undefined) {
      if (--limit.times <= 0) this.#limits = this.#limits.filter((one) => one !== limit)
      const scope = limit.scope === 'route' ? 'user' : limit.scope
      if (scope !== 'global')
        this.#headers(response, bucket, { limit: 5, left: 0, reset_after_ms: limit.retry_after_ms })
      return { scope, retry_after_ms: limit.retry_after_ms }
    }
    const all = this.#take('global', this.#rates.global)
    if (all !== undefined && all.left < 0) return { scope: 'global', retry_after_ms: all.reset_after_ms }
    const state = this.#take(bucket, this.#rateOf(asked)) ?? roomy
    this.#headers(response, bucket, { ...state, left: Math.max(0, state.left) })
    return state.left < 0 ? { scope: 'user', retry_after_ms: state.reset_after_ms } : undefined
  }

  #rateOf({ method, path }: Asked): Rate | undefined {
    if (!/^\/channels\/\d+\/messages/.test(path)) return undefined
    return method === 'POST' ? this.#rates.post : method === 'GET' ? this.#rates.get : undefined
  }

  #take(key: string, rate: Rate | undefined): typeof roomy | undefined {
    if (rate === undefined) return undefined
    const now = this.#now()
    const known = this.#windows.get(key)
    const window = known !== undefined && now - known.since_ms < rate.per_ms ? known : { since_ms: now, used: 0 }
    this.#windows.set(key, window)
    window.used++
    return { limit: rate.limit, left: rate.limit - window.used, reset_after_ms: window.since_ms + rate.per_ms - now }
  }

  #headers(response: ServerResponse, bucket: string, state: typeof roomy): void {
    response.setHeader('X-RateLimit-Bucket', bucketName(bucket))
    response.setHeader('X-RateLimit-Limit', state.limit)
    response.setHeader('X-RateLimit-Remaining', state.left)
    response.setHeader('X-RateLimit-Reset', ((this.#now() + state.reset_after_ms) / 1_000).toFixed(3))
    response.setHeader('X-RateLimit-Reset-After', (state.reset_after_ms / 1_000).toFixed(3))
  }
}

/** Answers with 429. Shorter waits than a second are told as a fraction, where Discord would round up. */
export function tooMany(response: ServerResponse, { retry_after_ms, scope }: Refused): void {
  const seconds = retry_after_ms / 1_000
  response.setHeader('Retry-After', seconds < 1 ? seconds : Math.ceil(seconds))
  response.setHeader('X-RateLimit-Scope', scope)
  if (scope === 'global') response.setHeader('X-RateLimit-Global', 'true')
  const message = scope === 'shared' ? 'The resource is being rate limited.' : 'You are being rate limited.'
  json(response, 429, { message, retry_after: seconds, global: scope === 'global' })
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** A bucket is a method and a path, and of ids in it the first, which is the channel or the guild. */
function bucketOf({ method, path }: Asked): string {
  let first = true
  const route = path.replace(/\d{5,20}/g, (id) => {
    const kept = first ? id : ':id'
    first = false
    return kept
  })
  return `${method} ${route}`
}

function fits(pattern: string | RegExp, path: string): boolean {
  return typeof pattern === 'string' ? path.includes(pattern) : pattern.test(path)
}

function bucketName(bucket: string): string {
  // Without the channel: one name stands for one kind of request, and each channel has its own count.
  return createHash('md5')
    .update(bucket.replace(/\d{5,20}/g, ''))
    .digest('hex')
}
