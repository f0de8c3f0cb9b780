import { hashEnd, hashSeed, hashUnit } from './hash.ts'
import { Letter, letterOf } from './letters.ts'
import { lookUp, packed, packedPlace, packedUnits, settle, wait } from './word-cache.ts'
import { notAscii, putFound, putWaiting, WordFlag, type Words } from './word-list.ts'

/** Single words: from where one begins to where reading goes on. `words.ts` knows what lies between them. */

const partsMax = 8

/** The units of the word being read, ASCII letters in lower case. */
let units = new Uint16Array(66)
/** Where parts of a camel-case word begin. */
const humps = new Uint16Array(partsMax)

/** Makes room for words of this many units. */
export function makeRoom(word_units_max: number): void {
  if (units.length < word_units_max + 2) units = new Uint16Array(word_units_max + 2)
}

/** ASCII letters and digits: the unit in lower case and what it is; 0 for all else. */
const plain = new Uint16Array(notAscii + 1)
const plainUpper = 0x100
const plainLower = 0x200
const plainDigit = 0x400
for (let unit = 0x30; unit <= 0x39; unit++) plain[unit] = unit | plainDigit
for (let unit = 0x61; unit <= 0x7a; unit++) {
  plain[unit] = unit | plainLower
  plain[unit - 0x20] = unit | plainUpper
}

/** Reads an ordinary ASCII word: no humps, nothing inside it, not too long. The answer is where to go on, or 0 when it is not ordinary. */
export function readPlain(into: Words, from: number, flags: number, longest: number): number {
  const { text, units } = into
  const end = text.length
  const most = Math.min(end, from + Math.min(longest, packedUnits))
  const first = plain[units[from]!]!
  const base = packedPlace()
  packed[base + 1] = 0
  packed[base + 2] = 0
  packed[base + 3] = 0
  let four = first & 0x7f
  packed[base] = four
  let state = hashUnit(hashSeed, four)
  let later = 0
  let at = from + 1
  for (; at < most; at++) {
    const letter = plain[units[at]!]!
    if (letter === 0) break
    const place = at - from
    const unit = letter & 0x7f
    four = (place & 3) === 0 ? unit : (four << 8) | unit
    packed[base + (place >>> 2)] = four
    state = hashUnit(state, unit)
    later |= letter
  }
  const all = first | later
  let step = 0
  if (at < end) {
    const unit = units[at]!
    if (unit === notAscii || (at === most && plain[unit] !== 0)) return 0
    if (unit === 0x27) {
      step = possessiveAfter(text, at)
      if (step === 0 && isLetter(text, at + 1)) return 0
      if (step > 0) flags |= WordFlag.possessive
    } else if (unit === 0x2c && (all & (plainUpper | plainLower)) === 0 && isDigit(text.charCodeAt(at + 1))) return 0
  }
  if ((all & plainUpper) !== 0) {
    if ((later & plainUpper) !== 0 && (all & plainLower) !== 0) return 0
    if ((first & plainUpper) !== 0)
      flags |= WordFlag.capital | ((all & plainLower) !== 0 ? 0 : later !== 0 ? WordFlag.allCaps : WordFlag.shortForm)
  }
  if ((all & plainDigit) !== 0) flags |= (all & (plainUpper | plainLower)) === 0 ? WordFlag.number : WordFlag.digits
  const raw = hashEnd(state)
  if (wait(putWaiting(into, from, at, flags, raw), raw)) settle(into)
  return at + step
}

