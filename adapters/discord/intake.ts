import { reasonOf } from '../../engine/errors.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import { channelStand, channelsKnown } from '../../systems/cursors.ts'
import { DiscordGateway } from '../../systems/events.ts'
import { Announcer } from './announcer.ts'
import { Emptiness } from './emptiness.ts'
import { channelOf, deletedOf, editedEventOf, type Place, reactionOf, type Self, saidOf, type Where } from './events.ts'
import { Flow } from './flow.ts'
import { Gap, type Held } from './gap.ts'
import type { Follows } from './options.ts'
import { canHold, Places } from './places.ts'
import type { RawChannel, RawDispatch, RawGuild, RawMessage, RawReaction, RawReady } from './raw.ts'
import { Silence } from './silence.ts'
import { isNewer } from './snowflake.ts'

/** What the intake leaves to others, because it takes time. */
export type IntakeHost = {
  readonly follows: () => Follows
  /** A channel was said to be behind: its messages are to be fetched, and `caughtUp` called. */
  readonly fetch: (channel: string) => void
  /** Nobody knows what channel this is: it is to be looked up, and `found` called. */
  readonly lookUp: (channel: string) => void
}

type Placed = { readonly channel_id: string; readonly guild_id?: string }

/** Most dispatches that wait for a channel to be looked up. */
const laterMax = 1_000

/**
 * Turns what the gateway says into events, in order: `dispatch` takes one parsed dispatch and costs what its text costs.
 * Whom the policy does not follow it passes over. O(1) a dispatch beside the text, but O(channels of it) for a guild.
 */
export class Intake {
  readonly flow: Flow
  readonly places: Places
  readonly emptiness: Emptiness
  /** Channels whose messages are held back while others of them are fetched, or while they are looked up. */
  readonly gaps = new Map<string, Gap>()
  /** Dispatches that could not be read. */
  refused = 0
  self: Self = { id: '', application: '' }
  readonly #outside: Outside
  readonly #host: IntakeHost
  readonly #held: Held = { count: 0 }
  readonly #announcer = new Announcer()
  readonly #later: RawDispatch[] = []
  readonly #silence: Silence
  /** Newest sequence that an event carried. */
  #said = 0

  constructor(outside: Outside, host: IntakeHost) {
    this.#outside = outside
    this.#host = host
    this.places = new Places(outside.view, host.follows)
    this.#silence = new Silence(outside.view)
    this.emptiness = new Emptiness(outside.log)
    this.flow = new Flow(outside, (channel) => channelOf(channel, { state: 'behind' }), host.fetch)
  }

  /** Takes one dispatch. Never throws: what cannot be read is counted, and logged by its kind. */
  dispatch(dispatch: RawDispatch): void {
    try {
      this.#take(dispatch)
    } catch (thrown) {
      this.refused++
      const fields = { type: dispatch.t, sequence: dispatch.s, reason: reasonOf(thrown) }
      this.#outside.log.warn(fields, 'a dispatch of Discord could not be read and was passed over')
    }
  }

  /** A session begins or goes on at this sequence. */
  begin(sequence: number): void {
    this.flow.begin(sequence)
    this.#said = sequence
  }

