import { WordFlag, type Words } from '../text/words.ts'
import { pastFailure, readCode, readFailure } from './mentions/failures.ts'
import { Gathering } from './mentions/gathering.ts'
import { KeyKind, kindPrefix } from './mentions/kinds.ts'
import { classOf } from './mentions/lexicon.ts'
import { isCapital, isNumber } from './mentions/look.ts'
import { type About, readAbout } from './mentions/metadata.ts'
import { Names } from './mentions/names.ts'
import { Spelling } from './mentions/spelling.ts'
import { readTime } from './mentions/times.ts'
import { readToken } from './mentions/tokens.ts'

/** Keys that a memory keeps when nothing else is said. */
export const keysMax = 32
const tagsMax = 32

/**
 * What a text mentions, as parallel arrays of which the first `count` are used; one object is used again and again.
 * Sorted by position, kind and hash, one entry a distinct key: its first place, and how often it is said in `times`.
 */
export class Mentions {
  count = 0
  /** Mentions that found no place because the memory has keys enough. */
  dropped = 0
  /** KeyKind. */
  readonly kind: Uint8Array
  /** 64-bit hash of the canonical key text, as `hash64` gives it. */
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Index of the mention's first word in the text's words; 0xffffffff for title and metadata. */
  readonly word: Uint32Array
  /** How many words it spans; 0 for metadata. */
  readonly words: Uint8Array
  /** MentionField. */
  readonly field: Uint8Array
  /** How often it is said, at most 255. */
  readonly times: Uint8Array
  /** Bits of the words near any of its places; see `signatureBit`. */
  readonly signature: Uint32Array
  readonly #gathering = new Gathering()
  readonly #names = new Names()
  readonly #order: Uint16Array
  readonly #keys_max: number

  constructor(keys_max: number = keysMax) {
    this.#keys_max = keys_max
    this.kind = new Uint8Array(keys_max)
    this.high = new Uint32Array(keys_max)
    this.low = new Uint32Array(keys_max)
    this.word = new Uint32Array(keys_max)
    this.words = new Uint8Array(keys_max)
    this.field = new Uint8Array(keys_max)
    this.times = new Uint8Array(keys_max)
    this.signature = new Uint32Array(keys_max)
    this.#order = new Uint16Array(keys_max)
  }

  /** The canonical text of a key, such as `ent:new york` or `path:docs/a.md`; only until the next text is read. */
  keyText(index: number): string {
    return this.#gathering.text(this.#order[index]!)
  }

  /** Reads anew; see `readMentions`. */
  read(words: Words, about: About): void {
    const into = this.#gathering
    into.clear()
    this.#names.begin(words, about.title)
    readAbout(words, about, tagsMax, this.#names, into)
    readText(words, about.ts, into, this.#names)
    this.#choose()
    this.#sort()
    this.#copy()
  }

  /** Keeps the most useful; what is equally useful stays by its place. */
  #choose(): void {
    const { rank, count } = this.#gathering
    const most = Math.min(count, this.#keys_max)
    this.count = most
    this.dropped = this.#gathering.dropped + count - most
    const least = count > most ? this.#leastRank(most) : 0
    let above = 0
    if (count > most) for (let index = 0; index < count; index++) if (rank[index]! > least) above++
    let level = most - above
    let kept = 0
    for (let index = 0; index < count && kept < most; index++) {
      if (count > most && (rank[index]! < least || (rank[index] === least && level-- <= 0))) continue
      this.#order[kept++] = index
    }
  }

  /** The rank of which so many are at or above, when those of the rank itself are filled up by their place. */
  #leastRank(most: number): number {
    const { rank, count } = this.#gathering
    const byRank = new Uint16Array(256)
    for (let index = 0; index < count; index++) byRank[rank[index]!]!++
    let seen = 0
    for (let level = 255; level > 0; level--) {
      seen += byRank[level]!
      if (seen >= most) return level
    }
    return 0
  }

  #sort(): void {
    const order = this.#order
    const { word, kind, high, low } = this.#gathering
    for (let index = 1; index < this.count; index++) {
      const moved = order[index]!
      let to = index
      for (; to > 0; to--) {
        const other = order[to - 1]!
        const difference =
          word[other]! - word[moved]! ||
          kind[other]! - kind[moved]! ||
          high[other]! - high[moved]! ||
          low[other]! - low[moved]!
        if (difference <= 0) break
        order[to] = other
      }
      order[to] = moved
    }
  }

