import { EffectFailure, type Outside } from '../../engine/flow/adapter.ts'
import { channelStand } from '../../systems/cursors.ts'
import type { DiscordApi } from './api.ts'
import { Backoff, slept } from './backoff.ts'
import { channelOf, editedEventOf, editedOf, saidOf } from './events.ts'
import type { Intake } from './intake.ts'
import type { BackfillOrder, DiscordTimes } from './options.ts'
import type { RawChannel, RawMessage } from './raw.ts'
import { idBefore, neighbour } from './snowflake.ts'

const pageMax = 100
/** So many messages before the cursor are looked at for edits that were missed. */
const editsMax = 50
/** Most messages that are fetched backwards on request, because they are turned round in memory. */
const backwardsMax = 10_000

export type BackfillParts = {
  readonly api: () => Promise<DiscordApi>
  readonly outside: Outside
  readonly intake: Intake
  readonly times: DiscordTimes
  readonly random: () => number
  readonly signal: AbortSignal
  readonly failed: (thrown: unknown) => void
}

/**
 * Fetches what the gateway did not bring: a channel's messages from the world's cursor on, one channel after the other,
 * and channels that nobody knows. One page of a channel in memory at a time.
 */
export class Backfill {
  readonly #parts: BackfillParts
  /** Channels that wait, in order. */
  readonly #wanted = new Set<string>()
  readonly #unknown = new Set<string>()
  #running: Promise<void> | undefined

  constructor(parts: BackfillParts) {
    this.#parts = parts
  }

  /** Has a channel fetched that was said to be behind; one that is being fetched is fetched once more. */
  want(channel: string): void {
    this.#wanted.add(channel)
    this.#run()
  }

