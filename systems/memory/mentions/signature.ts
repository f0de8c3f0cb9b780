import type { Words } from '../../text/words.ts'

/** How far the words reach that say what a mention is about, to either side. */
export const nearWords = 8
/** Of how many words the beginning of a text is made that says what the whole is about. */
export const aboutWords = 12

/**
 * The bit of a term in a signature: one of 32, by the five highest bits of the term's hash. The words of a query get
 * theirs from here too, so that a walk can ask an edge whether a word of the query stands near the mention.
 */
export function signatureBit(term: number): number {
  return 1 << (term >>> 27)
}

/** The signature of the words around those from `first` to before `past`; the mention's own words say nothing new. */
export function signatureNear(words: Words, first: number, past: number): number {
  const { term } = words
  let bits = 0
  for (let index = Math.max(0, first - nearWords); index < first; index++) {
    if (term[index] !== 0) bits |= 1 << (term[index]! >>> 27)
  }
  const end = Math.min(words.count, past + nearWords)
  for (let index = past; index < end; index++) if (term[index] !== 0) bits |= 1 << (term[index]! >>> 27)
  return bits
}

/** The signature of the first content words: what a title, an author or a day stands beside. */
export function signatureAbout(words: Words): number {
  const { term } = words
  let bits = 0
  let left = aboutWords
  for (let index = 0; index < words.count && left > 0; index++) {
    if (term[index] === 0) continue
    bits |= 1 << (term[index]! >>> 27)
    left--
  }
  return bits
}
