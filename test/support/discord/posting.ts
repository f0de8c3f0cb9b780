import { emptyMessage, invalidField, missingAccess, missingPermissions } from './answers.ts'
import type { Guild } from './guild.ts'
import type { AllowedMentions, RawChannel, RawMessage, Snowflake } from './types.ts'
import { Permission } from './visibility.ts'

type Body = {
  content?: unknown
  nonce?: unknown
  enforce_nonce?: unknown
  embeds?: unknown
  allowed_mentions?: unknown
  message_reference?: { message_id?: unknown; fail_if_not_exists?: unknown }
}

const lengthMax = 2_000
const nonceMax = 25

/** Takes what the bot posts, and knows for a while which nonces it had. */
export class Posting {
  readonly #guild: Guild
  readonly #now: () => number
  readonly #nonce_ms: number
  /** In the order of their time. */
  readonly #nonces = new Map<string, { at: number; message: Snowflake }>()

  constructor(guild: Guild, now: () => number, nonce_ms: number) {
    this.#guild = guild
    this.#now = now
    this.#nonce_ms = nonce_ms
  }

  /** The new message, or the one that has its nonce where the nonce is to be enforced. */
  post(channel: RawChannel, body: Body): RawMessage {
    this.#check(channel)
    const content = contentOf(body)
    const nonce = nonceOf(body)
    const answered = this.#answered(body)
    this.#forgetOld()
    const key = nonce === undefined ? undefined : `${typeof nonce} ${nonce}`
    if (key !== undefined && body.enforce_nonce === true) {
      const known = this.#nonces.get(key)
      const message = known === undefined ? undefined : this.#guild.find(known.message)
      if (message !== undefined && nonce !== undefined) return { ...message, nonce }
    }
    const embeds = Array.isArray(body.embeds) ? (body.embeds as object[]) : []
    const allowed = body.allowed_mentions as AllowedMentions | undefined
    const message = this.#guild.post(channel, { content, embeds, nonce, answered, allowed })
    if (key !== undefined) {
      this.#nonces.delete(key)
      this.#nonces.set(key, { at: this.#now(), message: message.id })
    }
    return message
  }

  #check(channel: RawChannel): void {
    const may = this.#guild.mayBot(channel)
    if ((may & Permission.view) === 0n) throw missingAccess()
    const send = channel.type === 11 ? Permission.send_in_threads : Permission.send
    if ((may & send) === 0n) throw missingPermissions()
  }

  #answered({ message_reference: reference }: Body): RawMessage | undefined {
    if (reference === undefined || reference === null) return undefined
    const message = this.#guild.find(String(reference.message_id))
    if (message === undefined && reference.fail_if_not_exists !== false)
      throw invalidField('message_reference', 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message')
    return message
  }

  #forgetOld(): void {
    for (const [key, { at }] of this.#nonces) {
      if (this.#now() - at <= this.#nonce_ms) return
      this.#nonces.delete(key)
    }
  }
}

function contentOf({ content = '', embeds }: Body): string {
  if (typeof content !== 'string')
    throw invalidField('content', 'STRING_TYPE_CONVERT', 'Could not interpret as string.')
  if ([...content].length > lengthMax)
    throw invalidField('content', 'BASE_TYPE_MAX_LENGTH', `Must be ${lengthMax} or fewer in length.`)
  // What Discord keeps has no blanks at its ends.
  const kept = content.trim()
  if (kept === '' && !(Array.isArray(embeds) && embeds.length > 0)) throw emptyMessage()
  return kept
}

function nonceOf({ nonce }: Body): string | number | undefined {
  if (nonce === undefined || nonce === null) return undefined
  if (typeof nonce === 'number' && Number.isSafeInteger(nonce)) return nonce
  if (typeof nonce !== 'string')
    throw invalidField('nonce', 'NONCE_TYPE_INVALID', 'Nonce must be an integer or a string.')
  if (nonce.length > nonceMax)
    throw invalidField('nonce', 'NONCE_TYPE_TOO_LONG', `Must be ${nonceMax} or fewer in length.`)
  return nonce
}
