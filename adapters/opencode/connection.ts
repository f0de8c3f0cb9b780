import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../engine/errors.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import type { OpencodeClient } from './client.ts'
import { Intake } from './intake.ts'

/** Waits between attempts, in milliseconds. */
export type OpencodeTimes = { readonly first_ms: number; readonly most_ms: number }
export type OpencodeState = 'connecting' | 'ready' | 'waiting' | 'stopped'

/** Sessions whose clock ran a little behind are read again. */
const margin_ms = 60_000

/**
 * Hears one directory of an opencode server: its stream, and the history of every session of which the stream may have
 * missed something. One session's history in memory at a time.
 */
export class Connection {
  state: OpencodeState = 'connecting'
  /** Of the newest failure; empty when there was none. */
  last_error = ''
  readonly intake: Intake
  readonly #client: () => Promise<OpencodeClient>
  readonly #outside: Outside
  readonly #times: OpencodeTimes
  readonly #signal: AbortSignal
  readonly #wanted = new Set<string>()
  /** All sessions that changed since then are read when the stream begins. */
  #since_ms = 0
  #filling: Promise<void> | undefined

  constructor(
    client: () => Promise<OpencodeClient>,
    outside: Outside,
    more: { directory: string; times: OpencodeTimes; signal: AbortSignal },
  ) {
    this.#client = client
    this.#outside = outside
    this.#times = more.times
    this.#signal = more.signal
    this.intake = new Intake(outside, more.directory, (session) => this.#wanted.add(session))
  }

  /** Listens until the signal is aborted, however often opencode goes away. */
  async run(): Promise<void> {
    let wait_ms = this.#times.first_ms
    while (!this.#signal.aborted) {
      this.state = 'connecting'
      try {
        if (await this.#listen()) wait_ms = this.#times.first_ms
      } catch (thrown) {
        if (this.#signal.aborted) break
        this.last_error = reasonOf(thrown)
        this.#outside.log.warn({ reason: this.last_error, wait_ms }, 'opencode is away and is tried again')
      }
      this.state = 'waiting'
      await slept(wait_ms, this.#signal)
      wait_ms = Math.min(wait_ms * 2, this.#times.most_ms)
    }
    await this.#filling
    this.state = 'stopped'
  }

  /** True when the stream brought anything before it ended. */
  async #listen(): Promise<boolean> {
    const client = await this.#client()
    const cut = new AbortController()
    const signal = AbortSignal.any([this.#signal, cut.signal])
    let failed: unknown
    try {
      for await (const event of client.events(signal)) {
        if (this.state !== 'ready') {
          this.state = 'ready'
          // From here on nothing is missed, so what was before it is read now.
          this.#fill(client, signal, true, (thrown) => {
            failed = thrown
            cut.abort()
          })
        }
        this.intake.hear(event)
        if (this.#wanted.size > 0)
          this.#fill(client, signal, false, (thrown) => {
            failed = thrown
            cut.abort()
          })
      }
    } finally {
      cut.abort()
      await this.#filling
    }
    if (failed !== undefined) throw failed
    return this.state === 'ready'
  }

  #fill(client: OpencodeClient, signal: AbortSignal, all: boolean, failed: (thrown: unknown) => void): void {
    if (this.#filling !== undefined) return
    this.#filling = this.#read(client, signal, all)
      .catch((thrown: unknown) => {
        if (!signal.aborted) failed(thrown)
      })
      .finally(() => {
        this.#filling = undefined
      })
  }

  async #read(client: OpencodeClient, signal: AbortSignal, all: boolean): Promise<void> {
    let newest_ms = this.#since_ms
    if (all) {
      for (const { id, time } of await client.sessions(signal)) {
        if (time.updated + margin_ms < this.#since_ms) continue
        this.#wanted.add(id)
        newest_ms = Math.max(newest_ms, time.updated)
      }
    }
    for (const session of this.#wanted) {
      // Said to be behind again from here on, it is read once more.
      this.#wanted.delete(session)
      try {
        for (const entry of await client.messages(session, signal)) await this.intake.read(entry)
      } catch (thrown) {
        this.#wanted.add(session)
        throw thrown
      }
    }
    this.#since_ms = newest_ms
  }
}

async function slept(wait_ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(wait_ms, undefined, { signal, ref: false })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}
