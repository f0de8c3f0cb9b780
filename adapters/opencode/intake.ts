import type { Outside } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'
import { opencodeHeard } from '../../systems/cursors.ts'
import {
  type About,
  aboutOf,
  errorEventOf,
  fileEventOf,
  partEventOf,
  permissionEventOf,
  replyEventOf,
  sessionEventOf,
} from './events.ts'
import type { RawEntry, RawEvent, RawMessage, RawPart, RawPermission, RawSession } from './raw.ts'
import { Newest } from './seen.ts'

/** Ids of events and roles of messages that are kept, at least. */
const keptMin = 20_000

/** Turns what opencode's stream and its history bring into events, each once in the life of the world. */
export class Intake {
  readonly #outside: Pick<Outside, 'publish' | 'room' | 'view'>
  readonly #directory: string
  /** A session of which something was passed over: its history must be read. */
  readonly #behind: (session: string) => void
  /** What was handed over and may not be in the world yet. */
  readonly #published = new Newest<true>(keptMin)
  readonly #abouts = new Newest<About>(keptMin)
  readonly #titles = new Newest<string>(keptMin)
  /** How many events were handed to the world. */
  count = 0

  constructor(
    outside: Pick<Outside, 'publish' | 'room' | 'view'>,
    directory: string,
    behind: (session: string) => void,
  ) {
    this.#outside = outside
    this.#directory = directory
    this.#behind = behind
  }

  /** An event of the stream. What finds no room, and what cannot be told yet, puts its session behind. O(length) */
  hear({ id, type, properties }: RawEvent): void {
    // What is null or missing is passed over.
    const { info, part, file } = properties ?? {}
    switch (type) {
      case 'message.part.updated':
        return part ? this.#heardPart(part) : undefined
      case 'message.updated':
        return info ? this.#offer(this.#heardMessage(info), info.sessionID) : undefined
      case 'permission.asked':
      case 'permission.updated':
        return properties && this.#offer(permissionEventOf(properties, this.#directory), properties.sessionID)
      case 'permission.replied':
        return properties && this.#offer(replyEventOf(properties, this.#directory), properties.sessionID)
      case 'session.created':
        return info ? this.#offer(sessionEventOf(info, 'created', this.#directory), undefined) : undefined
      case 'session.updated':
        return info ? this.#heardTitle(info) : undefined
      case 'session.deleted':
        return info ? this.#offer(sessionEventOf(info, 'deleted', this.#directory), undefined) : undefined
      case 'file.edited':
        return this.#offer(fileEventOf(id, file, this.#directory), undefined)
    }
  }

  /** A session of the list: it is told of when nobody has heard of it. */
  async listed(session: RawSession): Promise<void> {
    await this.#put(sessionEventOf(session, 'created', this.#directory))
  }

  /** What is asked to be allowed now; waits for room. @returns their ids */
  async open(permissions: readonly RawPermission[]): Promise<string[]> {
    for (const each of permissions) await this.#put(permissionEventOf(each, this.#directory))
    return permissions.flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
  }

  /** A message from a session's history; waits for room. Rejects when the engine ends. */
  async read({ info, parts }: RawEntry): Promise<void> {
    await this.#put(this.#heardMessage(info))
    const about = aboutOf(info)
    if (about === undefined) return
    for (const part of parts) await this.#put(partEventOf(part, about, this.#directory))
  }

  /** Whether there is anything in these messages that nobody has heard of. O(parts) */
  hasNews(entries: readonly RawEntry[]): boolean {
    return entries.some(({ info, parts }) => {
      const about = aboutOf(info)
      if (this.#isNews(errorEventOf(info, this.#directory))) return true
      return about !== undefined && parts.some((part) => this.#isNews(partEventOf(part, about, this.#directory)))
    })
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

  /** Sessions change with every message; only another title is told of. */
  #heardTitle(session: RawMessage): void {
    const { id, title } = session
    if (typeof id !== 'string' || typeof title !== 'string') return
    const before = this.#titles.get(id)
    this.#titles.set(id, title)
    if (before === undefined || before === title) return
    this.#offer(sessionEventOf(session, 'named', this.#directory), undefined)
  }

  #isNews(event: EventInput | undefined): boolean {
    if (event?.id === undefined || this.#published.get(event.id) === true) return false
    return !opencodeHeard(this.#outside.view, event.id)
  }

  #offer(event: EventInput | undefined, session: unknown): void {
    if (event === undefined || !this.#isNews(event)) return
    if (this.#outside.publish(event)) this.#took(event)
    else if (typeof session === 'string') this.#behind(session)
  }

  async #put(event: EventInput | undefined): Promise<void> {
    if (event === undefined || !this.#isNews(event)) return
    while (!this.#outside.publish(event)) await this.#outside.room()
    this.#took(event)
  }

  #took({ id = '' }: EventInput): void {
    this.#published.set(id, true)
    this.count++
  }
}
