import { History } from './history.ts'
import { makeChannel, makeMessage, makeUser } from './made.ts'
import { idOf, Snowflakes, timestamp } from './snowflakes.ts'
import type {
  AllowedMentions,
  Id,
  NewChannel,
  Posted,
  RawChannel,
  RawEmoji,
  RawMessage,
  RawUser,
  Said,
  Snowflake,
} from './types.ts'
import { Intent, type Member, Permission, permissionsIn } from './visibility.ts'

/** What is told to sessions: `body` without the fields that depend on who listens. */
export type Dispatch = { t: string; intent: number; channel: RawChannel; body: object; message?: RawMessage }

type Options = {
  now: () => number
  bot_name: string
  guild_name: string
  permissions: string
  history_max: number
}

/** The one guild there is, its channels, direct conversations and people; it tells what happens. */
export class Guild {
  readonly id: Snowflake
  readonly bot: RawUser
  readonly ids: Snowflakes
  readonly users = new Map<Snowflake, RawUser>()
  readonly channels = new Map<Snowflake, RawChannel>()
  /** Called with everything that sessions may hear of. */
  tell: (dispatch: Dispatch) => void = () => undefined
  permissions: string
  readonly name: string
  readonly #now: () => number
  readonly #history_max: number
  readonly #histories = new Map<Snowflake, History>()
  readonly #homes = new Map<Snowflake, Snowflake>()
  readonly #asked = new Map<Snowflake, Pick<Posted, 'allowed_mentions' | 'nonce'>>()
  readonly #posted = new Set<Snowflake>()
  readonly #webhooks = new Map<string, Snowflake>()

  constructor({ now, bot_name, guild_name, permissions, history_max }: Options) {
    this.#now = now
    this.#history_max = history_max
    this.ids = new Snowflakes(now)
    this.id = this.ids.next()
    this.name = guild_name
    this.permissions = permissions
    this.bot = this.addUser({ username: bot_name, bot: true })
  }

  /** The role of the bot's own, which the permissions are of. */
  get roles(): { id: Snowflake; name: string; permissions: string; position: number }[] {
    return [
      { id: this.id, name: '@everyone', permissions: '0', position: 0 },
      { id: this.bot.id, name: this.bot.username, permissions: this.permissions, position: 1 },
    ]
  }

  get member(): Member {
    return { guild: this.id, roles: this.roles, user: this.bot.id }
  }

  /** What the bot may do in a channel; threads have the permissions of their channel. */
  mayBot(channel: RawChannel): bigint {
    if (channel.guild_id === undefined) return -1n
    const parent = channel.type === 11 ? this.channels.get(channel.parent_id ?? '') : undefined
    return permissionsIn(this.member, parent ?? channel)
  }

  sees(channel: RawChannel): boolean {
    return (this.mayBot(channel) & Permission.view) !== 0n
  }

  addUser(user: { username: string; bot?: boolean; id?: Snowflake }): RawUser {
    const made = makeUser({ ...user, id: user.id ?? this.ids.next() })
    this.users.set(made.id, made)
    return made
  }

