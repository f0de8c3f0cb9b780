import type { Outline } from './outline.ts'
import { plain } from './plain.ts'
import { cutAtWord, hasWord, oneLine, textOf } from './text.ts'

/** A sentence ends at a mark that a blank, or no more text, follows; ideographic marks need no blank. */
const sentenceEnd = /[.!?…]["'”’)]*(?= )|[。！？]/gu
const abbreviation = /(?:^|[\s(])(?:e\.g|i\.e|vs|etc|cf|ca|approx|mr|mrs|ms|dr|prof|st|no|vol|fig|[a-z])$/i
/** What says too little to stand alone. */
const shortest = 40

/**
 * A summary in the author's own words: the present value made text, else the first sentences of the first prose, else
 * of a list or quote, else the title. About 200 characters at most, never empty when the title is not.
 */
export function proposeDescription(current: unknown, body: Outline, title: string, lengthMax = 200): string {
  const written = Array.isArray(current) ? oneLine(current.slice(0, 32).map(textOf).join(' ')) : textOf(current)
  if (hasWord(written)) return written.length <= 4 * lengthMax ? written : firstSentences(written, lengthMax)
  return firstSentences(opening(body.paragraphs) || opening(body.asides), lengthMax) || cutAtWord(title, lengthMax)
}

/** The first text that reads as prose, with what follows it when it is very short or only announces something. */
function opening(texts: readonly string[]): string {
  let found = ''
  for (const text of texts.slice(0, 12)) {
    const line = plain(text.slice(0, 2000))
    if (!hasWord(line)) continue
    found = found === '' ? line : `${found}${/[.!?…:;。！？]$/u.test(found) ? '' : '.'} ${line}`
    if (found.length >= shortest) return found
  }
  return found
}

/** As many whole sentences as fit; at least one, cut at a word when it is longer by itself. */
export function firstSentences(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text.replace(/[\s:]+$/u, '')
  let end = 0
  const window = text.slice(0, lengthMax + 1)
  for (const match of window.matchAll(sentenceEnd)) {
    const after = match.index + match[0].length
    if (after <= lengthMax && !abbreviation.test(window.slice(Math.max(0, match.index - 12), match.index))) end = after
  }
  return end >= Math.min(shortest, lengthMax / 2) ? text.slice(0, end) : cutAtWord(text, lengthMax)
}
