import { reveal } from './hidden.ts'
import { found, stopBit, titleBit } from './word-cache.ts'

/** What is known of a word beside its hashes, as bits of `Words.flags`. */
export const WordFlag = {
  /** Begins with a capital. */
  capital: 1,
  /** Two letters or more, all capitals; digits may be among them. */
  allCaps: 2,
  /** Digits alone. */
  number: 4,
  /** The first word of the text, a sentence, a paragraph, an item or a heading. */
  sentenceStart: 8,
  /** Says how a sentence is built; its term is 0. */
  stop: 16,
  /** Two characters of a script without blanks; the next word may begin with the second of them. */
  cjk: 32,
  /** In an identifier: joined to a neighbour by `. _ / : \`, or in camel case. */
  identifier: 64,
  /** Longer than the limit: only the beginning was read. */
  cut: 128,
  /** No blank between this word and the one before. */
  joined: 256,
  /** A part of the word in camel case that stands before it in the list: `Hub` after `GitHub`. */
  part: 512,
  /** Its possessive `'s` was dropped. */
  possessive: 1024,
  /** Has a digit, but is no number. */
  digits: 2048,
  /** A short form before a name, whose full stop ends no sentence: `Dr`, `Mrs`, or one capital. */
  shortForm: 4096,
} as const

/**
 * The words of one text as parallel arrays; one object is used again and again, so reading allocates nothing.
 * The arrays may be replaced by longer ones while reading: take them from the object after each `readWords`.
 */
export class Words {
  /** What was read: the text itself when it is plain, else as `reveal` shows it. Offsets are UTF-16 units of it. */
  text = ''
  count = 0
  /** Ascending; a camel-case word is followed by its parts, which begin inside it. */
  start: Uint32Array = new Uint32Array(256)
  end: Uint32Array = new Uint32Array(256)
  /** `hashText` of the word in lower case without accents; never 0. */
  raw: Uint32Array = new Uint32Array(256)
  /** `hashText` of its stem; 0 for a stop word. */
  term: Uint32Array = new Uint32Array(256)
  /** Bits of `WordFlag`. */
  flags: Uint16Array = new Uint16Array(256)
  /** The text unit by unit, as far as it is ASCII; `notAscii` for every other unit. Quicker to look at than the text. */
  units: Buffer = Buffer.alloc(1024)
  /** The text has more words than were read. */
  cut = false
  /** What the text hides, as bits of `Concealed`. */
  concealed = 0

  /** Whether the text hides anything from a reader. */
  get hidden(): boolean {
    return this.concealed !== 0
  }

  /** Notes what the cache says of a word. */
  found(place: number, bits: number): void {
    if ((bits & stopBit) !== 0) this.flags[place]! |= WordFlag.stop
    if ((bits & titleBit) !== 0) this.flags[place]! |= WordFlag.shortForm
  }

  /** Takes a text, of which no word is read yet. */
  begin(text: string): void {
    this.count = 0
    this.cut = false
    this.concealed = 0
    this.text = text
    if (this.#take(text)) return
    const seen = reveal(text)
    this.text = seen.text
    this.concealed = seen.concealed
    if (this.#take(seen.text)) return
    for (let at = 0; at < seen.text.length; at++) {
      const unit = seen.text.charCodeAt(at)
      this.units[at] = unit < notAscii ? unit : notAscii
    }
  }

  /** Copies a text into `units`; false when it is not ASCII alone. */
  #take(text: string): boolean {
    const room = text.length + longestUnits
    if (this.units.length < room || this.units.length > Math.max(room, unitsKept)) {
      this.units = Buffer.alloc(Math.max(1024, room < unitsKept / 2 ? room * 2 : room))
    }
    // Whatever is not ASCII takes more bytes than units, and where that is cut off for want of room, there are more already.
    return this.units.write(text, 0, room, 'utf8') === text.length
  }
}

/** In place of any unit that is not ASCII. */
export const notAscii = 128
/** The most bytes of one character. */
const longestUnits = 4
/** What one long text has made longer than this is let go again. */
const unitsKept = 1 << 18

/** Appends the word `start`–`end` of the text, which `lookUp` has just found. */
export function putFound(into: Words, start: number, end: number, flags: number): void {
  const at = putWaiting(into, start, end, flags, found[0]!)
  into.term[at] = found[1]!
  into.found(at, found[2]!)
}

/** Appends a word that is still to be looked up; its number. */
export function putWaiting(into: Words, start: number, end: number, flags: number, raw: number): number {
  if (into.count === into.start.length) grow(into)
  const at = into.count++
  into.start[at] = start
  into.end[at] = end
  into.raw[at] = raw
  into.flags[at] = flags
  return at
}

function grow(into: Words): void {
  const longer = (column: Uint32Array): Uint32Array => {
    const more = new Uint32Array(column.length * 2)
    more.set(column)
    return more
  }
  into.start = longer(into.start)
  into.end = longer(into.end)
  into.raw = longer(into.raw)
  into.term = longer(into.term)
  const flags = new Uint16Array(into.flags.length * 2)
  flags.set(into.flags)
  into.flags = flags
}