  /** Says how far the gateway was heard when no event has said it. */
  sayPlace(): void {
    if (this.flow.clogged || this.flow.sequence <= this.#said) return
    this.say({ state: 'at' }, this.#place())
    this.#said = this.flow.sequence
  }

  /** Says how it stands with the gateway. */
  say(state: DiscordGateway, place: Place = undefined): void {
    const source = { kind: 'discord' }
    this.flow.offer({ type: DiscordGateway.name, source, payload: { ...state, ...place } }, this.flow.sequence, true)
  }

  /**
   * A channel was read up to `newest`: what was held of it goes on. True when it is live again; false when more must be fetched.
   * @param isStale says that a session ended meanwhile, so that there may be another hole
   */
  async caughtUp(channel: string, newest: string, isStale: () => boolean): Promise<boolean> {
    const gap = this.gaps.get(channel)
    for (;;) {
      if (gap?.overflowed || isStale()) return false
      const message = gap?.peek()
      const fresh = message !== undefined && isNewer(message.id, newest) ? this.eventOf(message) : undefined
      const event = message === undefined ? channelOf(channel, { state: 'caught_up' }) : fresh
      if (event !== undefined && !this.flow.try(event)) await this.#outside.room()
      else if (message === undefined) break
      else gap?.shift()
    }
    this.close(channel)
    return true
  }

  /** A channel was looked up; without an answer it is one of which Discord says nothing. */
  found(channel: string, raw: RawChannel | undefined): void {
    this.places.learn(raw ?? { id: channel, type: 0 })
    if (this.places.at(channel, null)?.followed) {
      this.#announce(channel)
      // More may have been said than was held: the history has it all.
      this.behind(channel)
      this.flow.release(channel)
    } else this.close(channel)
    for (const late of this.#later.splice(0)) this.dispatch(late)
  }

  /** Nothing is fetched of a channel any more, and nothing held. */
  close(channel: string): void {
    this.gaps.get(channel)?.clear()
    this.gaps.delete(channel)
    this.flow.release(channel)
  }

  #take(dispatch: RawDispatch): void {
    this.flow.received(dispatch.s)
    switch (dispatch.t) {
      case 'MESSAGE_CREATE':
        return this.#message(dispatch.d, dispatch.s)
      case 'MESSAGE_UPDATE':
        return this.#edit(dispatch.d, dispatch)
      case 'MESSAGE_DELETE':
        return this.#delete([dispatch.d.id], dispatch.d, dispatch)
      case 'MESSAGE_DELETE_BULK':
        return this.#delete(dispatch.d.ids, dispatch.d, dispatch)
      case 'MESSAGE_REACTION_ADD':
      case 'MESSAGE_REACTION_REMOVE':
        return this.#react(dispatch.d, dispatch)
      case 'READY':
        return this.#ready(dispatch.d)
      case 'RESUMED':
        return this.say({ state: 'resumed' }, this.#place())
      case 'GUILD_CREATE':
        return this.#guild(dispatch.d)
      case 'THREAD_LIST_SYNC':
        return this.#learnAll(dispatch.d.threads, dispatch.d.guild_id)
      case 'CHANNEL_CREATE':
      case 'CHANNEL_UPDATE':
      case 'THREAD_CREATE':
      case 'THREAD_UPDATE':
        return this.#learnAll([dispatch.d])
      case 'CHANNEL_DELETE':
      case 'THREAD_DELETE':
        return this.#gone(dispatch.d.id, dispatch.s)
    }
  }

  #message(message: RawMessage, sequence: number): void {
    const channel = message.channel_id
    const gap = this.gaps.size === 0 ? undefined : this.gaps.get(channel)
    if (gap !== undefined) return gap.hold(message)
    const known = this.places.at(channel, message.guild_id)
    if (known === undefined) return this.#unknown(message, sequence)
    if (!known.followed) return
    if (known.fresh) this.#announce(channel)
    const event = saidOf(message, known.where, this.self, this.#place())
    this.emptiness.look(message, known.where, this.self)
    if (event === undefined) return
    if (this.flow.try(event)) this.#said = this.flow.sequence
    else this.#passOver(channel, message.id, sequence)
  }

  #passOver(channel: string, id: string, sequence: number): void {
    this.#open(channel).passOver(id)
    this.flow.mark(channel, sequence)
  }

  #unknown(message: RawMessage, sequence: number): void {
    this.flow.hold(message.channel_id, sequence)
    this.#open(message.channel_id).hold(message)
    this.#host.lookUp(message.channel_id)
  }

  #edit(message: RawMessage, dispatch: RawDispatch): void {
    const where = this.#whereOf(message, dispatch)
    const event = where === undefined ? undefined : editedEventOf(message, where, this.self, this.#place())
    if (event !== undefined) this.#offer(event, dispatch.s)
  }

  #delete(ids: readonly string[], placed: Placed, dispatch: RawDispatch): void {
    const where = this.#whereOf(placed, dispatch)
    if (where !== undefined && ids.length > 0) this.#offer(deletedOf(ids, where, this.#place()), dispatch.s)
  }

