import { notAscii, type Words } from '../../text/words.ts'
import type { Gathering } from './gathering.ts'
import { KeyKind, MentionField, rank } from './kinds.ts'
import { isCapital } from './look.ts'
import { signatureNear } from './signature.ts'

const doubtsMax = 256
const doubtSlots = 1024

/**
 * Single words that begin a sentence with a capital: a name, unless the same word also stands in lower case in the
 * text or ends as ordinary words do.
 */
export class Doubts {
  count = 0
  readonly #word = new Uint32Array(doubtsMax)
  readonly #raw = new Uint32Array(doubtSlots)
  readonly #ordinary = new Uint8Array(doubtSlots)

  /** Notes a word; those beyond the first few hundred sentences are not asked about. */
  add(words: Words, index: number): void {
    if (this.count < doubtsMax && !isContraction(words, index) && !endsOrdinary(words, index))
      this.#word[this.count++] = index
  }

  /** Decides, and forgets. */
  settle(words: Words, into: Gathering): void {
    if (this.count === 0) return
    let some = 0
    for (let index = 0; index < this.count; index++) {
      const raw = words.raw[this.#word[index]!]!
      this.#place(raw)
      some |= 1 << (raw & 31)
    }
    for (let index = 0; index < words.count; index++) {
      if ((some & (1 << (words.raw[index]! & 31))) === 0 || isCapital(words, index)) continue
      const slot = this.#find(words.raw[index]!)
      if (this.#raw[slot] !== 0) this.#ordinary[slot] = 1
    }
    for (let index = 0; index < this.count; index++) {
      const word = this.#word[index]!
      if (this.#ordinary[this.#find(words.raw[word]!)] !== 0) continue
      into.at(MentionField.opening, word, 1, signatureNear(words, word, word + 1))
      into.name(KeyKind.entity, rank.opening, words.text, words.start[word]!, words.end[word]!)
    }
    this.#raw.fill(0)
    this.#ordinary.fill(0)
    this.count = 0
  }

  #place(raw: number): void {
    this.#raw[this.#find(raw)] = raw
  }

  #find(raw: number): number {
    let slot = raw & (doubtSlots - 1)
    while (this.#raw[slot] !== 0 && this.#raw[slot] !== raw) slot = (slot + 1) & (doubtSlots - 1)
    return slot
  }
}

function isContraction(words: Words, index: number): boolean {
  for (let at = words.start[index]!; at < words.end[index]!; at++) {
    const unit = words.units[at]!
    if (unit === 0x27 || (unit === notAscii && words.text.charCodeAt(at) === 0x2019)) return true
  }
  return false
}

/** Adverbs and forms of verbs are no names where only the beginning of the sentence gives them a capital. */
function endsOrdinary(words: Words, index: number): boolean {
  const { text } = words
  const end = words.end[index]!
  if (end - words.start[index]! < 5) return false
  const last = text.charCodeAt(end - 1)
  const before = text.charCodeAt(end - 2)
  if (last === 0x79) return before === 0x6c
  if (last === 0x64) return before === 0x65
  return last === 0x67 && before === 0x6e && text.charCodeAt(end - 3) === 0x69
}
