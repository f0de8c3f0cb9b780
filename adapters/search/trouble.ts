import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'

/** Something that fails: said once, and not tried again for a while. */
export class Trouble {
  readonly #log: Log
  readonly #message: string
  readonly #rest_ms: number
  #again_at_ms = 0
  #said = false

  /** @param rest_ms how long it is left alone after a failure */
  constructor(log: Log, message: string, rest_ms: number) {
    this.#log = log
    this.#message = message
    this.#rest_ms = rest_ms
  }

  /** Whether it failed so lately that it is not worth a try. */
  get rests(): boolean {
    return performance.now() < this.#again_at_ms
  }

  failed(thrown: unknown): void {
    this.#again_at_ms = performance.now() + this.#rest_ms
    if (!this.#said) this.#log.warn({ reason: reasonOf(thrown) }, this.#message)
    this.#said = true
  }

  passed(): void {
    this.#again_at_ms = 0
    this.#said = false
  }
}
