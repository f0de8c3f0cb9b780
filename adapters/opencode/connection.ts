import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../engine/errors.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import { opencodeRead_ms } from '../../systems/cursors.ts'
import { OpencodeRead, OpencodeStand } from '../../systems/events.ts'
import type { OpencodeFolderClient } from './client.ts'
import { Intake } from './intake.ts'

/** Waits between attempts, in milliseconds. */
export type OpencodeTimes = { readonly first_ms: number; readonly most_ms: number }
export type OpencodeState = 'connecting' | 'ready' | 'waiting' | 'stopped'

/** Pages of one session that are read back at most. */
const pages_max = 10_000

/**
 * Hears one directory of an opencode server: its stream, and the history of every session of which the stream may have
 * missed something. One page of a history in memory at a time.
 */
export class Connection {
  state: OpencodeState = 'connecting'
  /** Of the newest failure; empty when there was none. */
  last_error = ''
  readonly intake: Intake
  readonly #client: () => Promise<OpencodeFolderClient>
  readonly #outside: Outside
  readonly #times: OpencodeTimes
  readonly #signal: AbortSignal
  readonly #wanted = new Set<string>()
  readonly #directory: string
  /** The world was told that it is away, and not that it is back. */
  #saidAway = false
  #filling: Promise<void> | undefined

  constructor(
    client: () => Promise<OpencodeFolderClient>,
    outside: Outside,
    more: { directory: string; times: OpencodeTimes; signal: AbortSignal },
  ) {
    this.#client = client
    this.#outside = outside
    this.#times = more.times
    this.#signal = more.signal
    this.#directory = more.directory
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
        if (!this.#saidAway) this.#stand({ state: 'away', reason: this.last_error, permissions: [] })
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

  #fill(client: OpencodeFolderClient, signal: AbortSignal, all: boolean, failed: (thrown: unknown) => void): void {
    if (this.#filling !== undefined) return
    this.#filling = this.#read(client, signal, all)
      .catch((thrown: unknown) => {
        if (!signal.aborted) failed(thrown)
      })
      .finally(() => {
        this.#filling = undefined
      })
  }

  async #read(client: OpencodeFolderClient, signal: AbortSignal, all: boolean): Promise<void> {
    const updated = new Map<string, number>()
    if (all) {
      const permissions = await this.intake.open(await client.permissions(signal))
      this.#stand({ state: 'ready', reason: '', permissions })
      for (const session of await client.sessions(signal)) {
        const { id, time } = session
        if (time.updated <= opencodeRead_ms(this.#outside.view, id)) continue
        await this.intake.listed(session)
        updated.set(id, time.updated)
        this.#wanted.add(id)
      }
    }
    for (const session of this.#wanted) {
      // Said to be behind again from here on, it is read once more.
      this.#wanted.delete(session)
      try {
        await this.#readSession(client, session, signal)
        await this.#known(session, updated.get(session))
      } catch (thrown) {
        this.#wanted.add(session)
        throw thrown
      }
    }
  }

  /** Reads back to the page in which nothing is new, and then what is new, oldest first. */
  async #readSession(client: OpencodeFolderClient, session: string, signal: AbortSignal): Promise<void> {
    const newer: (string | undefined)[] = []
    const cursors = new Set<string>()
    let at: string | undefined
    let page = await client.page(session, at, signal)
    while (page.before !== undefined && newer.length < pages_max && this.intake.hasNews(page.entries)) {
      // A cursor that leads where it came from would lead there for ever.
      if (cursors.has(page.before)) break
      cursors.add(page.before)
      newer.push(at)
      at = page.before
      page = await client.page(session, at, signal)
    }
    for (const entry of page.entries) await this.intake.read(entry)
    for (const cursor of newer.reverse()) {
      const { entries } = await client.page(session, cursor, signal)
      for (const entry of entries) await this.intake.read(entry)
    }
  }

  /** All that a session was when it was listed is in the world, or before it in the ring. */
  async #known(session: string, read_ms: number | undefined): Promise<void> {
    if (read_ms === undefined) return
    const source = { kind: 'opencode', channel: this.#directory, thread: session }
    while (!this.#outside.publish({ type: OpencodeRead.name, source, payload: { read_ms } })) await this.#outside.room()
  }

  #stand(payload: OpencodeStand): void {
    const source = { kind: 'opencode', channel: this.#directory }
    this.#saidAway = payload.state === 'away'
    if (!this.#outside.publish({ type: OpencodeStand.name, source, payload })) {
      this.#outside.log.debug({ state: payload.state }, 'no room to say how it stands with opencode')
    }
  }
}

async function slept(wait_ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(wait_ms, undefined, { signal, ref: false })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}