  #react(reaction: RawReaction, dispatch: RawDispatch): void {
    const where = this.#whereOf(reaction, dispatch)
    if (where === undefined) return
    const at = { where, self: this.self, sequence: dispatch.s, place: this.#place() }
    const event = reactionOf(reaction, dispatch.t === 'MESSAGE_REACTION_ADD', at)
    if (event !== undefined) this.#offer(event, dispatch.s)
  }

  /** Where something happened, if anybody follows it. What happens in a channel that is being looked up comes again after. */
  #whereOf({ channel_id, guild_id }: Placed, dispatch: RawDispatch): Where | undefined {
    const known = this.places.at(channel_id, guild_id)
    if (known !== undefined) return known.followed ? known.where : undefined
    // A channel of which nothing was heard but this is looked up when somebody says something there.
    if (this.gaps.has(channel_id) && this.#later.length < laterMax) this.#later.push(dispatch)
    return undefined
  }

  #offer(event: EventInput, sequence: number): void {
    if (this.flow.offer(event, sequence) && !this.flow.clogged) this.#said = this.flow.sequence
  }

  /**
   * A new session: whatever was said before it was not heard. That is written down before the session is, so that no
   * crash between the two leaves a channel out.
   */
  #ready(ready: RawReady): void {
    this.self = { id: ready.user.id, application: this.self.application }
    const { missing, unheard } = this.#silence.begin()
    for (const channel of missing) if (this.places.at(channel, null)?.followed) this.behind(channel)
    for (const [channel, from] of unheard) this.behind(channel, from)
    this.say({ state: 'ready', session: ready.session_id, resume_url: ready.resume_gateway_url }, this.#place())
    this.#said = this.flow.sequence
  }

  /** Before a run connects: what the last one left behind. What is newer must wait: a cursor that moved on would hide it. */
  goOn(): void {
    for (const channel of channelsKnown(this.#outside.view)) {
      const stand = channelStand(this.#outside.view, channel)
      if (stand?.behind && !stand.gone) this.behind(channel)
    }
  }

  /**
   * Says that messages of a channel are missing, and has them fetched.
   * @param from the first that may be missing, where the world has none of the channel yet
   */
  behind(channel: string, from = ''): void {
    const gap = this.#open(channel)
    if (from !== '') gap.passOver(from)
    this.flow.mark(channel, this.flow.sequence + 1)
  }

  #guild({ id, unavailable, channels = [], threads = [] }: RawGuild): void {
    // Threads after the channels they belong to.
    if (!unavailable) this.#learnAll([...channels, ...threads], id)
  }

  #learnAll(channels: readonly RawChannel[], guild?: string): void {
    for (const raw of channels) {
      this.places.learn(raw, guild)
      if (!canHold(raw)) continue
      const known = this.places.at(raw.id, raw.guild_id ?? guild ?? null)
      if (!known?.followed) continue
      if (known.fresh) this.#announce(raw.id)
      const from = this.#silence.learn(raw, known.where)
      if (from !== '' && !this.gaps.has(raw.id)) this.behind(raw.id, from)
    }
  }

  #gone(channel: string, sequence: number): void {
    const known = this.places.at(channel, null)
    this.places.forget(channel)
    if (known?.followed) this.#offer(channelOf(channel, { state: 'gone', ...this.#place() }), sequence)
  }

  /** Tells the world what a channel is called and belongs to. */
  #announce(channel: string): void {
    const event = this.#announcer.eventOf(channel, this.places.at(channel, null)?.where)
    if (event !== undefined) this.flow.offer(event, this.flow.sequence + 1, true)
  }

  /** The event of a message that was fetched or held back, where it is followed. */
  eventOf(message: RawMessage): EventInput | undefined {
    const known = this.places.at(message.channel_id, message.guild_id ?? null)
    return known?.followed ? saidOf(message, known.where, this.self) : undefined
  }

  #open(channel: string): Gap {
    let gap = this.gaps.get(channel)
    if (gap === undefined) {
      gap = new Gap(this.#held)
      this.gaps.set(channel, gap)
    }
    return gap
  }

  #place(): Place {
    return { shard: 0, sequence: this.flow.sequence }
  }
}
