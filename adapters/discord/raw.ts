/** What Discord sends, as far as it is used here. Anything may carry more. */

export type RawUser = {
  readonly id: string
  readonly username: string
  readonly discriminator?: string
  readonly bot?: boolean
}
export type RawEmbed = {
  readonly title?: string | null
  readonly description?: string | null
  readonly fields?: readonly { readonly name: string; readonly value: string }[]
}
export type RawAttachment = {
  readonly id: string
  readonly filename: string
  readonly content_type?: string
  readonly size: number
  readonly url: string
}
/** A message of the gateway or of a channel's history. Of edits only id and channel are certain. */
export type RawMessage = {
  readonly id: string
  readonly channel_id: string
  /** Only said by the gateway, and only of messages in guilds. */
  readonly guild_id?: string
  readonly author?: RawUser
  readonly content?: string
  /** ISO 8601. */
  readonly timestamp?: string
  readonly edited_timestamp?: string | null
  readonly type?: number
  readonly nonce?: string | number
  readonly webhook_id?: string
  readonly application_id?: string
  readonly mentions?: readonly { readonly id: string }[]
  readonly embeds?: readonly RawEmbed[]
  readonly attachments?: readonly RawAttachment[]
  readonly sticker_items?: readonly { readonly name: string }[]
  readonly poll?: {
    readonly question: { readonly text?: string }
    readonly answers?: readonly { readonly poll_media: { readonly text?: string } }[]
  }
  readonly message_reference?: { readonly type?: number; readonly message_id?: string; readonly channel_id?: string }
  readonly referenced_message?: RawMessage | null
  /** What was forwarded. */
  readonly message_snapshots?: readonly { readonly message: Partial<RawMessage> }[]
}
/** A channel, a thread or a direct conversation. */
export type RawChannel = {
  readonly id: string
  readonly type: number
  readonly name?: string | null
  readonly guild_id?: string
  /** Of a thread its channel; of a channel its category. */
  readonly parent_id?: string | null
  readonly last_message_id?: string | null
  readonly recipients?: readonly RawUser[]
}
export type RawGuild = {
  readonly id: string
  readonly unavailable?: boolean
  readonly channels?: readonly RawChannel[]
  readonly threads?: readonly RawChannel[]
}
export type RawReaction = {
  readonly user_id: string
  readonly channel_id: string
  readonly message_id: string
  readonly guild_id?: string
  readonly member?: { readonly user?: RawUser }
  readonly emoji: { readonly id?: string | null; readonly name?: string | null }
}
export type RawReady = {
  readonly session_id: string
  readonly resume_gateway_url: string
  readonly user: RawUser
}

type Deleted = { readonly id: string; readonly channel_id: string; readonly guild_id?: string }
type DeletedMany = { readonly ids: readonly string[]; readonly channel_id: string; readonly guild_id?: string }
type ChannelName = 'CHANNEL_CREATE' | 'CHANNEL_UPDATE' | 'CHANNEL_DELETE'
type ThreadName = 'THREAD_CREATE' | 'THREAD_UPDATE' | 'THREAD_DELETE'

/** One dispatch of the gateway, of the kinds that are listened to. `s` is its sequence. */
export type RawDispatch = { readonly s: number } & (
  | { readonly t: 'READY'; readonly d: RawReady }
  | { readonly t: 'RESUMED'; readonly d: unknown }
  | { readonly t: 'GUILD_CREATE'; readonly d: RawGuild }
  | { readonly t: ChannelName; readonly d: RawChannel }
  | { readonly t: ThreadName; readonly d: RawChannel & { readonly newly_created?: boolean } }
  | {
      readonly t: 'THREAD_LIST_SYNC'
      readonly d: { readonly guild_id: string; readonly threads: readonly RawChannel[] }
    }
  | { readonly t: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE'; readonly d: RawMessage }
  | { readonly t: 'MESSAGE_DELETE'; readonly d: Deleted }
  | { readonly t: 'MESSAGE_DELETE_BULK'; readonly d: DeletedMany }
  | { readonly t: 'MESSAGE_REACTION_ADD' | 'MESSAGE_REACTION_REMOVE'; readonly d: RawReaction }
)
