import { reveal } from '../../text/hidden.ts'
import { foldWord } from '../../text/word-cache.ts'

const known = new Map<string, string>()
const knownMax = 4096
const knownUnits = 64

/**
 * One text as keys spell it: as words are compared, without what is invisible or only looks like Latin letters, and
 * well-formed. ASCII letters need no more than their lower case and never come here.
 */
export function folded(text: string): string {
  const before = known.get(text)
  if (before !== undefined) return before
  const result = foldWord(reveal(text.toWellFormed()).text)
  if (text.length > knownUnits) return result
  // What was folded before is only remembered to be quick: forgetting all of it changes no answer.
  if (known.size >= knownMax) known.clear()
  known.set(text, result)
  return result
}
