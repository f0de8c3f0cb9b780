import { hash64Units, hashEnd, hashSeed, hashUnit } from './hash.ts'
import { reveal } from './hidden.ts'
import { isPlain, Letter, letterOf } from './letters.ts'
import { canonicalUrl, endOfUrl } from './url.ts'
import { endOfHex, endOfMeasured, endOfMention, endOfTime } from './volatile.ts'

/** What was scanned of one text: its normal form as units, and the hashes of its tokens. */
export type Scan = {
  /** The normal form, as UTF-16 units. */
  units: Uint16Array
  size: number
  /** Hashes of its tokens in lower case, in order: words, placeholders, URLs. */
  tokens: Uint32Array
  /** TokenKind of each. */
  kinds: Uint8Array
  /** Where each begins in the normal form; it ends where its characters do. */
  starts: Uint32Array
  ends: Uint32Array
  count: number
}

/**
 * What a token is: a word; one of three letters at most; what stands for something that passes, URLs included; or a word
 * that looks like a name, because of a capital, a digit or `_` in it.
 */
export const TokenKind = { word: 0, short: 1, mark: 2, name: 3 } as const
const shortUnits = 3

const small = 1 << 14
const scan: Scan = {
  units: new Uint16Array(small),
  size: 0,
  tokens: new Uint32Array(small),
  kinds: new Uint8Array(small),
  starts: new Uint32Array(small),
  ends: new Uint32Array(small),
  count: 0,
}
const hash = new Uint32Array(2)

/**
 * The form in which texts are compared: as `reveal` shows it, blanks collapsed (a run with a newline in it is one newline),
 * `<time>` for timestamps and clock times, `<id>` for numbers of eight digits and more and for UUIDs, `<hex>` for runs of eight hex
 * digits and more, `<n>` for other bare numbers, `<@user>` `<@role>` `<#channel>` for mentions, and canonical URLs.
 * The normal form of a normal form is itself. Letter case is kept.
 */
export function normalForm(text: string): string {
  const { units, size } = scanNormal(text)
  let form = ''
  for (let at = 0; at < size; at += 4096) form += String.fromCharCode(...units.subarray(at, Math.min(at + 4096, size)))
  return form
}

/** Reads the 64-bit hash of a text's normal form: equal for texts that differ only in what passes. Linear in its length. */
export function readNormal(text: string, into: { high: number; low: number }): void {
  const { units, size } = scanNormal(text)
  hash64Units(units, size, hash)
  into.high = hash[0]!
  into.low = hash[1]!
}

/** Scans a text once, for its normal form and its tokens; the answer is overwritten by the next scan. */
export function scanNormal(text: string): Scan {
  const source = isPlain(text) ? text : reveal(text).text
  reserve(source.length)
  scan.size = 0
  scan.count = 0
  let blank = 0
  for (let at = 0; at < source.length; ) {
    const bits = letterOf(source.charCodeAt(at))
    if ((bits & (Letter.blank | Letter.newline)) !== 0) {
      blank |= bits
      at++
      continue
    }
    if (blank !== 0 && scan.size > 0) scan.units[scan.size++] = (blank & Letter.newline) === 0 ? 0x20 : 0x0a
    blank = 0
    at = isTokenUnit(bits, source, at) ? readToken(source, at) : readSign(source, at)
  }
  return scan
}

/** Room for the longest normal form of so many units: a lone digit becomes three. What a huge text needed is given back by the next. */
function reserve(length: number): void {
  const units = Math.max(small, length * 3)
  if (units <= scan.units.length && scan.units.length <= Math.max(units, small * 64)) return
  scan.units = new Uint16Array(units)
  scan.tokens = new Uint32Array(Math.max(small, length))
  scan.kinds = new Uint8Array(Math.max(small, length))
  scan.starts = new Uint32Array(Math.max(small, length))
  scan.ends = new Uint32Array(Math.max(small, length))
}

