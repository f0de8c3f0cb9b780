import { WordFlag, type Words } from '../../text/words.ts'
import { Doubts } from './doubts.ts'
import type { Gathering } from './gathering.ts'
import { KeyKind, MentionField, noWord, rank } from './kinds.ts'
import { classOf, WordClass } from './lexicon.ts'
import {
  beginsSentence,
  Gap,
  gapBefore,
  isCapital,
  isCut,
  isNumber,
  isShouted,
  isStop,
  lastToken,
  tokenPast,
} from './look.ts'
import { signatureNear } from './signature.ts'

/** More words in capitals are a headline, not a name. */
const spanWords = 8
/** Names with joiners and possessives are met by their parts too. */
const partsOfNames = true
/** Longer names of one text that its later, shorter mentions may stand for. */
const aliasesMax = 64
const aliasSlots = 256

const borders = new Uint32Array(4 * spanWords)
let bordersCount = 0

/** Reads the names of one text after the other. */
export class Names {
  readonly #doubts = new Doubts()
  readonly #raw = new Uint32Array(aliasSlots)
  readonly #longer: { text: string; from: number; to: number }[] = []
  readonly #slots = new Uint16Array(aliasesMax)
  readonly #alias = new Uint8Array(aliasSlots)
  #shouting = false

  /** Begins a text: what was read before is forgotten. @param title its name, which later words may shorten */
  begin(words: Words, title: Words | undefined): void {
    for (let index = 0; index < this.#longer.length; index++) this.#raw[this.#slots[index]!] = 0
    this.#longer.length = 0
    this.#shouting = isShouting(words)
    if (title === undefined || title.count < 2) return
    const past = spanPast(title, 0)
    if (past > 1 && bordersCount === 0) this.#lengthen(title, 0, past)
  }

  /**
   * Reads the name that begins at a capitalised word, and the shorter names in it.
   * @returns the index of the first word behind it
   */
  read(words: Words, at: number, into: Gathering): number {
    let first = at
    const past = spanPast(words, at)
    if (past === 0) return tokenPast(words, at)
    const begins = beginsSentence(words, first)
    while (first < past && isLeading(words, first, begins)) first = tokenPast(words, first)
    if (first >= past || (this.#shouting && isShouted(words, first))) return past
    if (tokenPast(words, first) >= past) {
      if (!namesAlone(words, first, past)) return past
      const plain = begins && first === at && past - first === 1 && !isShouted(words, first)
      if (this.#addLonger(words, first, past, into)) addName(words, first, past, into, rank.part)
      else if (plain) this.#doubts.add(words, first)
      else addName(words, first, past, into, rank.entity)
      return past
    }
    addName(words, first, past, into, rank.entity + Math.min(12, 3 * (past - first)))
    if (bordersCount === 0) this.#lengthen(words, first, past)
    else if (partsOfNames) addParts(words, first, past, into)
    return past
  }

  /** Reads the names inside a title: less than the title itself, and of no place in the text. */
  readTitle(title: Words, signature: number, into: Gathering): void {
    for (let index = 0; index < title.count; ) {
      const past = isCapital(title, index) ? spanPast(title, index) : 0
      let first = index
      index = past === 0 ? tokenPast(title, index) : past
      while (first < past && isLeading(title, first, true)) first = tokenPast(title, first)
      if (first >= past || (past - first === 1 && !namesAlone(title, first, past))) continue
      into.at(MentionField.metadata, noWord, 0, signature)
      into.name(KeyKind.entity, rank.part, title.text, title.start[first]!, title.end[past - 1]!)
      if (partsOfNames && bordersCount > 0) addParts(title, first, past, into)
    }
  }

  /** Ends a text: decides on the words whose capital may be only that of their sentence. */
  end(words: Words, into: Gathering): void {
    this.#doubts.settle(words, into)
  }

  /** Remembers a name of several words by its last one: "Snow" is "Hank Snow" from then on. The first such name stays. */
  #lengthen(words: Words, first: number, past: number): void {
    const last = lastToken(words, past)
    const raw = words.raw[last]!
    const slot = this.#find(raw)
    const count = this.#longer.length
    if (this.#raw[slot] !== 0 || count === aliasesMax || isNumber(words, last)) return
    this.#raw[slot] = raw
    this.#alias[slot] = count
    this.#slots[count] = slot
    this.#longer.push({ text: words.text, from: words.start[first]!, to: words.end[past - 1]! })
  }

  /** Adds the longer name that a single word stands for. */
  #addLonger(words: Words, first: number, past: number, into: Gathering): boolean {
    if (past - first !== 1 || this.#longer.length === 0) return false
    const slot = this.#find(words.raw[first]!)
    if (this.#raw[slot] === 0) return false
    const { text, from, to } = this.#longer[this.#alias[slot]!]!
    into.at(MentionField.text, first, 1, signatureNear(words, first, past))
    into.name(KeyKind.entity, rank.entity, text, from, to)
    return true
  }

  #find(raw: number): number {
    let slot = raw & (aliasSlots - 1)
    while (this.#raw[slot] !== 0 && this.#raw[slot] !== raw) slot = (slot + 1) & (aliasSlots - 1)
    return slot
  }
}

/** Whether a text is written in capitals, so that they say nothing. */
function isShouting(words: Words): boolean {
  const { flags, count } = words
  let shouted = 0
  for (let index = 0; index < count; index++) if ((flags[index]! & WordFlag.allCaps) !== 0) shouted++
  return shouted >= 4 && shouted * 2 > count
}

/** Where the run of words ends that make one name; 0 when its first word cannot begin one. Notes the borders inside. */
function spanPast(words: Words, first: number): number {
  bordersCount = 0
  let past = tokenPast(words, first)
  if (isCut(words, first)) return 0
  while (past < words.count && past - first < spanWords) {
    const gap = gapBefore(words, past)
    if (gap === Gap.apart || isCut(words, past)) break
    if (gap === Gap.point && !mayBePointed(words, past - 1)) break
    if (isPronoun(words, past) && isUnlikelyKing(words, first, past)) break
    if (gap === Gap.hyphen || isCapital(words, past) || (gap === Gap.blank && isSmallNumber(words, past))) {
      if (gap === Gap.possessive) border(past, past)
      past = tokenPast(words, past)
      continue
    }
    const next = gap === Gap.blank ? joined(words, past) : 0
    if (next === 0) break
    border(past, next)
    past = tokenPast(words, next)
  }
  return past
}

/** A lone "I". */
function isPronoun(words: Words, index: number): boolean {
  const from = words.start[index]!
  return words.end[index]! - from === 1 && words.text.charCodeAt(from) === 0x49
}

/** "Elizabeth I" and "World War I" are names; "Friday I" and a first word before "I" are not. */
function isUnlikelyKing(words: Words, first: number, past: number): boolean {
  if ((classOf(words.raw[past - 1]!) & 15) === WordClass.weekday) return true
  return tokenPast(words, first) === past && beginsSentence(words, first)
}

function border(end: number, start: number): void {
  borders[bordersCount++] = end
  borders[bordersCount++] = start
}

/** The capitalised word behind one or two joiners ("of the"); 0 when there is none. */
function joined(words: Words, index: number): number {
  for (let next = index; next < Math.min(words.count - 1, index + 2); next++) {
    if ((classOf(words.raw[next]!) & 15) !== WordClass.joiner) return 0
    if (gapBefore(words, next + 1) !== Gap.blank) return 0
    if (isCapital(words, next + 1)) return next + 1
  }
  return 0
}

function mayBePointed(words: Words, index: number): boolean {
  return words.end[index]! - words.start[index]! === 1 || (classOf(words.raw[index]!) & 15) === WordClass.title
}

/** A number that may belong to a name (Apollo 11), unlike a year or the beginning of an address. */
function isSmallNumber(words: Words, index: number): boolean {
  if (!isNumber(words, index) || words.end[index]! - words.start[index]! > 3) return false
  return (
    index + 1 >= words.count ||
    gapBefore(words, index + 1) !== Gap.point ||
    words.start[index + 1]! - words.end[index]! > 1
  )
}

/** What stands before a name and is not of it: an article anywhere, any word without a meaning where a sentence begins. */
function isLeading(words: Words, index: number, begins: boolean): boolean {
  if (begins && (classOf(words.raw[index]!) & 15) === WordClass.opener) return true
  if (!isStop(words, index)) return false
  const units = words.end[index]! - words.start[index]!
  return begins || units === 1 || isArticle(words, index) || words.text.charCodeAt(words.start[index]! + 1) === 0x27
}

function isArticle(words: Words, index: number): boolean {
  const { text } = words
  const from = words.start[index]!
  const unit = text.charCodeAt(from) | 32
  const units = words.end[index]! - from
  if (unit === 0x61) return units === 1 || (units === 2 && (text.charCodeAt(from + 1) | 32) === 0x6e)
  return (
    unit === 0x74 &&
    units === 3 &&
    (text.charCodeAt(from + 1) | 32) === 0x68 &&
    (text.charCodeAt(from + 2) | 32) === 0x65
  )
}

/** Whether one token can be a name: no stop word, no single letter, none of the words that say something else. */
function namesAlone(words: Words, first: number, past: number): boolean {
  if (past - first > 1) return true
  if (isStop(words, first) || isNumber(words, first) || words.end[first]! - words.start[first]! < 2) return false
  const kind = classOf(words.raw[first]!) & 15
  return kind === WordClass.none || kind === WordClass.family
}

function addName(words: Words, first: number, past: number, into: Gathering, usefulness: number): void {
  into.at(MentionField.text, first, past - first, signatureNear(words, first, past))
  into.name(KeyKind.entity, usefulness, words.text, words.start[first]!, words.end[past - 1]!)
}

function addParts(words: Words, first: number, past: number, into: Gathering): void {
  let from = first
  for (let index = 0; index < bordersCount; index += 2) {
    if (borders[index]! > from) addPart(words, from, borders[index]!, into)
    from = Math.max(first, borders[index + 1]!)
  }
  addPart(words, from, past, into)
}

function addPart(words: Words, first: number, past: number, into: Gathering): void {
  const from = past - first > 1 && isArticle(words, first) ? first + 1 : first
  if (from >= past || (past - from === 1 && !namesAlone(words, from, past))) return
  into.name(KeyKind.entity, rank.part, words.text, words.start[from]!, words.end[past - 1]!)
}
