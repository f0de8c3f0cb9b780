import { hash64Units } from '../../text/hash.ts'
import { folded } from './fold.ts'

/** The longest key in UTF-16 units; a longer one is cut and ends in the hash of the whole. */
export const keyUnits = 200
const keptUnits = 160

const separator = 0
const apostrophe = 1
const point = 2
const blank = 0x20

/** For every ASCII unit: what it is written as within a name, or one of the classes above. */
const inName = new Uint8Array(128)
/** For every ASCII unit: its lower case; a blank for what cannot be seen. */
const inPlain = new Uint8Array(128)
for (let unit = 0; unit < 128; unit++) {
  const digit = unit >= 0x30 && unit <= 0x39
  const upper = unit >= 0x41 && unit <= 0x5a
  const lower = unit >= 0x61 && unit <= 0x7a
  inName[unit] = upper
    ? unit + 32
    : lower || digit
      ? unit
      : unit === 0x27
        ? apostrophe
        : unit === 0x2e
          ? point
          : separator
  inPlain[unit] = upper ? unit + 32 : unit <= blank || unit === 127 ? blank : unit
}
const letterFrom = 0x30

/**
 * Writes the canonical text of one key after the other into a buffer, and hashes it: a key costs no string until
 * somebody asks for its text. The hash is that of `hash64` for the same text.
 */
export class Spelling {
  units = new Uint16Array(1024)
  /** Where the key that is being written ends so far. */
  end = 0
  /** The hash of the key that was closed last, high half first. */
  readonly hash = new Uint32Array(2)
  #body = 0

  /** Begins a key. */
  open(prefix: string): void {
    if (this.units.length > 1_048_576) this.units = new Uint16Array(1024)
    this.end = 0
    for (let index = 0; index < prefix.length; index++) this.units[this.end++] = prefix.charCodeAt(index)
    this.#body = this.end
  }

  /** What was written since `open`, without the prefix; 0 means that there is no key. */
  get bodyUnits(): number {
    return this.end - this.#body
  }

  /**
   * Writes a part of a text as a name: letters and digits in lower case, one blank for whatever else stands between
   * them, no possessive, and initials that are written together as one word ("U.S." is "us").
   */
  name(text: string, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      if (text.charCodeAt(at) >= 128) {
        const spelt = folded(text.slice(from, to)).replace(/[^\p{L}\p{N}\p{M}\0-\x7f]+/gu, ' ')
        this.#name(spelt, 0, spelt.length)
        return
      }
    }
    this.#name(text, from, to)
  }

  #name(text: string, from: number, to: number): void {
    this.#room(to - from + 1)
    const { units } = this
    let end = this.end
    let gap = false
    for (let at = from; at < to; at++) {
      const unit = text.charCodeAt(at)
      const written = unit < 128 ? inName[unit]! : unit
      if (written >= letterFrom) {
        if (gap && end > this.#body) units[end++] = blank
        gap = false
        units[end++] = written
      } else if (written === apostrophe) {
        if (isPossessive(text, at, to)) at++
      } else if (written === point && at > from && at + 1 < to) {
        if (isDigit(text.charCodeAt(at - 1)) && isDigit(text.charCodeAt(at + 1))) units[end++] = unit
        else if (!(isLetter(text, at - 1) && isLetter(text, at + 1) && !(at - 2 >= from && isLetter(text, at - 2))))
          gap = true
      } else gap = true
    }
    this.end = end
  }

  /** Drops a leading article of the name that was written, unless nothing else is left. */
  withoutArticle(): void {
    const { units } = this
    const body = this.#body
    const first = units[body]
    if (first !== 0x61 && first !== 0x74) return
    let at = body + 1
    while (at < this.end && at - body < 4 && units[at] !== blank) at++
    if (at >= this.end - 1 || units[at] !== blank) return
    const word = String.fromCharCode(...units.subarray(body, at))
    if (word !== 'the' && word !== 'a' && word !== 'an') return
    units.copyWithin(body, at + 1, this.end)
    this.end -= at + 1 - body
  }

  /** Writes a part of a text in lower case, with one blank for each run of blanks and none at its ends. */
  plain(text: string, from = 0, to = text.length): void {
    for (let at = from; at < to; at++) {
      if (text.charCodeAt(at) >= 128) {
        const spelt = folded(text.slice(from, to)).replace(/[\s\p{Cc}]+/gu, ' ')
        this.#plain(spelt, 0, spelt.length)
        return
      }
    }
    this.#plain(text, from, to)
  }

  #plain(text: string, from: number, to: number): void {
    this.#room(to - from)
    const { units } = this
    const body = this.#body
    let end = this.end
    for (let at = from; at < to; at++) {
      const unit = text.charCodeAt(at)
      const written = unit < 128 ? inPlain[unit]! : unit
      if (written !== blank || (end > body && units[end - 1] !== blank)) units[end++] = written
    }
    while (end > body && units[end - 1] === blank) end--
    this.end = end
  }

  /** The text of the key that is being written. */
  text(): string {
    return String.fromCharCode(...this.units.subarray(0, Math.min(this.end, keyUnits)))
  }

  /** Ends a key: cuts it where it is too long, and hashes it. */
  close(): void {
    if (this.end > keyUnits) this.#cut()
    hash64Units(this.units, this.end, this.hash)
  }

  #cut(): void {
    hash64Units(this.units, this.end, this.hash)
    const { units } = this
    this.end = (units[keptUnits - 1]! & 0xfc00) === 0xd800 ? keptUnits - 1 : keptUnits
    const tail = `~${[...this.hash].map((half) => half.toString(16).padStart(8, '0')).join('')}`
    for (let index = 0; index < tail.length; index++) units[this.end++] = tail.charCodeAt(index)
  }

  #room(units: number): void {
    const needed = this.end + units + keyUnits
    if (needed <= this.units.length) return
    const larger = new Uint16Array(Math.max(needed, this.units.length * 2))
    larger.set(this.units.subarray(0, this.end))
    this.units = larger
  }
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}

function isLetter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 128 || inName[unit]! >= 0x61
}

/** "Caroline's" is about Caroline, "O'Brien" is one name. */
function isPossessive(text: string, at: number, to: number): boolean {
  if (at + 1 >= to || (text.charCodeAt(at + 1) | 32) !== 0x73) return false
  return at + 2 >= to || (text.charCodeAt(at + 2) < 128 && inName[text.charCodeAt(at + 2)]! < letterFrom)
}
