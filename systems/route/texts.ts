import { hashText } from '../text/hash.ts'

/** Texts of filters, each kept once in a typed array: a text is the number at which its letters begin; 0 = none. */
export class Texts {
  /** The length of a text lies before its letters. */
  #letters = new Uint16Array(8192)
  #used = 1
  /** Of each place: hash, text (0 = free). */
  #places = new Uint32Array(2 * 1024)
  #mask = 1023
  #count = 0

  /** The number of a text of at most 65,535 units, kept if it is new. */
  keep(text: string): number {
    const hash = hashText(text)
    let place = hash & this.#mask
    for (; this.#places[place * 2 + 1] !== 0; place = (place + 1) & this.#mask) {
      const known = this.#places[place * 2 + 1]!
      if (this.#places[place * 2] === hash && this.is(known, text)) return known
    }
    while (this.#used + text.length + 1 > this.#letters.length) {
      const twice = new Uint16Array(this.#letters.length * 2)
      twice.set(this.#letters)
      this.#letters = twice
    }
    this.#letters[this.#used++] = text.length
    const id = this.#used
    for (let at = 0; at < text.length; at++) this.#letters[this.#used++] = text.charCodeAt(at)
    this.#places[place * 2] = hash
    this.#places[place * 2 + 1] = id
    if (++this.#count * 2 > this.#mask) this.#grow()
    return id
  }

  /** Whether a number is that of this text. */
  is(id: number, text: string): boolean {
    return this.#letters[id - 1] === text.length && this.begins(id, text)
  }

  /** Whether a text begins with that of a number. */
  begins(id: number, text: string): boolean {
    const letters = this.#letters
    const length = letters[id - 1]!
    if (length > text.length) return false
    for (let at = 0; at < length; at++) if (letters[id + at] !== text.charCodeAt(at)) return false
    return true
  }

  /** The text of a number. */
  text(id: number): string {
    const letters = this.#letters.subarray(id, id + this.#letters[id - 1]!)
    let text = ''
    for (const letter of letters) text += String.fromCharCode(letter)
    return text
  }

  #grow(): void {
    const before = this.#places
    this.#places = new Uint32Array(before.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] === 0) continue
      let place = before[at]! & this.#mask
      while (this.#places[place * 2 + 1] !== 0) place = (place + 1) & this.#mask
      this.#places[place * 2] = before[at]!
      this.#places[place * 2 + 1] = before[at + 1]!
    }
  }
}
