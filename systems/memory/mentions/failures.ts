import type { Words } from '../../text/words.ts'
import type { Gathering } from './gathering.ts'
import { KeyKind, MentionField, rank } from './kinds.ts'
import { classOf, families, phrases, WordClass } from './lexicon.ts'
import { digitsValue, isCapital, lastToken, tokenPast } from './look.ts'
import { signatureNear } from './signature.ts'

/** Notes the failure that a word names or ends, if its class says that it may. */
export function readFailure(words: Words, index: number, wordClass: number, into: Gathering): void {
  const kind = wordClass & 15
  const number = wordClass >>> 4
  if (kind === WordClass.family) add(words, index, index + 1, families[number]!, into)
  else if (kind === WordClass.phrase) readPhrase(words, index, number, into)
  else if (kind === WordClass.failure) readErrorName(words, index, into)
}

function readPhrase(words: Words, index: number, number: number, into: Gathering): void {
  for (const { before, family } of phrases[number]!) {
    if (before.length > index) continue
    if (before.every((raw, distance) => words.raw[index - 1 - distance] === raw)) {
      add(words, index - before.length, index + 1, family, into)
      return
    }
  }
}

/** `TypeError`, `NullPointerException`: a word of several parts that ends in what it is. */
function readErrorName(words: Words, index: number, into: Gathering): void {
  const whole = lastToken(words, index + 1)
  const past = tokenPast(words, whole)
  if (whole === index || past !== index + 1 || !isCapital(words, whole)) return
  add(words, whole, past, words.text.slice(words.start[whole], words.end[whole]), into)
}

/** Notes the HTTP status or the exit code that a number is, when the words before it say so. */
export function readCode(words: Words, index: number, into: Gathering): boolean {
  const value = digitsValue(words.text, words.start[index]!, words.end[index]!)
  if (value < 0 || value > 599) return false
  let announced = false
  let exits = false
  for (let back = 1; back <= Math.min(index, 4); back++) {
    const kind = classOf(words.raw[index - back]!) & 15
    if (kind === WordClass.exit) exits = true
    else if (back <= 3 && (kind === WordClass.status || (kind === WordClass.failure && back === 1))) announced = true
  }
  if (exits && value > 0 && value < 256) add(words, index, index + 1, `exit-${value}`, into)
  else if (announced && value >= 400) add(words, index, index + 1, `http-${value}`, into)
  else return false
  return true
}

function add(words: Words, first: number, past: number, family: string, into: Gathering): void {
  into.at(MentionField.text, first, past - first, signatureNear(words, first, past))
  into.plain(KeyKind.error, rank.error, family)
}

/** The index behind a word that only names a failure or announces one, and so no person or thing; 0 for all others. */
export function pastFailure(words: Words, index: number): number {
  const past = tokenPast(words, index)
  const kind = classOf(words.raw[past - 1]!) & 15
  if (past > index + 1) return kind === WordClass.failure ? past : 0
  return kind === WordClass.family || kind === WordClass.status || kind === WordClass.exit ? past : 0
}
