import type { Outside } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import { type About, aboutOf, errorEventOf, partEventOf, permissionEventOf } from './events.ts'
import type { RawEntry, RawEvent, RawMessage, RawPart } from './raw.ts'
import { Newest } from './seen.ts'

/** Ids of events and roles of messages that are kept, at least. */
const keptMin = 20_000

/** Turns what opencode's stream and its history bring into events, each once in the life of this process. */
export class Intake {
  readonly #outside: Pick<Outside, 'publish' | 'room'>
  readonly #directory: string
  /** A session of which something was passed over: its history must be read. */
  readonly #behind: (session: string) => void
  readonly #published = new Newest<true>(keptMin)
  readonly #abouts = new Newest<About>(keptMin)
  /** How many events were handed to the world. */
  count = 0

  constructor(outside: Pick<Outside, 'publish' | 'room'>, directory: string, behind: (session: string) => void) {
    this.#outside = outside
    this.#directory = directory
    this.#behind = behind
  }

  /** An event of the stream. What finds no room, and what cannot be told yet, puts its session behind. O(length) */
  hear({ type, properties }: RawEvent): void {
    // What is null or missing is passed over.
    const { info, part } = properties ?? {}
    if (type === 'message.updated' && info) this.#offer(this.#heardMessage(info), info.sessionID)
    else if (type === 'message.part.updated' && part) this.#heardPart(part)
    else if ((type === 'permission.asked' || type === 'permission.updated') && properties)
      this.#offer(permissionEventOf(properties, this.#directory), properties.sessionID)
  }

  /** A message from a session's history; waits for room. Rejects when the engine ends. */
  async read({ info, parts }: RawEntry): Promise<void> {
    await this.#put(this.#heardMessage(info))
    const about = aboutOf(info)
    if (about === undefined) return
    for (const part of parts) await this.#put(partEventOf(part, about, this.#directory))
  }

  #heardMessage(message: RawMessage): EventInput | undefined {
    const about = aboutOf(message)
    if (about !== undefined && typeof message.id === 'string') this.#abouts.set(message.id, about)
    return errorEventOf(message, this.#directory)
  }

  #heardPart(part: RawPart): void {
    const about = typeof part.messageID === 'string' ? this.#abouts.get(part.messageID) : undefined
    if (about !== undefined) this.#offer(partEventOf(part, about, this.#directory), part.sessionID)
    else if (typeof part.sessionID === 'string') this.#behind(part.sessionID)
  }

  #offer(event: EventInput | undefined, session: unknown): void {
    if (event?.id === undefined || this.#published.get(event.id) === true) return
    if (this.#outside.publish(event)) this.#took(event.id)
    else if (typeof session === 'string') this.#behind(session)
  }

  async #put(event: EventInput | undefined): Promise<void> {
    if (event?.id === undefined || this.#published.get(event.id) === true) return
    while (!this.#outside.publish(event)) await this.#outside.room()
    this.#took(event.id)
  }

  #took(id: string): void {
    this.#published.set(id, true)
    this.count++
  }
}