  #copy(): void {
    const from = this.#gathering
    for (let index = 0; index < this.count; index++) {
      const at = this.#order[index]!
      this.kind[index] = from.kind[at]!
      this.high[index] = from.high[at]!
      this.low[index] = from.low[at]!
      this.word[index] = from.word[at]!
      this.words[index] = from.words[at]!
      this.field[index] = from.field[at]!
      this.times[index] = from.times[at]!
      this.signature[index] = from.signature[at]!
    }
  }
}

/**
 * Says what a text and its metadata mention: names, paths, addresses, identifiers, failures, dates, who and where.
 * Pure: the same words and metadata give the same mentions, whatever was read before.
 * @param words the text, as `readWords` read it
 */
export function readMentions(words: Words, about: About, into: Mentions): void {
  into.read(words, about)
}

const asked = new Spelling()

/**
 * The hash of the key that some words of a text would have as a name, whatever their capitals: for finding what memory
 * knows of a question's words.
 * @param hash gets the two halves, high first
 * @returns whether the words make a key at all
 */
export function nameKey(words: Words, first: number, past: number, hash: Uint32Array): boolean {
  asked.open(kindPrefix[KeyKind.entity]!)
  asked.name(words.text, words.start[first]!, words.end[past - 1]!)
  asked.withoutArticle()
  if (asked.bodyUnits === 0) return false
  asked.close()
  hash.set(asked.hash)
  return true
}

/** Any of these may begin more than a plain word. */
const telling = WordFlag.capital | WordFlag.number | WordFlag.digits | WordFlag.identifier | WordFlag.joined

function readText(words: Words, ts: number, into: Gathering, names: Names): void {
  const { units, text, count, start, end, raw, flags } = words
  let index = 0
  while (index < count) {
    // Most words are plain: nothing stands at them, and the lexicon has nothing to say.
    const behind = end[index]! < text.length ? units[end[index]!] : 0
    const bare = start[index]! > 0 && units[start[index]! - 1] === 0x20 && behind !== 0x28 && behind !== 0x40
    if (bare && (flags[index]! & telling) === 0) {
      const wordClass = classOf(raw[index]!)
      if (wordClass !== 0) readFailure(words, index, wordClass, into)
      index++
      continue
    }
    const past = readToken(words, index, into)
    if (past > index) {
      for (; index < past; index++) readFailureAt(words, index, into)
    } else index = readWord(words, index, ts, into, names)
  }
  names.end(words, into)
}

/** @returns the index of the first word behind what was read */
function readWord(words: Words, index: number, ts: number, into: Gathering, names: Names): number {
  if (isNumber(words, index)) {
    return readCode(words, index, into) ? index + 1 : Math.max(index + 1, readTime(words, index, ts, into))
  }
  readFailureAt(words, index, into)
  const timePast = readTime(words, index, ts, into)
  if (timePast > index) return timePast
  if (!isCapital(words, index)) return index + 1
  const past = pastFailure(words, index) || names.read(words, index, into)
  for (let inside = index + 1; inside < past; inside++) readFailureAt(words, inside, into)
  return past
}

function readFailureAt(words: Words, index: number, into: Gathering): void {
  const wordClass = classOf(words.raw[index]!)
  if (wordClass !== 0) readFailure(words, index, wordClass, into)
}

export { KeyKind, kindPrefix, MentionField, noWord } from './mentions/kinds.ts'
export { type About, unknownAbout } from './mentions/metadata.ts'
export { signatureBit } from './mentions/signature.ts'
