import type { Log } from '../../engine/flow/adapter.ts'
import { isOwn, type Self, type Where } from './events.ts'
import type { RawMessage } from './raw.ts'
import { textOf } from './text.ts'

/** So many messages without anything in them, one after the other, are no accident. */
const emptyMax = 5

/**
 * Notices that Discord keeps the contents of messages from the agent, because an intent is not switched on: then what
 * people write in guilds has nothing in it. O(1) a message, and nothing at all once one had a content.
 */
export class Emptiness {
  /** What the operator should switch on; empty when nothing. */
  trouble = ''
  readonly #log: Log
  #empty = 0
  #full = false

  constructor(log: Log) {
    this.#log = log
  }

  look(message: RawMessage, where: Where, self: Self): void {
    if (this.#full) return
    // In direct conversations, and of what names the agent, the content always comes.
    if (where.direct || isOwn(message, self) || (message.type ?? 0) !== 0) return
    if (message.mentions?.some(({ id }) => id === self.id)) return
    if (textOf(message) !== '') {
      this.#full = true
      this.trouble = ''
      return
    }
    if (++this.#empty !== emptyMax) return
    this.trouble = `messages come without their contents: ${contentSwitch}`
    this.#log.warn({ messages: emptyMax }, this.trouble)
  }
}

/** Where the operator lets the agent see what people write. */
export const contentSwitch =
  'switch on the Message Content Intent at https://discord.com/developers/applications, under Bot, Privileged Gateway Intents'
