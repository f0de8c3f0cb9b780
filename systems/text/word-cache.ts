import { hashText, hashUnits } from './hash.ts'
import { isListed, regularStem, stem } from './stem.ts'
import { stopWords } from './stop.ts'
import { WordTable } from './word-table.ts'

/** What is known of one word: its raw hash, its term, its bits; the answer of `lookUp`, overwritten by the next one. */
export const found = new Uint32Array(3)

/** The bits of a word. */
export const stopBit = 1
export const titleBit = 2

const stops = new Set(stopWords)
/** Short forms that stand before a name, whose full stop ends no sentence. */
const titles = new Set('mr mrs ms dr prof st gen col lt capt sgt rev hon gov sen rep mt ft vs'.split(' '))

/** Longer ASCII words are kept with all others. */
export const packedUnits = 16
/** Words that may wait to be looked up together. */
const waitingMax = 64
/** The ASCII letters of the waiting words, in lower case, four in a number, four numbers a word, zero behind its end. */
export const packed = new Uint32Array(waitingMax * 4)
const hashes = new Uint32Array(waitingMax)
const places = new Uint32Array(waitingMax)
const likely = new Uint32Array(waitingMax)
let waiting = 0

/** Numbers of one entry: the letters in four, the raw hash, the term, the bits. Two entries share a line of the processor's cache. */
const entryNumbers = 8
const entries = 1 << 18
/** Memory of this size begins a quarter of a line behind the beginning of one. */
const firstEntry = 12
const table = new Uint32Array(firstEntry + entries * entryNumbers)

/** Where in `packed` the next word's letters belong. */
export function packedPlace(): number {
  return waiting * 4
}

/** Puts the word in line whose letters were just written. @param place its number in the text @returns whether the line is full */
export function wait(place: number, hash: number): boolean {
  hashes[waiting] = hash
  places[waiting] = place
  waiting++
  return waiting === waitingMax
}

/** Forgets who waits. */
export function stopWaiting(): void {
  waiting = 0
}

/**
 * Looks up all words that wait. The table is far larger than what the processor keeps near, so all their entries are
 * asked for at once before the first is needed. A word met before costs a comparison of all its letters: what the cache
 * holds can never change an answer. It is large enough for the vocabulary of a large memory.
 */
export function settle(into: Looked): void {
  for (let index = 0; index < waiting; index++) {
    const entry = firstEntry + ((hashes[index]! >>> 8) & (entries - 1)) * entryNumbers
    likely[index] = table[entry] === packed[index * 4] ? entry : other(entry)
  }
  for (let index = 0; index < waiting; index++) {
    const place = places[index]!
    const entry = holds(likely[index]!, index * 4) ? likely[index]! : find(index, into, place)
    into.term[place] = table[entry + 5]!
    const bits = table[entry + 6]!
    if (bits !== 0) into.found(place, bits)
  }
  waiting = 0
}

/** What the words of a text are written to. */
export type Looked = {
  readonly text: string
  readonly start: Uint32Array
  readonly end: Uint32Array
  readonly term: Uint32Array
  found(place: number, bits: number): void
}

/** The other half of the same line. */
function other(entry: number): number {
  return ((entry - firstEntry) ^ entryNumbers) + firstEntry
}

/** The entry of a word that is not where it most likely was; a new one when nothing is known of it. */
function find(index: number, into: Looked, place: number): number {
  const first = other(likely[index]!)
  if (holds(first, index * 4)) return first
  workPlain(into.text.slice(into.start[place]!, into.end[place]!).toLowerCase(), hashes[index]!)
  // Frequent words come early, so the one that came first stays.
  const entry = table[first + 4] === 0 ? first : likely[index]!
  for (let at = 0; at < 4; at++) table[entry + at] = packed[index * 4 + at]!
  for (let at = 0; at < 3; at++) table[entry + 4 + at] = found[at]!
  return entry
}

function holds(entry: number, at: number): boolean {
  return (
    table[entry] === packed[at] &&
    table[entry + 1] === packed[at + 1] &&
    table[entry + 2] === packed[at + 2] &&
    table[entry + 3] === packed[at + 3]
  )
}

const slots = 1 << 15
const unitsMax = 24
const lengths = new Uint8Array(slots)
const pool = new Uint16Array(slots * unitsMax)
const raws = new Uint32Array(slots)
const terms = new Uint32Array(slots)
const bits = new Uint8Array(slots)

/** The same for any word whose units lie in `units`, ASCII letters already lower-cased. */
export function lookUp(units: Uint16Array, from: number, to: number): void {
  const length = to - from
  const slot = (hashUnits(units, from, to) >>> 8) & (slots - 1)
  if (lengths[slot] === length && isSame(units, from, length, slot * unitsMax)) {
    found[0] = raws[slot]!
    found[1] = terms[slot]!
    found[2] = bits[slot]!
    return
  }
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(units[at]!)
  work(foldWord(text))
  if (length > unitsMax) return
  lengths[slot] = length
  for (let at = 0; at < length; at++) pool[slot * unitsMax + at] = units[from + at]!
  raws[slot] = found[0]!
  terms[slot] = found[1]!
  bits[slot] = found[2]!
}

function isSame(units: Uint16Array, from: number, length: number, place: number): boolean {
  for (let at = 0; at < length; at++) if (pool[place + at] !== units[from + at]) return false
  return true
}

/** Words that only a list knows, by their raw hashes: most words are none of them, and need not be looked for in any. */
const listed = new WordTable([...stops, ...titles].map((word) => [word, 1]))

function workPlain(word: string, raw: number): void {
  if (listed.of(raw) !== 0 || isListed(raw)) return work(word)
  found[0] = raw
  found[1] = hashText(regularStem(word))
  found[2] = 0
}

function work(word: string): void {
  const stop = stops.has(word)
  found[0] = hashText(word)
  found[1] = stop ? 0 : hashText(stem(word))
  found[2] = (stop ? stopBit : 0) | (titles.has(word) ? titleBit : 0)
}

const plainWord = /^[\0-\x7f]*$/
const doubled = new Map([...'ßæœøłđıþðς'].map((letter, at) => [letter, 'ss ae oe o l d i th d σ'.split(' ')[at]!]))

/** A word as it is compared: lower-case, accents gone, `'` for every apostrophe. */
export function foldWord(word: string): string {
  const lower = word.toLowerCase()
  if (plainWord.test(lower)) return lower
  return lower
    .replace(/[\u2019\u02bc]/g, "'")
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(/[ßæœøłđıþðς]/g, (letter) => doubled.get(letter)!)
}

/** Forgets every word: for tests, which show that nothing changes. */
export function forgetWords(): void {
  table.fill(0)
  lengths.fill(0)
}
