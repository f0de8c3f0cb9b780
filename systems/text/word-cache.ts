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

const slots = 1 << 16
const unitsMax = 24
const lengths = new Uint8Array(slots)
const pool = new Uint16Array(slots * unitsMax)
const raws = new Uint32Array(slots)
const terms = new Uint32Array(slots)
const bits = new Uint8Array(slots)

/**
 * The hashes of a word whose units lie in `units`, ASCII letters already lower-cased.
 * A word met before costs a hash and a comparison of its units, so what the cache holds can never change an answer.
 */
export function lookUp(units: Uint16Array, from: number, to: number): void {
  lookUpHashed(units, from, to, hashUnits(units, from, to))
}

/** The same for a caller who has the hash of the units already. */
export function lookUpHashed(units: Uint16Array, from: number, to: number, hash: number): void {
  const length = to - from
  const slot = (hash >>> 8) & (slots - 1)
  if (lengths[slot] === length && isSame(units, from, length, slot * unitsMax)) {
    found.raw = raws[slot]!
    found.term = terms[slot]!
    found.bits = bits[slot]!
    return
  }
  work(units, from, to)
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

function work(units: Uint16Array, from: number, to: number): void {
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(units[at]!)
  const word = foldWord(text)
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
  lengths.fill(0)
}
