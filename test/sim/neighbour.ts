import type { EffectHandler } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import type { Agenda } from './agenda.ts'

/** What a neighbour does with one call: it acts when it likes, and says how the call ends and after how long. */
export type Conduct = (request: Payload, settle: Settle) => void
export type Settle = {
  /** Ends the call with an answer, this many virtual milliseconds from now. */
  answer(delay_ms: number, payload: Payload): void
  /** Ends the call with an error. */
  fail(delay_ms: number, thrown: unknown): void
}

/** The calls that one life of the process has out. When it dies, nothing of theirs reaches the next life. */
export class Calls {
  readonly #agenda: Agenda
  readonly #open = new Set<(thrown: unknown) => void>()
  #dead = false

  constructor(agenda: Agenda) {
    this.#agenda = agenda
  }

  get dead(): boolean {
    return this.#dead
  }

  /** A handler that conducts itself in virtual time. */
  handler(conduct: Conduct): EffectHandler {
    return (request) =>
      new Promise<Payload>((resolve, reject) => {
        this.#open.add(reject)
        const end = (delay_ms: number, settle: () => void): void => {
          this.after(delay_ms, () => {
            this.#open.delete(reject)
            settle()
          })
        }
        conduct(request, {
          answer: (delay_ms, payload) => end(delay_ms, () => resolve(payload)),
          fail: (delay_ms, thrown) => end(delay_ms, () => reject(thrown)),
        })
      })
  }

  /** Runs a piece of work later, unless this life has ended by then. */
  after(delay_ms: number, run: () => void): void {
    this.#agenda.after(delay_ms, () => {
      if (!this.#dead) run()
    })
  }

  /** What a deed gives once this much virtual time has passed; nothing when this life has ended by then. */
  later<T>(delay_ms: number, deed: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#open.add(reject)
      this.after(delay_ms, () => {
        this.#open.delete(reject)
        try {
          resolve(deed())
        } catch (thrown) {
          reject(thrown)
        }
      })
    })
  }

  /** The end of something that goes on whether this life does or not, heard after a while by whoever still lives. */
  carried<T>(work: Promise<T>, delay: () => number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#open.add(reject)
      const end = (settle: () => void): void => {
        this.after(delay(), () => {
          this.#open.delete(reject)
          settle()
        })
      }
      work.then(
        (result) => end(() => resolve(result)),
        (thrown: unknown) => end(() => reject(thrown)),
      )
    })
  }

  /** The process has died: timers of the calls that were out are let go, and their answers go nowhere. */
  die(): void {
    this.#dead = true
    for (const reject of this.#open) reject(new Error('the process that asked is gone'))
    this.#open.clear()
  }
}