function isTokenUnit(bits: number, text: string, at: number): boolean {
  if ((bits & Letter.word) !== 0) return true
  const unit = text.charCodeAt(at)
  return unit === 0x5f || (unit >= 0xd800 && unit <= 0xdbff && (letterOf(text.codePointAt(at)!) & Letter.word) !== 0)
}

/** The second half of a pair of surrogates goes with the first. */
function isSecondHalf(unit: number, seen: number): boolean {
  return seen > 0 && unit >= 0xdc00 && unit <= 0xdfff
}

const decimal = 1
const hexLetter = 2
const otherLetter = 4

function classOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return decimal
  const lower = unit | 0x20
  return unit < 128 && lower >= 0x61 && lower <= 0x66 ? hexLetter : otherLetter
}

/** A run of letters, digits and `_`: copied, or what it stands for. */
function readToken(text: string, from: number): number {
  const first = text.charCodeAt(from) | 0x20
  if (first === 0x68) {
    const end = endOfUrl(text, from)
    if (end > from) return addText(canonicalUrl(text.slice(from, end)), end)
  }
  const { units, size } = scan
  let classes = 0
  let named = false
  let state = hashSeed
  let at = from
  for (let to = size; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const bits = letterOf(unit)
    if ((bits & Letter.word) === 0 && !isTokenUnit(bits, text, at) && !isSecondHalf(unit, at - from)) break
    classes |= classOf(unit)
    named ||= (bits & Letter.upper) !== 0 || unit === 0x5f
    state = hashUnit(state, (bits & Letter.upper) !== 0 && unit < 128 ? unit | 0x20 : unit)
    units[to++] = unit
  }
  scan.size = size + at - from
  if ((classes & decimal) !== 0 || (classes === hexLetter && at - from === 8)) {
    const end = readVolatile(text, from, at, classes, size)
    if (end > 0) return end
  }
  named ||= (classes & decimal) !== 0
  addToken(hashEnd(state), named ? TokenKind.name : at - from <= shortUnits ? TokenKind.short : TokenKind.word, size)
  return at
}

/** What passes, in place of the run from `from` to `to` that was copied to `size`; 0 when the run stays. */
function readVolatile(text: string, from: number, to: number, classes: number, size: number): number {
  const placeholder = (name: string, end: number): number => {
    scan.size = size
    return addText(name, end)
  }
  const hex = endOfHex(text, from, to, classes === decimal, (classes & otherLetter) === 0)
  if (hex > 0) return placeholder(hex === to ? '<hex>' : '<id>', hex)
  if (classes === decimal) {
    const time = endOfTime(text, from, to)
    if (time > 0) return placeholder('<time>', time)
    return placeholder(to - from >= 8 ? '<id>' : '<n>', to)
  }
  const digits = endOfMeasured(text, from, to)
  if (digits === 0) return 0
  placeholder('<n>', to)
  for (let at = digits; at < to; at++) add(text.charCodeAt(at))
  return to
}

/** A character that is no part of a token: copied, or the mention that begins with it. */
function readSign(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  if (unit === 0x3c) {
    const end = endOfMention(text, at)
    if (end > 0) {
      const kind =
        text.charCodeAt(at + 1) === 0x23 ? '<#channel>' : text.charCodeAt(at + 2) === 0x26 ? '<@role>' : '<@user>'
      return addText(kind, end)
    }
  }
  add(unit)
  return at + 1
}

function addText(text: string, end: number): number {
  const start = scan.size
  let state = hashSeed
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    state = hashUnit(state, unit)
    add(unit)
  }
  addToken(hashEnd(state), TokenKind.mark, start)
  return end
}

function add(unit: number): void {
  scan.units[scan.size++] = unit
}

function addToken(token: number, kind: number, start: number): void {
  scan.kinds[scan.count] = kind
  scan.starts[scan.count] = start
  scan.ends[scan.count] = scan.size
  scan.tokens[scan.count++] = token
}