  addChannel(asked: NewChannel): RawChannel {
    const parent = asked.parent === undefined ? undefined : this.channel(asked.parent)
    const direct = asked.direct ?? false
    const recipient = typeof direct === 'boolean' ? undefined : this.user(direct)
    const id = asked.id ?? this.ids.next()
    const channel = makeChannel(asked, { id, guild: this.id, parent, recipient, now: this.#now() })
    this.channels.set(id, channel)
    this.#histories.set(id, new History(this.#history_max))
    if (channel.type !== 1 && asked.silent !== true)
      this.#tellChannel(channel.type === 11 ? 'THREAD_CREATE' : 'CHANNEL_CREATE', channel, { newly_created: true })
    return channel
  }

  renameChannel(given: Id, name: string): void {
    const channel = this.channel(given)
    channel.name = name
    this.#tellChannel(channel.type === 11 ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE', channel)
  }

  removeChannel(given: Id): void {
    const channel = this.channel(given)
    for (const { id } of this.history(channel.id)) this.#homes.delete(id)
    this.channels.delete(channel.id)
    this.#histories.delete(channel.id)
    this.#tellChannel(channel.type === 11 ? 'THREAD_DELETE' : 'CHANNEL_DELETE', channel)
  }

  /** Says something as a user; the message is as everybody with all intents sees it. */
  say(given: Id, by: Id, content: string, said: Said = {}): RawMessage {
    const channel = this.channel(given)
    const user = this.user(by)
    if (channel.type === 1 && channel.recipients?.length === 0 && user.id !== this.bot.id) channel.recipients = [user]
    const webhook = said.webhook === undefined || said.webhook === false ? undefined : said.webhook
    const shown = webhook === undefined ? undefined : webhook === true ? user.username : webhook
    const author = shown === undefined ? user : this.#webhook(channel.id, shown)
    const answered = said.reply_to === undefined ? undefined : this.message(idOf(said.reply_to))
    const named = [...(said.mentions ?? []).map(idOf), ...namedIn(content)]
    if (answered !== undefined) named.push(answered.author.id)
    const message = makeMessage({
      id: this.ids.next(),
      channel,
      author,
      content,
      at: timestamp(this.#now()),
      mentions: this.#usersOf(named),
      everyone: /@(everyone|here)\b/.test(content),
      answered,
      type: said.type,
      embeds: said.embeds ?? [],
      attachments: (said.attachments ?? []).map((one) => ({ ...one, id: this.ids.next() })),
      webhook: shown === undefined ? undefined : author.id,
    })
    this.#keep(channel, message)
    if (said.silent !== true) this.#tellMessage('MESSAGE_CREATE', channel, message)
    return message
  }

  /** What the bot posts; mentions only whom `allowed` lets it. */
  post(
    channel: RawChannel,
    asked: {
      content: string
      embeds: object[]
      nonce: string | number | undefined
      answered: RawMessage | undefined
      allowed: AllowedMentions | undefined
    },
  ): RawMessage {
    const { allowed, answered, content, nonce } = asked
    const parse = allowed === undefined ? ['users', 'roles', 'everyone'] : (allowed.parse ?? [])
    const named = namedIn(content).filter((id) => parse.includes('users') || allowed?.users?.includes(id) === true)
    if (answered !== undefined && (allowed === undefined || allowed.replied_user === true))
      named.push(answered.author.id)
    const may = (this.mayBot(channel) & Permission.everyone) !== 0n
    const message = makeMessage({
      id: this.ids.next(),
      channel,
      author: this.bot,
      content,
      at: timestamp(this.#now()),
      mentions: this.#usersOf(named),
      everyone: may && parse.includes('everyone') && /@(everyone|here)\b/.test(content),
      answered,
      type: undefined,
      embeds: asked.embeds,
      attachments: [],
      webhook: undefined,
    })
    this.#keep(channel, message)
    const extra = nonce === undefined ? {} : { nonce }
    this.#asked.set(message.id, allowed === undefined ? extra : { ...extra, allowed_mentions: allowed })
    this.#tellMessage('MESSAGE_CREATE', channel, { ...message, ...extra })
    return { ...message, ...extra }
  }

  /** The bot's messages that are still there, in order. */
  get posted(): Posted[] {
    return [...this.#posted].flatMap((id) => {
      const message = this.find(id)
      return message === undefined ? [] : [{ ...message, ...this.#asked.get(id) }]
    })
  }

  nonceOf(id: Snowflake): string | number | undefined {
    return this.#asked.get(id)?.nonce
  }

  edit(given: Id, content: string, more: { embeds?: object[]; silent?: boolean } = {}): RawMessage {
    const was = this.message(idOf(given))
    const mentions = this.#usersOf(namedIn(content))
    const now = {
      ...was,
      content,
      mentions,
      edited_timestamp: timestamp(this.#now()),
      embeds: more.embeds ?? was.embeds,
    }
    return this.#change(now, more.silent)
  }

  /** Discord itself looked behind a link: the message changes, but nobody edited it. */
  unfurl(given: Id, embeds: object[]): RawMessage {
    return this.#change({ ...this.message(idOf(given)), embeds })
  }

  remove(given: Id, { silent }: { silent?: boolean } = {}): void {
    const message = this.message(idOf(given))
    const channel = this.channel(message.channel_id)
    this.#forget(channel, message.id)
    if (silent === true) return
    const body = { id: message.id, channel_id: channel.id }
    this.tell({ t: 'MESSAGE_DELETE', intent: messagesIn(channel), channel, body: placed(channel, body) })
  }

  /** Several at once; one dispatch a channel. */
  removeMany(given: readonly Id[]): void {
    const byChannel = Map.groupBy(
      given.map((one) => this.message(idOf(one))),
      ({ channel_id }) => channel_id,
    )
    for (const [id, messages] of byChannel) {
      const channel = this.channel(id)
      for (const message of messages) this.#forget(channel, message.id)
      const body = { ids: messages.map((message) => message.id), channel_id: id }
      this.tell({ t: 'MESSAGE_DELETE_BULK', intent: messagesIn(channel), channel, body: placed(channel, body) })
    }
  }

  /** `emoji` is a sign, or `name:id` of one of the guild's own. */
  react(given: Id, by: Id, emoji: string, added = true): void {
    const message = this.message(idOf(given))
    const channel = this.channel(message.channel_id)
    const user = this.user(by)
    const [name, id] = emoji.split(':')
    const sign: RawEmoji = { id: id ?? null, name: name! }
    const me = user.id === this.bot.id
    this.#histories.get(channel.id)!.replace(withReaction(message, sign, added, me))
    const body = {
      user_id: user.id,
      channel_id: channel.id,
      message_id: message.id,
      emoji: sign,
      burst: false,
      type: 0,
    }
    const more = !added
      ? {}
      : { message_author_id: message.author.id, ...(channel.type === 1 ? {} : { member: memberOf(user) }) }
    const intent = channel.type === 1 ? Intent.direct_reactions : Intent.guild_reactions
    const t = added ? 'MESSAGE_REACTION_ADD' : 'MESSAGE_REACTION_REMOVE'
    this.tell({ t, intent, channel, body: placed(channel, { ...body, ...more }) })
  }

  history(given: Id): readonly RawMessage[] {
    return this.historyOf(idOf(given)).all
  }

  historyOf(channel: Snowflake): History {
    const history = this.#histories.get(channel)
    if (history === undefined) throw new Error(`there is no channel ${channel}`)
    return history
  }

  /** O(log n) of the channel's history. */
  find(id: Snowflake): RawMessage | undefined {
    const home = this.#homes.get(id)
    const found = home === undefined ? undefined : this.#histories.get(home)?.page({ around: id, limit: 1 })[0]
    return found?.id === id ? found : undefined
  }

  message(id: Snowflake): RawMessage {
    const message = this.find(id)
    if (message === undefined) throw new Error(`there is no message ${id}`)
    return message
  }

  channel(given: Id): RawChannel {
    const channel = this.channels.get(idOf(given))
    if (channel === undefined) throw new Error(`there is no channel ${idOf(given)}`)
    return channel
  }

  user(given: Id): RawUser {
    const user = this.users.get(idOf(given))
    if (user === undefined) throw new Error(`there is no user ${idOf(given)}`)
    return user
  }

  #change(message: RawMessage, silent?: boolean): RawMessage {
    const channel = this.channel(message.channel_id)
    this.historyOf(channel.id).replace(message)
    if (silent !== true) this.#tellMessage('MESSAGE_UPDATE', channel, message)
    return message
  }

  #keep(channel: RawChannel, message: RawMessage): void {
    channel.last_message_id = message.id
    this.#homes.set(message.id, channel.id)
    if (message.author.id === this.bot.id) this.#posted.add(message.id)
    for (const { id } of this.historyOf(channel.id).add(message)) this.#drop(id)
  }

  #forget(channel: RawChannel, id: Snowflake): void {
    this.historyOf(channel.id).remove(id)
    this.#drop(id)
  }

  #drop(id: Snowflake): void {
    this.#homes.delete(id)
    this.#asked.delete(id)
    this.#posted.delete(id)
  }

  #tellMessage(t: string, channel: RawChannel, message: RawMessage): void {
    const member = message.webhook_id === undefined && channel.type !== 1 ? { member: memberOf(message.author) } : {}
    this.tell({
      t,
      intent: messagesIn(channel),
      channel,
      body: placed(channel, { ...member, channel_type: channel.type }),
      message,
    })
  }

  #tellChannel(t: string, channel: RawChannel, more: object = {}): void {
    this.tell({ t, intent: Intent.guilds, channel, body: { ...channel, ...more } })
  }

