import type { Log, Outside } from '../../engine/flow/adapter.ts'
import type { EventInput } from '../../engine/flow/event.ts'

/** Most edits, deletions and reactions that wait for room; beyond it they are counted as lost. */
const waitingMax = 10_000

/**
 * The way into the world, in order, and how far it is safe to say that the gateway was heard: while something that came
 * earlier has no place in the ring yet, no later sequence is said, so that a crash brings it again.
 */
export class Flow {
  /** Events that found no room and were given up. */
  lost = 0
  readonly #outside: Pick<Outside, 'publish' | 'room'> & { readonly log: Log }
  readonly #marked: (channel: string) => void
  readonly #markOf: (channel: string) => EventInput
  readonly #marks = new Set<string>()
  #waiting: EventInput[] = []
  #taken = 0
  #clogged = false
  #received = 0
  /** The lowest sequence of what is not taken care of, by who sees to it. */
  readonly #floors = new Map<string, number>()
  #floor = Number.POSITIVE_INFINITY

  /** @param markOf the event that says that a channel is behind; @param marked hears that it was said */
  constructor(
    outside: Pick<Outside, 'publish' | 'room'> & { readonly log: Log },
    markOf: (channel: string) => EventInput,
    marked: (channel: string) => void,
  ) {
    this.#outside = outside
    this.#markOf = markOf
    this.#marked = marked
  }

  /** Something waits for room: nothing may overtake it. */
  get clogged(): boolean {
    return this.#clogged
  }

  /** The newest sequence up to which everything is in the ring, or need not be. */
  get sequence(): number {
    return this.#received < this.#floor ? this.#received : this.#floor - 1
  }

  /** A dispatch came; sequences that go back change nothing. */
  received(sequence: number): void {
    if (sequence > this.#received) this.#received = sequence
  }

  /** A session begins, or goes on, at a sequence: what is still waiting belongs to none. */
  begin(sequence: number): void {
    this.#received = sequence
    this.#floors.clear()
    this.#floor = Number.POSITIVE_INFINITY
  }

  /** What came with this sequence is not taken care of until `release`. */
  hold(who: string, sequence: number): void {
    if (this.#floors.has(who)) return
    this.#floors.set(who, sequence)
    if (sequence < this.#floor) this.#floor = sequence
  }

  release(who: string): void {
    if (!this.#floors.delete(who)) return
    this.#floor = Math.min(Number.POSITIVE_INFINITY, ...this.#floors.values())
  }

  /** Offers an event that may be found again by other means: false when there is no room. */
  try(event: EventInput): boolean {
    return !this.#clogged && this.#outside.publish(event)
  }

  /** Offers an event that must not be lost; it waits in order. False when too many wait, and this one is given up. */
  offer(event: EventInput, sequence: number, must = false): boolean {
    if (this.try(event)) return true
    if (!must && this.#waiting.length - this.#taken >= waitingMax) {
      if (this.lost++ % waitingMax === 0)
        this.#outside.log.warn({ lost: this.lost }, 'edits and deletions on Discord found no room and were given up')
      return false
    }
    this.#waiting.push(event)
    this.#clog(sequence)
    return true
  }

  /** Messages of a channel find no room from this sequence on: it is said before anything later is. */
  mark(channel: string, sequence: number): void {
    this.#marks.add(channel)
    this.#clog(sequence)
  }

  /** Publishes as soon as there is room, behind what waits. Rejects when the engine ends. */
  async put(event: EventInput): Promise<void> {
    while (!this.try(event)) await this.#outside.room()
  }

  #clog(sequence: number): void {
    this.hold('ring', sequence)
    if (this.#clogged) return
    this.#clogged = true
    void this.#pump()
  }

  async #pump(): Promise<void> {
    try {
      while (!this.#drained()) {
        this.#waiting.splice(0, this.#taken)
        this.#taken = 0
        await this.#outside.room()
      }
    } catch (thrown) {
      // The engine takes nothing in any more; what waited is found again by the next run.
      this.#outside.log.debug({ reason: String(thrown) }, 'events of Discord wait for the next run')
      return
    }
    this.#waiting = []
    this.#taken = 0
    this.#clogged = false
    this.release('ring')
  }

  /** What is passed over is said before what waited, which came later or at least does no harm later. */
  #drained(): boolean {
    for (const channel of this.#marks) {
      if (!this.#outside.publish(this.#markOf(channel))) return false
      this.#marks.delete(channel)
      this.#marked(channel)
    }
    for (; this.#taken < this.#waiting.length; this.#taken++) {
      if (!this.#outside.publish(this.#waiting[this.#taken]!)) return false
    }
    return true
  }
}
