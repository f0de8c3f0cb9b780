const opening = '<think>'
const closing = '</think>'
/** More blanks than these before anything else are said as they come. */
const heldMax = 256

/**
 * Leaves out what a model thinks aloud at the start of its text, between `<think>` and `</think>`: servers that do not know the
 * model's way of thinking hand it on as if it was said. Works on pieces of any size; what may yet turn out to be a thought is held back.
 */
export class Thoughts {
  #state: 'start' | 'thinking' | 'after' | 'saying' = 'start'
  #held = ''

  /** What of the next piece is said. */
  take(piece: string): string {
    if (this.#state === 'saying') return piece
    this.#held += piece
    if (this.#state === 'start') this.#begin()
    if (this.#state === 'thinking') this.#end()
    if (this.#state === 'after') {
      this.#held = this.#held.trimStart()
      if (this.#held !== '') this.#state = 'saying'
    }
    return this.#state === 'saying' ? this.#release() : ''
  }

  /** What was held back and, since nothing follows, is no thought. */
  rest(): string {
    return this.#state === 'start' ? this.#release() : ''
  }

  #begin(): void {
    const said = this.#held.trimStart()
    if (said.startsWith(opening)) {
      this.#held = said.slice(opening.length)
      this.#state = 'thinking'
    } else if (this.#held.length > heldMax || !opening.startsWith(said)) this.#state = 'saying'
  }

  #end(): void {
    const at = this.#held.indexOf(closing)
    if (at === -1) this.#held = this.#held.slice(1 - closing.length)
    else {
      this.#held = this.#held.slice(at + closing.length)
      this.#state = 'after'
    }
  }

  #release(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}
