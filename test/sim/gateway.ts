import type { DiscordApi } from '../../adapters/discord/api.ts'
import { deletedOf, editedEventOf, reactionOf, saidOf, type Where } from '../../adapters/discord/events.ts'
import { sending } from '../../adapters/discord/sending.ts'
import { isNewer } from '../../adapters/discord/snowflake.ts'
import { type Adapter, EffectFailure, type Outside } from '../../engine/flow/adapter.ts'
import type { EventInput, Payload } from '../../engine/flow/event.ts'
import { channelStand, shardStand } from '../../systems/cursors.ts'
import { DiscordChannelSeen, DiscordGateway } from '../../systems/events.ts'
import type { Agenda } from './agenda.ts'
import type { Dice } from './dice.ts'
import { delayOf, type Faults } from './faults.ts'
import type { Dispatch, Guild } from './guild.ts'
import type { Calls } from './neighbour.ts'
import { bots, channels, general, me } from './troupe.ts'

const patience_ms = 60_000
const self = { id: me, application: '' }
const shard = 0

export type GatewayOptions = {
  readonly guild: Guild
  readonly agenda: Agenda
  readonly calls: Calls
  readonly faults: Faults
  readonly dice: Dice
  /** A planted bug: now and then something that is said is not passed on. */
  readonly deaf: boolean
}

type Post = Parameters<DiscordApi['post']>

/**
 * The connection to Discord in one life of the process: it goes on where the world says that it stopped, or begins anew
 * and fetches what was said meanwhile; what finds no room waits. Posts and searches go through the real adapter's code.
 */
export class Gateway {
  readonly adapter: Adapter
  readonly #options: GatewayOptions
  readonly #waiting: EventInput[] = []
  #outside: Outside | undefined
  /** How many dispatches this connection has passed on; undefined while there is none. */
  #at: number | undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    const api = this.#api() as DiscordApi
    this.adapter = {
      name: 'discord',
      effects: sending(async () => api),
      start: (outside) => {
        this.#outside = outside
        options.calls.after(this.#delay(), () => this.#connect())
      },
    }
  }

  /** True when the world has been offered all that Discord has said. */
  get told(): boolean {
    return this.#at === this.#options.guild.dispatches.length && this.#waiting.length === 0
  }

  /** Passes on what is new, as far as there is room. O(what is new) */
  pump(): void {
    const { guild, faults, dice } = this.#options
    if (this.#at === undefined || this.told) return
    if (faults.strikes('late', dice, 0.3)) return
    if (faults.strikes('lost_hints', dice, 0.01)) return this.#drop()
    while (this.#at < guild.dispatches.length) {
      this.#pass(guild.dispatches[this.#at++]!)
      if (!faults.strikes('twice', dice, 0.15)) continue
      for (let again = dice.whole(1, 3); again > 0; again--) this.#pass(guild.dispatches[dice.whole(0, this.#at - 1)]!)
    }
    this.#flush()
  }

  #drop(): void {
    this.#at = undefined
    this.#waiting.length = 0
    this.#options.calls.after(this.#delay(), () => this.#connect())
  }

