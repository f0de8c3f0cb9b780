import type { Words } from '../../text/words.ts'
import { addAddress, addPath, addToken } from './forms.ts'
import type { Gathering } from './gathering.ts'
import { KeyKind, MentionField, rank } from './kinds.ts'
import { isCapital, tokenPast } from './look.ts'
import { signatureNear } from './signature.ts'
import { keyUnits } from './spelling.ts'

/** No key is read from a longer token. */
const tokenUnits = 2048
const codeUnits = 80
const quoteUnits = 120

/** What an ASCII unit says of the token it stands at: 1 before a word, 2 behind one, 4 no token goes across it. */
const marks = new Uint8Array(128)
for (const mark of '/\\@#`._"~') marks[mark.charCodeAt(0)]! |= 1
for (const mark of '/\\_.:@(') marks[mark.charCodeAt(0)]! |= 2
for (const mark of '"\'`<>[]{}()|,;!?*=') marks[mark.charCodeAt(0)]! |= 4
for (let unit = 0; unit <= 0x20; unit++) marks[unit] = 4

/**
 * Reads what marks tell from a plain word: paths, addresses, identifiers, code in backticks, mentions, hashtags and
 * quoted titles.
 * @returns the index of the first word behind it, or `index` itself when the words are to be read as words
 */
export function readToken(words: Words, index: number, into: Gathering): number {
  const { text } = words
  const start = words.start[index]!
  const past = tokenPast(words, index)
  const end = words.end[index]!
  const before = start > 0 ? text.charCodeAt(start - 1) : 0x20
  const behind = end < text.length ? text.charCodeAt(end) : 0x20
  if (before === 0x60) return readCode(words, index, into)
  if (before === 0x22 || before === 0x201c || before === 0xab) readQuoted(words, index, before, into)
  const marked =
    (before < 128 && (marks[before]! & 1) !== 0 && before !== 0x22) ||
    (behind < 128 && (marks[behind]! & 2) !== 0 && isTight(text, end, behind))
  if (marked) return readMarked(words, index, into)
  return past - index > 1 && !isCapital(words, index) ? readHumps(words, index, past, into) : index
}

/** `readWords` is an identifier by its capitals alone; a name in capitals (McDonald) is a name. */
function readHumps(words: Words, index: number, past: number, into: Gathering): number {
  const from = words.start[index]!
  const to = words.end[index]!
  if (to - from > keyUnits) return index
  into.at(MentionField.text, index, past - index, signatureNear(words, index, past))
  into.plain(KeyKind.identifier, rank.identifier, words.text, from, to)
  return past
}

/** Whether a mark behind a word belongs to a token: a point that ends a sentence does not. */
function isTight(text: string, at: number, mark: number): boolean {
  if (at + 1 >= text.length) return false
  const next = text.charCodeAt(at + 1)
  if (mark === 0x28) return next === 0x29
  if (mark === 0x3a) return next === 0x3a || next === 0x2f || next === 0x5c
  return next >= 128 || (marks[next]! & 4) === 0
}

function readMarked(words: Words, index: number, into: Gathering): number {
  const { text } = words
  const from = tokenStart(words, index)
  const behind = words.end[index]!
  const address = text.startsWith('://', behind)
  let to = behind
  const limit = Math.min(text.length, from + tokenUnits)
  while (to < limit && !(endsToken(text, to) && !(address && isInAddress(text.charCodeAt(to))))) to++
  const next = wordFrom(words, index, to)
  if (to === limit && to < text.length) return next
  if (from > 0 && !endsToken(text, from - 1) && text.charCodeAt(from - 1) < 128) return index
  if (text.startsWith('()', to) && from === words.start[index]!) return called(words, index, from, to, into)
  to = trimmed(text, from, to)
  into.at(MentionField.text, index, next - index, signatureNear(words, index, next))
  if (address) return addAddress(text, from, to, into) ? next : index
  return addToken(text.slice(from, to), into) ? next : index
}

/** The token begins at the marks right before its first word, yet never inside the word before. */
function tokenStart(words: Words, index: number): number {
  const { text } = words
  const least = Math.max(index > 0 ? words.end[index - 1]! : 0, words.start[index]! - 8)
  let from = words.start[index]!
  while (from > least && !endsToken(text, from - 1)) from--
  return from
}

function endsToken(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit < 128 ? (marks[unit]! & 4) !== 0 : unit === 0xa0 || (unit >= 0x2000 && unit <= 0x206f) || unit === 0x3000
}

function isInAddress(unit: number): boolean {
  return (
    unit === 0x28 || unit === 0x29 || unit === 0x3d || unit === 0x3f || unit === 0x2c || unit === 0x3b || unit === 0x21
  )
}

/** Where a token ends without the marks of the sentence around it. */
function trimmed(text: string, from: number, to: number): number {
  let end = to
  for (; end > from; end--) {
    const unit = text.charCodeAt(end - 1)
    if (unit === 0x29 && text.slice(from, end).includes('(')) return end
    if (
      !(
        unit === 0x2e ||
        unit === 0x2c ||
        unit === 0x3a ||
        unit === 0x3b ||
        unit === 0x21 ||
        unit === 0x3f ||
        unit === 0x29
      )
    )
      break
  }
  return end
}

/** `name()` names a function. */
function called(words: Words, index: number, from: number, to: number, into: Gathering): number {
  const next = wordFrom(words, index, to)
  into.at(MentionField.text, index, next - index, signatureNear(words, index, next))
  into.plain(KeyKind.identifier, rank.identifier, words.text, from, to)
  return next
}

/** What stands between backticks is code: a path or a name. A fence of three says nothing. */
function readCode(words: Words, index: number, into: Gathering): number {
  const { text } = words
  const from = words.start[index]!
  if (from > 1 && text.charCodeAt(from - 2) === 0x60) return index
  let to = from
  const limit = Math.min(text.length, from + codeUnits)
  while (to < limit && text.charCodeAt(to) !== 0x60 && text.charCodeAt(to) !== 0x0a) to++
  if (text.charCodeAt(to) !== 0x60) return index
  const next = wordFrom(words, index, to)
  into.at(MentionField.text, index, next - index, signatureNear(words, index, next))
  const code = text.slice(from, text.startsWith('()', to - 2) ? to - 2 : to)
  if (!addPath(code, into)) into.plain(KeyKind.identifier, rank.identifier, code)
  return next
}

/** A title in quotation marks: few words, the first and the last of them in capitals, no sentence within. */
function readQuoted(words: Words, index: number, opening: number, into: Gathering): void {
  const { text } = words
  const from = words.start[index]!
  const closing = opening === 0x201c ? '”' : opening === 0xab ? '»' : '"'
  const to = text.slice(from, from + quoteUnits).indexOf(closing)
  if (to <= 0) return
  const quoted = text.slice(from, from + to).replace(/[\s.,!?;:]+$/, '')
  if (!/^[\p{Lu}\p{N}](?!.*[.!?]\s)(?:.*[\s\p{P}])?[\p{Lu}\p{N}][^\s]*$/u.test(quoted) || !/\s/.test(quoted)) return
  const next = wordFrom(words, index, from + to)
  if (next - index > 10) return
  into.at(MentionField.text, index, next - index, signatureNear(words, index, next))
  into.name(KeyKind.entity, rank.entity + 14, quoted)
}

/** The index of the first word that starts at or behind a place. */
function wordFrom(words: Words, index: number, at: number): number {
  let next = index + 1
  while (next < words.count && words.start[next]! < at) next++
  return next
}
