import { Mark } from '../components.ts'
import { hashText } from '../text/hash.ts'
import type { Words } from '../text/words.ts'

const timeWords = hashes(
  'yesterday today tonight tomorrow ago recently just since soon earlier weekend january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday',
)
const relative = hashes('last next this')
const stretches = hashes('night morning week month year summer winter spring fall autumn weekend')

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

function speaksOfTime({ raw, count, start, end, text }: Words): boolean {
  for (let at = 0; at < count; at++) {
    const word = raw[at]!
    if (timeWords.has(word)) return true
    if (relative.has(word) && at + 1 < count && stretches.has(raw[at + 1]!)) return true
    if (end[at]! - start[at]! !== 4) continue
    const first = text.charCodeAt(start[at]!)
    if ((first === 0x31 || first === 0x32) && /^(19|20)\d\d$/.test(text.slice(start[at], end[at]))) return true
  }
  return false
}

function hashes(words: string): ReadonlySet<number> {
  return new Set(words.split(' ').map((word) => hashText(word)))
}