  #connect(): void {
    const outside = this.#outside!
    const stand = shardStand(outside.view, shard)
    const resumes = stand !== undefined && stand.session !== '' && this.#options.dice.chance(0.6)
    if (resumes) {
      this.#fetch((channel) => channelStand(outside.view, channel)?.behind === true)
      this.#say({ state: 'resumed' })
      this.#at = stand.sequence
    } else this.#identify(stand === undefined)
    this.#flush()
  }

  /** A session of its own sequence: what was said since the cursors is fetched, in between nothing else is passed on. */
  #identify(first: boolean): void {
    const { guild } = this.#options
    this.#at = first ? 0 : guild.dispatches.length
    this.#say({ state: 'identified' })
    if (!first) for (const channel of [general, bots]) this.#seen(channel, 'behind')
    this.#say({
      state: 'ready',
      session: `session ${guild.dispatches.length}`,
      resume_url: 'wss://sim',
      sequence: this.#at,
    })
    if (!first) this.#fetch(() => true)
  }

  #fetch(which: (channel: string) => boolean): void {
    const { guild } = this.#options
    for (const channel of [general, bots].filter(which)) {
      const cursor = channelStand(this.#outside!.view, channel)?.cursor ?? ''
      for (const message of guild.messages(channel)) {
        if (cursor === '' || isNewer(message.id, cursor)) this.#offer(saidOf(message, whereOf(channel), self))
      }
      this.#seen(channel, 'caught_up')
    }
  }

  #pass(dispatch: Dispatch): void {
    if (this.#options.deaf && dispatch.s % 2 === 0) return
    const place = { shard, sequence: dispatch.s }
    if (dispatch.t === 'create') {
      return this.#offer(saidOf(dispatch.message, whereOf(dispatch.message.channel_id), self, place))
    }
    if (dispatch.t === 'update') {
      return this.#offer(editedEventOf(dispatch.message, whereOf(dispatch.message.channel_id), self, place))
    }
    const where = whereOf(dispatch.channel)
    if (dispatch.t === 'delete') return this.#offer(deletedOf([dispatch.id], where, place))
    const { user, id, channel, s } = dispatch
    const reaction = { user_id: user, channel_id: channel, message_id: id, emoji: { name: '🦆' } }
    this.#offer(reactionOf(reaction, true, { where, self, sequence: s, place }))
  }

  #say(payload: Payload): void {
    this.#offer({ type: DiscordGateway.name, source: { kind: 'discord' }, payload: { shard, ...payload } })
  }

  #seen(channel: string, state: 'behind' | 'caught_up'): void {
    this.#offer({ type: DiscordChannelSeen.name, source: { kind: 'discord', channel }, payload: { channel, state } })
  }

  #offer(event: EventInput | undefined): void {
    if (event !== undefined) this.#waiting.push(event)
  }

  /** In the order in which it was said: behind what finds no room everything waits. */
  #flush(): void {
    let taken = 0
    while (taken < this.#waiting.length && this.#outside!.publish(this.#waiting[taken]!)) taken++
    this.#waiting.splice(0, taken)
  }

  #delay(): number {
    return Math.min(patience_ms, delayOf(this.#options.faults, this.#options.dice))
  }

  #api(): Pick<DiscordApi, 'me' | 'channel' | 'messages' | 'post'> {
    const { calls, guild } = this.#options
    return {
      me: async () => ({ id: me, username: 'duck' }),
      channel: async (id) => ({ id, type: 0, last_message_id: guild.messages(id).at(-1)?.id ?? null }),
      messages: (channel, { after, before, limit = 100 }) =>
        calls.later(this.#delay(), () => {
          this.#fail(0.15)
          const all = guild.messages(channel)
          if (before !== undefined) return all.filter(({ id }) => isNewer(before, id)).slice(-limit)
          const since = after === undefined ? all.slice(-limit) : all.filter(({ id }) => isNewer(id, after))
          return since.slice(0, limit)
        }),
      post: (...args: Post) => this.#post(args),
    }
  }

  /** A post that has left lands even when whoever sent it dies; nobody then hears of it. */
  #post([channel, message]: Post): Promise<{ id: string }> {
    const { guild, agenda, calls, faults, dice } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<{ id: string }>()
    const travels = dice.chance(0.5)
    agenda.after(this.#delay(), () => {
      if (calls.dead && !travels) return
      try {
        this.#fail(0.15)
        const posted = guild.post(channel, message)
        const lost = faults.strikes('transient', dice, 0.1)
        if (lost) throw new EffectFailure('DISCORD_UNSURE', 'the connection broke before the answer')
        resolve(posted)
      } catch (thrown) {
        reject(thrown)
      }
    })
    return calls.carried(promise, () => this.#delay())
  }

  #fail(probability: number): void {
    const { faults, dice } = this.#options
    if (!faults.strikes('transient', dice, probability)) return
    const code = dice.pick(['DISCORD_RATE_LIMITED', 'DISCORD_AWAY'])
    throw new EffectFailure(code, `Discord says ${code}`, { transient: true })
  }
}

const names = new Map<string, string>([
  [general, 'general'],
  [bots, 'bots'],
])

function whereOf(channel: string): Where {
  if (!channels.some((each) => each === channel)) throw new Error(`there is no channel ${channel}`)
  return { channel, thread: '', name: names.get(channel) ?? 'elsewhere', guild: '1', direct: false }
}
