import { hashText } from './hash.ts'

/** A few known words and a number for each, found by the raw hash of a word in a text: one look for most others. */
export class WordTable {
  readonly #hashes: Uint32Array
  readonly #numbers: Uint16Array
  readonly #mask: number

  /** @param words each with its number, 1 to 65,535; the numbers of a word that comes again are joined bit by bit */
  constructor(words: readonly (readonly [word: string, number: number])[]) {
    let slots = 16
    while (slots < words.length * 8) slots *= 2
    this.#mask = slots - 1
    this.#hashes = new Uint32Array(slots)
    this.#numbers = new Uint16Array(slots)
    for (const [word, number] of words) {
      const raw = hashText(word)
      const slot = this.#slot(raw)
      this.#hashes[slot] = raw
      this.#numbers[slot]! |= number
    }
  }

  /** The number of a word, 0 when it is none of them. */
  of(raw: number): number {
    return this.#numbers[this.#slot(raw)]!
  }

  #slot(raw: number): number {
    const hashes = this.#hashes
    let slot = raw & this.#mask
    while (hashes[slot] !== 0 && hashes[slot] !== raw) slot = (slot + 1) & this.#mask
    return slot
  }
}
