import type { View } from '../../engine/flow/adapter.ts'
import { channelStand, channelsKnown } from '../../systems/cursors.ts'
import type { Where } from './events.ts'
import type { RawChannel } from './raw.ts'
import { isNewer, neighbour } from './snowflake.ts'

/**
 * What may have been said where the world has no cursor yet, while nobody listened: all that is newer than the newest thing
 * that was heard anywhere. A channel that was followed only afterwards begins at its newest message.
 */
export class Silence {
  readonly #view: View
  /** Channels that were followed in this process. */
  readonly #heard = new Set<string>()
  /** Of these, those of before the newest session. */
  #before: ReadonlySet<string> = new Set()
  /** Newest id that Discord has named. */
  #newest = ''
  /** Newest id of before the newest session; empty when nothing was heard before it. */
  #until = ''

  constructor(view: View) {
    this.#view = view
  }

  /** A new session begins: which channels must be fetched from their cursors, and which from the first id that was not heard. O(channels) */
  begin(): { missing: string[]; unheard: [channel: string, from: string][] } {
    const missing: string[] = []
    const silent = new Set(this.#heard)
    let until = this.#newest
    for (const channel of channelsKnown(this.#view)) {
      const stand = channelStand(this.#view, channel)
      if (stand === undefined) continue
      if (stand.cursor !== '' || stand.gone) silent.delete(channel)
      if (isNewer(stand.cursor, until)) until = stand.cursor
      if (!stand.gone && (stand.cursor !== '' || stand.behind)) missing.push(channel)
    }
    this.#until = until
    this.#before = new Set(this.#heard)
    return { missing, unheard: until === '' ? [] : [...silent].map((channel) => [channel, neighbour(until, 1)]) }
  }

  /** A followed channel was named. Answers the first id of a thread that may have been missed; empty when there is none. */
  learn({ id, last_message_id }: RawChannel, { channel, thread }: Where): string {
    const last = last_message_id ?? ''
    const known = this.#heard.has(id)
    this.#heard.add(id)
    for (const one of [id, last]) if (isNewer(one, this.#newest)) this.#newest = one
    if (thread === '' || known || this.#until === '' || !isNewer(last, this.#until)) return ''
    const wasHeard = this.#before.has(channel) || (channelStand(this.#view, channel)?.cursor ?? '') !== ''
    if (!wasHeard || (channelStand(this.#view, id)?.cursor ?? '') !== '') return ''
    return isNewer(id, this.#until) ? id : neighbour(this.#until, 1)
  }
}