/** Reads the run of letters and digits that begins at `from`; the answer is where to go on. */
export function readRun(into: Words, from: number, flags: number, longest: number, limit: number): number {
  const text = into.text
  let at = from
  let size = 0
  let all = -1
  let some = 0
  let parts = 0
  let before = 0
  let end = from
  for (; at < text.length; ) {
    const unit = text.charCodeAt(at)
    const wide = unit >= 0xd800 && unit <= 0xdbff
    const bits = wide ? letterOf(text.codePointAt(at)!) : letterOf(unit)
    if ((bits & Letter.word) === 0 || (bits & Letter.unspaced) !== 0) {
      const step = inside(text, at, unit, all)
      if (step === 0) break
      if (step === 2 && size < longest) units[size++] = 0x27
      at++
      before = 0
      continue
    }
    if (size < longest - (wide ? 1 : 0)) {
      if ((bits & Letter.upper) !== 0 && isHump(text, at, before) && parts < partsMax) humps[parts++] = size
      units[size++] = unit >= 0x41 && unit <= 0x5a ? unit | 0x20 : unit
      if (wide) units[size++] = text.charCodeAt(at + 1)
      end = at + (wide ? 2 : 1)
    } else flags |= WordFlag.cut
    if ((bits & Letter.mark) === 0) all &= bits
    some |=
      bits & Letter.upper ? lettered | bits : bits & Letter.digit ? bits : lettered | (bits & ~Letter.upper) | lower
    before = bits
    at += wide ? 2 : 1
  }
  const first = text.charCodeAt(from)
  if ((letterOf(first >= 0xd800 && first <= 0xdbff ? text.codePointAt(from)! : first) & Letter.upper) !== 0)
    flags |= WordFlag.capital | ((some & lower) === 0 ? (size > 1 ? WordFlag.allCaps : WordFlag.shortForm) : 0)
  if ((some & Letter.digit) !== 0) flags |= (some & lettered) === 0 ? WordFlag.number : WordFlag.digits
  if (parts > 0) flags |= WordFlag.identifier
  const possessive = possessiveAfter(text, at)
  if (possessive > 0) flags |= WordFlag.possessive
  lookUp(units, 0, size)
  putFound(into, from, end, flags)
  if (parts > 0 && size === end - from && (flags & WordFlag.cut) === 0) putParts(into, from, size, parts, limit)
  return at + possessive
}

/** Bits no letter of a run has: it holds a letter, and one that is no capital. */
const lettered = 1 << 17
const lower = 1 << 18

/** A capital after a small letter, or before one and after another capital, begins a part: `fooBar`, `HTTPServer`. */
function isHump(text: string, at: number, before: number): boolean {
  if (before === 0 || (before & Letter.digit) !== 0) return false
  if ((before & Letter.upper) === 0) return true
  const next = text.charCodeAt(at + 1)
  return next >= 0x61 && next <= 0x7a
}

/** Whether a character that is no letter stays inside the word: 0 no, 1 it is skipped (a comma in a number), 2 an apostrophe. */
function inside(text: string, at: number, unit: number, all: number): number {
  if (unit === 0x27 || unit === 0x2019) {
    return isLetter(text, at - 1) && isLetter(text, at + 1) && possessiveAfter(text, at) === 0 ? 2 : 0
  }
  if (unit !== 0x2c || (all & Letter.digit) === 0 || all === -1) return 0
  for (let next = at + 1; next <= at + 3; next++) if (!isDigit(text.charCodeAt(next))) return 0
  return isDigit(text.charCodeAt(at + 4)) ? 0 : 1
}

/** How many units of a possessive (`'s`) stand at `at`. */
function possessiveAfter(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  if (unit !== 0x27 && unit !== 0x2019) return 0
  return (text.charCodeAt(at + 1) | 0x20) === 0x73 && !isLetter(text, at + 2) ? 2 : 0
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}

function isLetter(text: string, at: number): boolean {
  if (at < 0 || at >= text.length) return false
  return (letterOf(text.charCodeAt(at)) & (Letter.word | Letter.digit | Letter.unspaced)) === Letter.word
}

function putParts(into: Words, from: number, size: number, parts: number, limit: number): void {
  const flags = WordFlag.joined | WordFlag.identifier | WordFlag.part
  for (let part = 0, begin = 0; part <= parts && into.count < limit; part++) {
    const stop = part === parts ? size : humps[part]!
    const capital = (letterOf(into.text.charCodeAt(from + begin)) & Letter.upper) === 0 ? 0 : WordFlag.capital
    lookUp(units, begin, stop)
    putFound(into, from + begin, from + stop, flags | capital)
    begin = stop
  }
}

/** Reads a run of a script without blanks as overlapping pairs of characters, a lone character as itself. */
export function readPairs(into: Words, from: number, flags: number, limit: number): number {
  const text = into.text
  let at = from
  let previous = -1
  let pairs = 0
  while (at < text.length) {
    const point = text.codePointAt(at)!
    if ((letterOf(point) & Letter.unspaced) === 0) break
    const next = at + (point > 0xffff ? 2 : 1)
    if (previous >= 0) {
      if (into.count >= limit) return at
      putPair(into, previous, next, pairs++ === 0 ? flags : WordFlag.joined)
    }
    previous = at
    at = next
  }
  if (pairs === 0) putPair(into, from, at, flags)
  return at
}

function putPair(into: Words, from: number, to: number, flags: number): void {
  for (let at = from; at < to; at++) units[at - from] = into.text.charCodeAt(at)
  lookUp(units, 0, to - from)
  putFound(into, from, to, flags | WordFlag.cjk)
}