  /** Has a channel looked up. */
  lookUp(channel: string): void {
    this.#unknown.add(channel)
    this.#run()
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** Fetches on request, as `DiscordAdapter.backfill` says. */
  async fetch(channel: string, order: BackfillOrder): Promise<{ read: number; published: number }> {
    const { limit = 1_000, since } = order
    const signal = AbortSignal.any([this.#parts.signal, ...(order.signal === undefined ? [] : [order.signal])])
    const api = await this.#parts.api()
    if (this.#parts.intake.places.at(channel, null) === undefined) {
      this.#parts.intake.places.learn(await api.channel(channel))
    }
    const done = { read: 0, published: 0 }
    if (since === undefined) {
      const pages = await backwards(api, channel, Math.min(limit, backwardsMax), signal)
      for (const page of pages.reverse()) await this.#history(page, done)
      return done
    }
    for (let after = idBefore(since); done.read < limit; ) {
      const page = await api.messages(channel, { after, limit: Math.min(pageMax, limit - done.read) }, signal)
      await this.#history(page, done)
      if (page.length < pageMax) break
      after = page.at(-1)!.id
    }
    return done
  }

  async #history(page: readonly RawMessage[], done: { read: number; published: number }): Promise<void> {
    const { intake } = this.#parts
    for (const message of page) {
      done.read++
      const known = intake.places.at(message.channel_id, null)
      const event = known === undefined ? undefined : saidOf(message, known.where, intake.self, undefined, true)
      if (event === undefined) continue
      await intake.flow.put(event)
      done.published++
    }
  }

  #run(): void {
    if (this.#running !== undefined) return
    this.#running = this.#work()
  }

  async #work(): Promise<void> {
    const { signal, times, random, failed } = this.#parts
    const backoff = new Backoff(times, random)
    while (!signal.aborted) {
      const [unknown] = this.#unknown
      const [wanted] = this.#wanted
      if (unknown === undefined && wanted === undefined) break
      try {
        if (unknown !== undefined) await this.#resolve(unknown)
        else if (wanted !== undefined) await this.#fill(wanted)
        backoff.reset()
      } catch (thrown) {
        if (signal.aborted) return
        failed(thrown)
        // The others have their turn before it is tried again.
        if (unknown === undefined && wanted !== undefined && this.#wanted.delete(wanted)) this.#wanted.add(wanted)
        const asked_ms = thrown instanceof EffectFailure ? (thrown.retry_after_ms ?? 0) : 0
        if (!(await slept(Math.max(backoff.next(), asked_ms), signal))) return
      }
    }
    this.#running = undefined
  }

  async #resolve(channel: string): Promise<void> {
    let raw: RawChannel | undefined
    try {
      raw = await (await this.#parts.api()).channel(channel)
    } catch (thrown) {
      if (refusalOf(thrown) === '') throw thrown
    }
    this.#unknown.delete(channel)
    this.#parts.intake.found(channel, raw)
  }

  async #fill(channel: string): Promise<void> {
    const { intake, outside, signal } = this.#parts
    this.#wanted.delete(channel)
    try {
      await this.#pages(channel)
    } catch (thrown) {
      const code = refusalOf(thrown)
      if (code === '') {
        if (!signal.aborted) this.#wanted.add(channel)
        throw thrown
      }
      outside.log.warn({ channel, code }, 'messages of a channel were missed and cannot be fetched')
      await intake.flow.put(channelOf(channel, { state: code === 'DISCORD_MISSING' ? 'gone' : 'caught_up' }))
      intake.close(channel)
    }
    if (this.#wanted.has(channel)) intake.behind(channel)
  }

  /** Everything from the cursor on, until what the gateway brings follows without a hole. */
  async #pages(channel: string): Promise<void> {
    const { api, outside, intake, signal } = this.#parts
    const client = await api()
    // What is still in the ring moves the cursor.
    await outside.flushed()
    const gap = intake.gaps.get(channel)
    const cursor = channelStand(outside.view, channel)?.cursor ?? ''
    let after = cursor
    if (after === '' && gap !== undefined && gap.first !== '') after = neighbour(gap.first, -1)
    if (cursor !== '') await this.#edits(channel, cursor)
    do {
      this.#wanted.delete(channel)
      for (let full = after !== ''; full; ) {
        if (gap !== undefined) gap.overflowed = false
        const page = await client.messages(channel, { after, limit: pageMax }, signal)
        for (const message of page) {
          const event = intake.eventOf(message)
          if (event !== undefined) await intake.flow.put(event)
        }
        after = page.at(-1)?.id ?? after
        full = page.length === pageMax
      }
      if (after === '' && gap !== undefined) {
        gap.overflowed = false
        after = gap.first === '' ? '' : neighbour(gap.first, -1)
      }
      signal.throwIfAborted()
    } while (!(await intake.caughtUp(channel, after, () => this.#wanted.has(channel))))
  }

  /** The last messages that the world has may have been edited while nobody listened. */
  async #edits(channel: string, cursor: string): Promise<void> {
    const { api, intake, signal } = this.#parts
    const client = await api()
    for (const message of await client.messages(channel, { before: neighbour(cursor, 1), limit: editsMax }, signal)) {
      if (editedOf(message) === 0) continue
      const known = intake.places.at(channel, null)
      const event = known === undefined ? undefined : editedEventOf(message, known.where, intake.self)
      if (event !== undefined) await intake.flow.put(event)
    }
  }
}

async function backwards(api: DiscordApi, channel: string, limit: number, signal: AbortSignal) {
  const pages: RawMessage[][] = []
  for (let left = limit, before: string | undefined; left > 0; ) {
    const query = { limit: Math.min(pageMax, left), ...(before === undefined ? undefined : { before }) }
    const page = await api.messages(channel, query, signal)
    if (page.length > 0) pages.push(page)
    if (page.length < query.limit) break
    left -= page.length
    before = page[0]!.id
  }
  return pages
}

/** The code of a refusal that asking again does not change; empty for all else. */
function refusalOf(thrown: unknown): string {
  const final = thrown instanceof EffectFailure && ['DISCORD_FORBIDDEN', 'DISCORD_MISSING'].includes(thrown.code)
  return final ? thrown.code : ''
}
