import { assert } from '../errors.ts'

const bytesMax = 8192

/** Short texts as dense numbers from 1, in order of first use; the list is world state, the look-up is derived. */
export class Names {
  readonly #texts: string[] = ['']
  readonly #ids = new Map<string, number>()

  /** How many texts are interned; the newest has this id. */
  get count(): number {
    return this.#texts.length - 1
  }

  /** The id of a text, interning it when it is new. @throws EngineError NAME_TOO_LONG */
  id(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    assert(
      text.length <= bytesMax,
      'NAME_TOO_LONG',
      `a name may hold ${bytesMax} characters; store longer text as a record`,
    )
    const id = this.#texts.push(text) - 1
    this.#ids.set(text, id)
    return id
  }

  /** The id of a text, or 0 when nobody has interned it. */
  find(text: string): number {
    return this.#ids.get(text) ?? 0
  }

  /** The text of an id; empty for 0 and for ids never given. */
  text(id: number): string {
    return this.#texts[id] ?? ''
  }

  /** All texts in order of their ids, for snapshots and digests. */
  list(): readonly string[] {
    return this.#texts.slice(1)
  }

  /** Starts over with the texts of a snapshot. */
  restore(texts: readonly string[]): void {
    this.#texts.length = 1
    this.#ids.clear()
    for (const text of texts) this.id(text)
  }
}
