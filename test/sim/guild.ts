import type { RawMessage, RawUser } from '../../adapters/discord/raw.ts'
import type { Dice } from './dice.ts'
import { bots, channels, elsewhere, general, me } from './troupe.ts'

/** One thing that the gateway says, under its sequence. */
export type Dispatch =
  | { readonly s: number; readonly t: 'create'; readonly message: RawMessage }
  | { readonly s: number; readonly t: 'update'; readonly message: RawMessage }
  | { readonly s: number; readonly t: 'delete'; readonly id: string; readonly channel: string }
  | { readonly s: number; readonly t: 'react'; readonly id: string; readonly channel: string; readonly user: string }

const epoch_ms = 1_420_070_400_000
/** For so long a nonce is known. */
const nonce_ms = 120_000
const things = ['heron', 'otter', 'mill', 'bridge', 'pond', 'reed', 'valve', 'pump', 'frost', 'seed']
const people: readonly RawUser[] = ['ada', 'ben', 'cleo'].map((username, at) => ({ id: String(71 + at), username }))
const program: RawUser = { id: '81', username: 'watcher', bot: true }

/** Discord itself: the channels and what was said in them. It outlives every process. */
export class Guild {
  /** All that the gateway has said, the sequence being the place. */
  readonly dispatches: Dispatch[] = []
  readonly #dice: Dice
  readonly #clock: () => number
  readonly #messages = new Map<string, RawMessage[]>(channels.map((channel) => [channel, []]))
  readonly #spoken = new Map<string, number>()
  readonly #nonces = new Map<string, { readonly id: string; readonly at_ms: number }>()
  #serial = 0
  #newest_ms = 0

  /** @param clock Discord's own time, in milliseconds; its ids say it */
  constructor(dice: Dice, clock: () => number) {
    this.#dice = dice
    this.#clock = clock
  }

  /** Messages of a channel that are there, ascending. */
  messages(channel: string): readonly RawMessage[] {
    return this.#messages.get(channel) ?? []
  }

  /** How many messages people have ever posted in a channel. */
  spoken(channel: string): number {
    return this.#spoken.get(channel) ?? 0
  }

  /** What people and programs do in one tick. */
  stir(): void {
    const dice = this.#dice
    const channel = dice.pick([general, general, bots, bots, elsewhere])
    const known = this.messages(channel).filter(({ author }) => author?.id !== me)
    const luck = dice.real()
    if (known.length === 0 || luck < 0.7) return this.#say(channel)
    const message = dice.pick(known.slice(-12))
    if (luck < 0.82) this.#edit(channel, message)
    else if (luck < 0.92) this.#delete(channel, message.id)
    else this.#dispatch({ s: 0, t: 'react', id: message.id, channel, user: dice.pick(people).id })
  }

  /** The agent posts. The same nonce within two minutes is the same message. */
  post(
    channel: string,
    { content, nonce }: { readonly content: string; readonly nonce: string },
  ): { readonly id: string } {
    const known = this.#nonces.get(nonce)
    if (known !== undefined && this.#clock() - known.at_ms < nonce_ms) return { id: known.id }
    const { id } = this.#add({ channel_id: channel, author: { id: me, username: 'duck', bot: true }, content, nonce })
    this.#nonces.set(nonce, { id, at_ms: this.#clock() })
    return { id }
  }

  #say(channel: string): void {
    const dice = this.#dice
    const bot = dice.chance(channel === bots ? 0.7 : 0.2)
    const author = bot ? program : dice.pick(people)
    const content = bot
      ? `Build ${dice.whole(1, 99)} of the ${dice.pick(things)} has passed on the northern machine after ${dice.whole(1, 999)} s, and nobody has to do anything about it before the evening.`
      : `The ${dice.pick(things)} is near the ${dice.pick(things)}, said ${author.username} (${this.#serial}).`
    if (!bot) this.#spoken.set(channel, this.spoken(channel) + 1)
    const mentions = dice.chance(0.4) ? [{ id: me }] : []
    this.#add({ channel_id: channel, author, content, mentions })
  }

  #add(message: Omit<RawMessage, 'id' | 'timestamp'>): RawMessage {
    const now_ms = this.#time(0)
    const id = String((BigInt(now_ms - epoch_ms) << 22n) + BigInt(++this.#serial))
    const added = { ...message, id, timestamp: new Date(now_ms).toISOString() }
    this.#messages.get(message.channel_id)!.push(added)
    this.#dispatch({ s: 0, t: 'create', message: added })
    return added
  }

  #edit(channel: string, message: RawMessage): void {
    const edited_ms = this.#time(1)
    const edited = {
      ...message,
      content: `${message.content} (edited)`,
      edited_timestamp: new Date(edited_ms).toISOString(),
    }
    const messages = this.#messages.get(channel)!
    messages[messages.indexOf(message)] = edited
    this.#dispatch({ s: 0, t: 'update', message: edited })
  }

  /** Discord's time, which never goes back. @param more milliseconds by which it is later than the time before */
  #time(more: number): number {
    this.#newest_ms = Math.max(this.#newest_ms + more, this.#clock())
    return this.#newest_ms
  }

  #delete(channel: string, id: string): void {
    const messages = this.#messages.get(channel)!
    messages.splice(
      messages.findIndex((each) => each.id === id),
      1,
    )
    this.#dispatch({ s: 0, t: 'delete', id, channel })
  }

  #dispatch(dispatch: Dispatch): void {
    this.dispatches.push({ ...dispatch, s: this.dispatches.length + 1 })
  }
}
