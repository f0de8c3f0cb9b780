import type { View } from '../../engine/flow/adapter.ts'
import { channelStand } from '../../systems/cursors.ts'
import type { Where } from './events.ts'
import type { Follows } from './options.ts'
import type { RawChannel } from './raw.ts'

/** What is known of a channel: where it is in the eyes of events, and whether anybody wants to hear it. */
export type Known = {
  /** Of the world when it was looked at. */
  readonly tick: number
  readonly followed: boolean
  readonly where: Where
  /** The world has not heard of it, or not by this name. */
  readonly fresh: boolean
}

type Info = { readonly name: string; readonly parent: string; readonly guild: string; readonly direct: boolean }

/** Most channels whose answers are kept; beyond it they are made again. */
const keptMax = 65_536

/** Channels as Discord named them and as the world follows them. A look costs one look-up while a tick lasts. */
export class Places {
  readonly #view: View
  readonly #follows: () => Follows
  readonly #infos = new Map<string, Info>()
  readonly #known = new Map<string, Known>()

  constructor(view: View, follows: () => Follows) {
    this.#view = view
    this.#follows = follows
  }

  /** Takes in what Discord says of a channel. Categories and parents of what are no threads mean nothing here. */
  learn(raw: RawChannel, guild = raw.guild_id ?? ''): void {
    const direct = isDirect(raw.type)
    const parent = isThread(raw.type) ? (raw.parent_id ?? '') : ''
    const name = raw.name ?? raw.recipients?.map(({ username }) => username).join(', ') ?? ''
    if (this.#infos.size >= keptMax) this.#infos.clear()
    this.#infos.set(raw.id, { name, parent, guild, direct })
    this.#known.delete(raw.id)
  }

  forget(channel: string): void {
    this.#infos.delete(channel)
    this.#known.delete(channel)
  }

  /**
   * What is known of a channel; undefined when it may be a thread of a followed one, and nobody has said so yet.
   * @param guild as the gateway says it: undefined means a direct conversation, null that it was not said
   */
  at(channel: string, guild: string | undefined | null): Known | undefined {
    const known = this.#known.get(channel)
    const { tick } = this.#view
    if (known !== undefined && known.tick === tick) return known
    const made = this.#made(channel, guild, tick)
    if (made === undefined) return undefined
    if (this.#known.size >= keptMax) this.#known.clear()
    if (guild !== null) this.#known.set(channel, made)
    return made
  }

  #made(channel: string, guild: string | undefined | null, tick: number): Known | undefined {
    const info = this.#infos.get(channel)
    const stand = channelStand(this.#view, channel)
    const { channels, others, direct: hearsDirect } = this.#follows()
    const named = channels.has(channel)
    const direct = info?.direct ?? stand?.direct ?? (guild === undefined && !named)
    const parent = info?.parent ?? stand?.parent ?? ''
    if (info === undefined && stand === undefined && !named && !direct) return undefined
    const ofParent = parent !== '' && (channels.has(parent) || channelStand(this.#view, parent)?.followed === true)
    const wanted = named || ofParent || (direct ? hearsDirect : others)
    const name = info?.name ?? stand?.name ?? ''
    return {
      tick,
      followed: wanted || stand?.followed === true,
      where: {
        channel: parent === '' ? channel : parent,
        thread: parent === '' ? '' : channel,
        name,
        guild: info?.guild || (guild ?? ''),
        direct,
      },
      fresh: stand === undefined || stand.name !== name || stand.parent !== parent,
    }
  }
}

/** Of text channels and their threads, and of others where people write, but not of categories. */
export function canHold({ type }: RawChannel): boolean {
  return type !== 4 && type !== 14 && type !== 15 && type !== 16
}

function isThread(type: number): boolean {
  return type >= 10 && type <= 12
}

function isDirect(type: number): boolean {
  return type === 1 || type === 3
}
