import type { IncomingMessage, ServerResponse } from 'node:http'
import { EngineError } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import type { Event } from '../../engine/flow/event.ts'
import { globOf } from './glob.ts'
import { wrongMethod } from './guard.ts'
import { headersAlways, problem, type Reply } from './http.ts'
import type { Change, Frame, Hello } from './shapes.ts'

/** The part of a frame that all who look share. */
export type CommonFrame = Omit<Frame, 'events' | 'events_left_out' | 'changes' | 'changes_left_out'>

/** Tells what changed in some archetypes since it was asked last. */
export type Watcher = () => { readonly changes: readonly Change[]; readonly left_out: number }

/** What a stream is made of. */
export type LiveView = {
  tick(): number
  hello(): Omit<Hello, 'write'>
  /** How things stand, with the ticks after this one. */
  frame(after_tick: number): CommonFrame
  /** Hears every event once it is durable. Returns the way to stop. */
  hear(listener: (event: Event) => void): () => void
  /** @throws EngineError ARCHETYPE_UNKNOWN for a name of none */
  watch(names: readonly string[]): Watcher
}

export type LiveLimits = {
  /** Milliseconds between two frames. */
  readonly frame_ms: number
  /** Frames of which nothing but idle ticks would be told are left out, but for one in so many. */
  readonly idle_frames: number
  /** Most streams at once; further ones are refused. */
  readonly streams_max: number
  /** How long a client may leave its frames unread before it is dropped. */
  readonly unread_ms: number
}

export const defaultLiveLimits: LiveLimits = { frame_ms: 100, idle_frames: 5, streams_max: 32, unread_ms: 5_000 }

const eventsMax = 50
/** An event with more JSON than this is told without its payload, in characters. */
const eventCharsMax = 16_384
/** As many ticks as a new client is told of. */
const ticksBefore = 200

type Client = {
  readonly response: ServerResponse
  readonly wanted: ((type: string) => boolean) | undefined
  readonly watcher: Watcher | undefined
  events: string[]
  left_out: number
  /** When it stopped reading, or 0. */
  unread_since: number
}

/** Streams of frames to whoever looks. One timer and one text for all of them; without clients there is neither. */
export class Live {
  readonly #view: LiveView
  readonly #write: boolean
  readonly #log: Log
  readonly #limits: LiveLimits
  readonly #clients = new Set<Client>()
  #timer: NodeJS.Timeout | undefined
  #deaf: () => void = () => {}
  #tick = 0
  #idle = 0
  #heard = 0
  #shown = ''

  constructor(view: LiveView, options: { write: boolean; log: Log; limits?: Partial<LiveLimits> }) {
    this.#view = view
    this.#write = options.write
    this.#log = options.log
    this.#limits = { ...defaultLiveLimits, ...options.limits }
  }

  /** The reply to a question for a stream: 400 for parameters or names nobody knows, 503 when there are too many streams. */
  answer(method: string | undefined, question: string): Reply {
    if (method !== 'GET') return wrongMethod('GET')
    const query = new URLSearchParams(question)
    if ([...query.keys()].some((name) => name !== 'tap' && name !== 'watch')) {
      return problem(400, 'QUERY', '/api/stream takes tap and watch')
    }
    try {
      return this.#open(query)
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown
      return problem(400, thrown.code, thrown.message.slice(thrown.code.length + 2))
    }
  }

  #open(query: URLSearchParams): Reply {
    if (this.#clients.size >= this.#limits.streams_max) {
      return problem(503, 'STREAMS', `there are ${this.#clients.size} streams already; close one`)
    }
    const tap = query.get('tap')
    const names = (query.get('watch') ?? '').split(',').filter((name) => name !== '')
    const wanted = tap === null || tap === '' ? undefined : globOf(tap)
    const watcher = names.length === 0 ? undefined : this.#view.watch(names)
    const take = (_request: IncomingMessage, response: ServerResponse): void => {
      this.#admit({ response, wanted, watcher, events: [], left_out: 0, unread_since: 0 })
    }
    return { status: 200, text: '', take }
  }

  /** Ends all streams. */
  close(): void {
    for (const { response } of this.#clients) response.end()
    this.#clients.clear()
    this.#rest()
  }

  #admit(client: Client): void {
    const { response } = client
    response.writeHead(200, { ...headersAlways, 'content-type': 'text/event-stream; charset=utf-8' })
    response.socket?.setTimeout(0)
    response.on('close', () => this.#leave(client))
    response.on('drain', () => {
      client.unread_since = 0
    })
    if (this.#clients.size === 0) this.#begin()
    this.#clients.add(client)
    this.#send(client, `event: hello\ndata: ${JSON.stringify({ ...this.#view.hello(), write: this.#write })}\n\n`)
    this.#tell(client, JSON.stringify(this.#view.frame(Math.max(0, this.#view.tick() - ticksBefore))))
  }

  #begin(): void {
    this.#tick = this.#view.tick()
    this.#timer = setInterval(() => this.#frame(), this.#limits.frame_ms)
    this.#timer.unref()
    this.#deaf = this.#view.hear((event) => this.#hear(event))
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#deaf()
  }

  #leave(client: Client): void {
    if (this.#clients.delete(client) && this.#clients.size === 0) this.#rest()
  }

  #hear(event: Event): void {
    this.#heard++
    let text: string | undefined
    for (const client of this.#clients) {
      if (client.wanted === undefined || !client.wanted(event.type)) continue
      if (client.events.length === eventsMax) client.left_out++
      else {
        text ??= shortened(event)
        client.events.push(text)
      }
    }
  }

  #frame(): void {
    const frame = this.#view.frame(this.#tick)
    const state = `${frame.health} ${frame.paused}`
    const nothing = this.#heard === 0 && state === this.#shown
    if (nothing && ++this.#idle < this.#limits.idle_frames) return
    this.#idle = 0
    this.#heard = 0
    this.#shown = state
    this.#tick = frame.tick
    const common = JSON.stringify(frame)
    for (const client of this.#clients) this.#tell(client, common)
  }

  /** A client that does not keep up misses frames; one that reads nothing at all is let go. */
  #tell(client: Client, common: string): void {
    if (client.unread_since > 0) {
      if (performance.now() - client.unread_since < this.#limits.unread_ms) return
      this.#log.warn({}, 'a client of the inspector does not read its stream and was dropped')
      client.response.destroy()
      return
    }
    const { changes, left_out } = client.watcher?.() ?? { changes: [], left_out: 0 }
    const own = `"events":[${client.events.join(',')}],"events_left_out":${client.left_out},"changes":${JSON.stringify(changes)},"changes_left_out":${left_out}`
    client.events = []
    client.left_out = 0
    this.#send(client, `event: frame\ndata: ${common.slice(0, -1)},${own}}\n\n`)
  }

  #send(client: Client, text: string): void {
    if (!client.response.write(text) && client.unread_since === 0) client.unread_since = performance.now()
  }
}

function shortened(event: Event): string {
  const text = JSON.stringify(event)
  if (text.length <= eventCharsMax) return text
  const { id, ts, type, source } = event
  return JSON.stringify({ id, ts, type, source, payload: { characters_left_out: text.length } })
}
