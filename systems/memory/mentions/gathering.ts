import { kindPrefix, MentionField, rank as ranks } from './kinds.ts'
import { Spelling } from './spelling.ts'

/** Different keys of one text that are weighed against each other; what a longer text mentions beyond is only counted. */
const gatheredMax = 1024
const slots = 4096
/** What a mention is worth by MentionField: opening, metadata, text, title. */
const strength = [0, 4, 3, 2, 1]

/** Keys as they are found, before the most useful are chosen. */
export class Gathering {
  count = 0
  /** Mentions of keys that found no place. */
  dropped = 0
  readonly kind = new Uint8Array(gatheredMax)
  readonly high = new Uint32Array(gatheredMax)
  readonly low = new Uint32Array(gatheredMax)
  readonly word = new Uint32Array(gatheredMax)
  readonly words = new Uint8Array(gatheredMax)
  readonly field = new Uint8Array(gatheredMax)
  readonly times = new Uint8Array(gatheredMax)
  readonly signature = new Uint32Array(gatheredMax)
  readonly rank = new Uint8Array(gatheredMax)
  readonly #spelling = new Spelling()
  readonly #slot = new Uint16Array(slots)
  readonly #used = new Uint16Array(gatheredMax)
  readonly #textStart = new Uint32Array(gatheredMax)
  readonly #textEnd = new Uint32Array(gatheredMax)
  /** The texts that are ASCII alone, as most are; the others as they are. */
  #texts = Buffer.alloc(8192)
  readonly #wide = new Map<number, string>()
  #textsEnd = 0
  #word = 0
  #words = 0
  #field = 0
  #signature = 0

  /** Forgets everything that was gathered. */
  clear(): void {
    for (let index = 0; index < this.count; index++) this.#slot[this.#used[index]!] = 0
    this.count = 0
    this.dropped = 0
    this.#textsEnd = 0
    if (this.#wide.size > 0) this.#wide.clear()
  }

  /** Says where the mentions stand that follow. */
  at(field: number, word: number, words: number, signature: number): void {
    this.#field = field
    this.#word = word
    this.#words = Math.min(255, words)
    this.#signature = signature
  }

  /** A mention of what a part of a text names; see `Spelling.name`. */
  name(kind: number, rank: number, text: string, from = 0, to = text.length): void {
    this.#spelling.open(kindPrefix[kind]!)
    this.#spelling.name(text, from, to)
    this.#spelling.withoutArticle()
    this.#close(kind, rank)
  }

  /** A mention in lower case, every unit counting; see `Spelling.plain`. */
  plain(kind: number, rank: number, text: string, from = 0, to = text.length): void {
    this.#spelling.open(kindPrefix[kind]!)
    this.#spelling.plain(text, from, to)
    this.#close(kind, rank)
  }

  #close(kind: number, rank: number): void {
    const spelling = this.#spelling
    if (spelling.bodyUnits === 0) return
    spelling.close()
    const high = spelling.hash[0]!
    const low = spelling.hash[1]!
    let slot = low & (slots - 1)
    for (; this.#slot[slot] !== 0; slot = (slot + 1) & (slots - 1)) {
      const known = this.#slot[slot]! - 1
      if (this.low[known] === low && this.high[known] === high) {
        this.#again(known, rank)
        return
      }
    }
    if (this.count === gatheredMax) {
      this.dropped++
      return
    }
    const index = this.count++
    this.#slot[slot] = index + 1
    this.#used[index] = slot
    this.kind[index] = kind
    this.high[index] = high
    this.low[index] = low
    this.word[index] = this.#word
    this.words[index] = this.#words
    this.field[index] = this.#field
    this.times[index] = 1
    this.signature[index] = this.#signature
    this.rank[index] = rank
    this.#keep(index)
  }

  /**
   * The same key once more: what stands near counts for every place, the first place and the strongest field stay.
   * Who said it and what it is called stay what they are, whatever the text says besides.
   */
  #again(index: number, rank: number): void {
    if (this.times[index]! < 255) this.times[index]!++
    this.signature[index]! |= this.#signature
    const field = this.field[index]!
    if (field === MentionField.title || this.rank[index] === ranks.context) return
    if (rank > this.rank[index]!) this.rank[index] = rank
    if (strength[this.#field]! > strength[field]!) this.field[index] = this.#field
    if (this.#word < this.word[index]!) {
      this.word[index] = this.#word
      this.words[index] = this.#words
    }
  }

  #keep(index: number): void {
    const { units, end } = this.#spelling
    if (this.#textsEnd + end > this.#texts.length) {
      const larger = Buffer.alloc(this.#texts.length * 2 + end)
      larger.set(this.#texts)
      this.#texts = larger
    }
    const texts = this.#texts
    let to = this.#textsEnd
    let all = 0
    this.#textStart[index] = to
    for (let at = 0; at < end; at++) {
      all |= units[at]!
      texts[to++] = units[at]!
    }
    this.#textEnd[index] = to
    if (all < 128) this.#textsEnd = to
    else this.#wide.set(index, String.fromCharCode(...units.subarray(0, end)))
  }

  /** The canonical text of a gathered key. */
  text(index: number): string {
    const wide = this.#wide.size === 0 ? undefined : this.#wide.get(index)
    return wide ?? this.#texts.toString('latin1', this.#textStart[index]!, this.#textEnd[index]!)
  }
}
