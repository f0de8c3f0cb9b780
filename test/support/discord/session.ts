import type { WebSocket } from 'ws'
import type { Dispatch, Guild } from './guild.ts'
import { Intent, withoutContent } from './visibility.ts'

/** A session of the gateway's: what it may hear, how far it is, and what it would be told again. */
export class Session {
  readonly id: string
  readonly intents: number
  sequence = 0
  socket: WebSocket | undefined
  /** When its connection ended; 0 while there is one. */
  left_ms = 0
  readonly #most: number
  /** The newest dispatch that is no longer kept. */
  #lost = 0
  #kept: { s: number; text: string }[] = []

  constructor(id: string, intents: number, most: number) {
    this.id = id
    this.intents = intents
    this.#most = most
  }

  /** The next dispatch of this session; it is kept, and sent where somebody listens. `d` is JSON. */
  dispatch(t: string, d: string): void {
    const s = ++this.sequence
    const text = `{"t":${JSON.stringify(t)},"s":${s},"op":0,"d":${d}}`
    // That a session was resumed is said once: told again it would end the next replay too early.
    if (t !== 'RESUMED') this.#keep(s, text)
    if (this.socket?.readyState === 1) this.socket.send(text)
  }

  /** Everything after `sequence`, or nothing where some of it is no longer kept. */
  after(sequence: number): string[] | undefined {
    if (sequence < this.#lost) return undefined
    const at = this.#kept.findIndex(({ s }) => s > sequence)
    return at < 0 ? [] : this.#kept.slice(at).map(({ text }) => text)
  }

  #keep(s: number, text: string): void {
    this.#kept.push({ s, text })
    if (this.#kept.length <= this.#most) return
    this.#lost = this.#kept.splice(0, Math.max(1, Math.floor(this.#most / 10))).at(-1)!.s
  }
}

/** Tells all sessions what happened; each body is written once for those that see contents and once for the others. */
export function tellAll(sessions: Iterable<Session>, guild: Guild, dispatch: Dispatch): void {
  const { body, channel, intent, message, t } = dispatch
  if (channel.guild_id !== undefined && !guild.sees(channel)) return
  let whole: string | undefined
  let bare: string | undefined
  for (const session of sessions) {
    if ((session.intents & intent) === 0) continue
    if (message === undefined || (session.intents & Intent.content) !== 0) {
      whole ??= JSON.stringify(message === undefined ? body : { ...message, ...body })
      session.dispatch(t, whole)
    } else {
      bare ??= JSON.stringify({ ...withoutContent(message, guild.bot.id, channel.type === 1), ...body })
      session.dispatch(t, bare)
    }
  }
}