  #usersOf(ids: readonly Snowflake[]): RawUser[] {
    return [...new Set(ids)].flatMap((id) => this.users.get(id) ?? [])
  }

  #webhook(channel: Snowflake, username: string): RawUser {
    const key = `${channel} ${username}`
    const id = this.#webhooks.get(key) ?? this.ids.next()
    this.#webhooks.set(key, id)
    return { ...makeUser({ id, username, bot: true }), discriminator: '0000' }
  }
}

/** Who joined when, without a name of its own. */
export function memberOf(user: RawUser): object {
  const joined_at = '2020-01-01T00:00:00.000000+00:00'
  return {
    nick: null,
    avatar: null,
    roles: user.bot === true ? [user.id] : [],
    joined_at,
    deaf: false,
    mute: false,
    flags: 0,
  }
}

function messagesIn(channel: RawChannel): number {
  return channel.type === 1 ? Intent.direct_messages : Intent.guild_messages
}

function placed(channel: RawChannel, body: object): object {
  return channel.guild_id === undefined ? body : { ...body, guild_id: channel.guild_id }
}

function namedIn(content: string): Snowflake[] {
  return [...content.matchAll(/<@!?(\d{1,20})>/g)].map(([, id]) => id!)
}

function withReaction(message: RawMessage, emoji: RawEmoji, added: boolean, me: boolean): RawMessage {
  const others = (message.reactions ?? []).filter((one) => one.emoji.name !== emoji.name || one.emoji.id !== emoji.id)
  const was = (message.reactions ?? []).find((one) => !others.includes(one))
  const count = (was?.count ?? 0) + (added ? 1 : -1)
  if (count <= 0) return { ...message, reactions: others }
  return { ...message, reactions: [...others, { emoji, count, me: me ? added : (was?.me ?? false) }] }
}
