import { Letter, letterOf } from './letters.ts'
import { settle, stopWaiting } from './word-cache.ts'
import { notAscii, WordFlag, type Words } from './word-list.ts'
import { makeRoom, readPairs, readPlain, readRun } from './word-runs.ts'

export { notAscii, WordFlag, Words } from './word-list.ts'

/** How much of a text is read: words, and UTF-16 units of one word. */
export type WordLimits = { readonly words_max?: number; readonly word_units_max?: number }

const wordsMax = 60_000
const unitsMax = 64

/**
 * Reads the words of a text into `into`. Linear in the length of the text, whatever is in it.
 * Words are runs of letters and digits of any script; hyphens, slashes, dots and underscores part them; `'s` is dropped and
 * other apostrophes stay; `1,000` is one number; scripts without blanks give pairs of characters.
 */
export function readWords(text: string, into: Words, most: WordLimits = {}): void {
  into.begin(text)
  stopWaiting()
  const limit = most.words_max ?? wordsMax
  const longest = Math.max(2, most.word_units_max ?? unitsMax)
  makeRoom(longest)
  const source = into.text
  const { units } = into
  const end = source.length
  let gap: number = gapStart
  for (let at = 0; at < end; ) {
    const unit = units[at]!
    const bits = letterOf(unit < notAscii ? unit : source.codePointAt(at)!)
    if ((bits & Letter.word) === 0) {
      if ((bits & (Letter.newline | Letter.bullet)) !== 0 && (gap & Letter.newline) !== 0) gap |= gapStart
      gap |= bits
      at++
      continue
    }
    if (into.count >= limit) {
      into.cut = true
      break
    }
    const flags = gap === Letter.known + Letter.blank ? 0 : flagsOfGap(into, gap)
    const next = unit < notAscii ? readPlain(into, at, flags, longest) : 0
    if (next > 0) at = next
    else if ((bits & Letter.unspaced) === 0) at = readRun(into, at, flags, longest, limit)
    else at = readPairs(into, at, flags, limit)
    gap = 0
  }
  settle(into)
}

/** A bit no letter has: what comes next begins a sentence whatever was before. */
const gapStart = 1 << 16
const gapBlank = Letter.blank | Letter.newline

/** What the characters since the last word say about the next one. */
function flagsOfGap(into: Words, gap: number): number {
  if ((gap & gapStart) !== 0) return WordFlag.sentenceStart
  const before = into.count - 1
  if ((gap & gapBlank) === 0) {
    if ((gap & Letter.joint) === 0 || before < 0) return WordFlag.joined
    into.flags[before]! |= WordFlag.identifier
    return WordFlag.joined | WordFlag.identifier
  }
  if ((gap & Letter.end) === 0) return 0
  settle(into)
  return (into.flags[before]! & WordFlag.shortForm) === 0 ? WordFlag.sentenceStart : 0
}
