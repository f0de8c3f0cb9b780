import { Mark } from '../components.ts'
import { WordTable } from '../text/word-table.ts'
import type { Words } from '../text/words.ts'

/** What a word says of time. */
const telling = 1
const relative = 2
const stretch = 4

const timeWords = new WordTable([
  ...numbered(
    'yesterday today tonight tomorrow ago recently just since soon earlier weekend january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday',
    telling,
  ),
  ...numbered('last next this', relative),
  ...numbered('night morning week month year summer winter spring fall autumn weekend', stretch),
])

/** What a text is, in bits of `Mark`: whether it asks, speaks of a time, hides something. O(words). */
export function marksOf(words: Words): number {
  const { text } = words
  let marks = 0
  if (text.includes('?'))
    marks |= /\?[^\p{L}\p{N}]*$/u.test(text.slice(-16)) ? Mark.question | Mark.asking : Mark.question
  if (words.concealed !== 0) marks |= Mark.hidden_text
  if (words.cut) marks |= Mark.cut
  if (speaksOfTime(words)) marks |= Mark.time
  return marks
}

function speaksOfTime({ raw, count, start, end, text, units }: Words): boolean {
  for (let at = 0; at < count; at++) {
    const says = timeWords.of(raw[at]!)
    if ((says & telling) !== 0) return true
    if ((says & relative) !== 0 && at + 1 < count && (timeWords.of(raw[at + 1]!) & stretch) !== 0) return true
    if (end[at]! - start[at]! !== 4) continue
    const first = units[start[at]!]
    if ((first === 0x31 || first === 0x32) && /^(19|20)\d\d$/.test(text.slice(start[at], end[at]))) return true
  }
  return false
}

function numbered(words: string, number: number): [word: string, number: number][] {
  return words.split(' ').map((word) => [word, number])
}
