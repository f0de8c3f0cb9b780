import { hashText, hashUnits } from './hash.ts'
import { stem } from './stem.ts'
import { stopWords } from './stop.ts'

/** What is known of one word; the answer of `lookUp`, overwritten by the next one. */
export const found = { raw: 0, term: 0, bits: 0 }

/** Bits of `found.bits`. */
export const stopBit = 1
export const titleBit = 2

const stops = new Set(stopWords)
/** Short forms that stand before a name, whose full stop ends no sentence. */
const titles = new Set('mr mrs ms dr prof st gen col lt capt sgt rev hon gov sen rep mt ft vs'.split(' '))

/** Longer ASCII words are kept with all others. */
export const packedUnits = 16
/** The letters of the word that `lookUpPacked` is to find, in lower case; zero behind its end. */
export const letters = new Uint8Array(packedUnits)
const packed = new Uint32Array(letters.buffer)

/** Makes `letters` ready for the next word. */
export function clearLetters(): void {
  packed[0] = 0
  packed[1] = 0
  packed[2] = 0
  packed[3] = 0
}

/** Numbers of one entry: sixteen letters in four, the raw hash, the term, the length and the bits. Two share a line of the processor's cache. */
const entryNumbers = 8
const entries = 1 << 18
const table = new Uint32Array(entries * entryNumbers)

/**
 * The hashes of the ASCII word in `letters`. A word met before costs a comparison of all its letters, so what the cache
 * holds can never change an answer; it is large enough for the vocabulary of a large memory.
 * @param text where the word stands with its capitals, `size` units from `from` on
 * @param hash that of the word in lower case
 */
export function lookUpPacked(text: string, from: number, size: number, hash: number): void {
  const first = packed[0]!
  const second = packed[1]!
  const third = packed[2]!
  const fourth = packed[3]!
  let entry = ((hash >>> 8) & (entries - 1)) * entryNumbers
  if (
    table[entry] !== first ||
    table[entry + 1] !== second ||
    table[entry + 2] !== third ||
    table[entry + 3] !== fourth
  ) {
    // The other half of the same line.
    entry ^= entryNumbers
    if (
      table[entry] !== first ||
      table[entry + 1] !== second ||
      table[entry + 2] !== third ||
      table[entry + 3] !== fourth
    ) {
      work(text.slice(from, from + size).toLowerCase())
      // Frequent words come early, so the one that came first stays.
      if (table[entry + 4] !== 0) entry ^= entryNumbers
      table[entry] = first
      table[entry + 1] = second
      table[entry + 2] = third
      table[entry + 3] = fourth
      table[entry + 4] = found.raw
      table[entry + 5] = found.term
      table[entry + 6] = found.bits
      return
    }
  }
  found.raw = table[entry + 4]!
  found.term = table[entry + 5]!
  found.bits = table[entry + 6]!
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
    found.raw = raws[slot]!
    found.term = terms[slot]!
    found.bits = bits[slot]!
    return
  }
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(units[at]!)
  work(foldWord(text))
  if (length > unitsMax) return
  lengths[slot] = length
  for (let at = 0; at < length; at++) pool[slot * unitsMax + at] = units[from + at]!
  raws[slot] = found.raw
  terms[slot] = found.term
  bits[slot] = found.bits
}

function isSame(units: Uint16Array, from: number, length: number, place: number): boolean {
  for (let at = 0; at < length; at++) if (pool[place + at] !== units[from + at]) return false
  return true
}

function work(word: string): void {
  const stop = stops.has(word)
  found.raw = hashText(word)
  found.term = stop ? 0 : hashText(stem(word))
  found.bits = (stop ? stopBit : 0) | (titles.has(word) ? titleBit : 0)
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
