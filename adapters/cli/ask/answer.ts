import type { Hit, Recall } from '../../../systems/recall/types.ts'
import { readWords, Words } from '../../../systems/text/words.ts'

/** The part of a memory that bears on a question, and the hit it is of. */
export type Quote = { readonly text: string; readonly hit: Hit }

/** What memory says to a question. Where it is not answered, the quotes are the nearest there is. */
export type Answer = {
  readonly question: string
  readonly answered: boolean
  readonly confidence: number
  readonly quotes: readonly Quote[]
}

const quotesMax = 4
const nearestMax = 3
/** A hit below this share of the best one's score is not quoted. */
const scoreShare = 0.6
const shortUnits = 280
const quoteUnits = 400
/** What a note says of itself before it begins. */
const frontMatter = /^\uFEFF?---[ \t]*\r?\n[\s\S]*?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/
const codeBlock = /^[ \t]*(```|~~~)[\s\S]*?(?:^[ \t]*\1[ \t]*$|$(?![\s\S]))/gm
const fence = /^[ \t]*(```|~~~)[ \t]*(\S*).*$/gm
const heading = /^#{1,6}[ \t]+(.*?)[ \t:#]*$/gm
const link = /\[([^\][]{1,200})\]\([^()\s]{1,500}\)/g
/** A text with less prose than this is quoted with its code. */
const proseUnitsMin = 80
/** The share of a sentence that is letters and blanks. */
const proseShare = 0.75
const words = new Words()

/** The best sentences of the best hits. */
export function answerOf({ query, answered, confidence, hits }: Recall): Answer {
  const least = (hits[0]?.score ?? 0) * scoreShare
  const chosen = answered ? hits.filter(({ score }) => score >= least).slice(0, quotesMax) : hits.slice(0, nearestMax)
  return { question: query, answered, confidence, quotes: quotesOf(query, chosen) }
}

/** Of each hit the part that bears on the question. */
export function quotesOf(question: string, hits: readonly Hit[]): Quote[] {
  const weights = weightsOf(question, hits)
  return hits.map((hit) => ({ text: bestPart(hit.text, weights), hit }))
}

/** The words of the question, each the heavier the fewer of the hits have it. */
function weightsOf(query: string, hits: readonly Hit[]): Map<number, number> {
  const weights = new Map([...termsOf(query)].map((term) => [term, 0]))
  for (const { text } of hits) {
    for (const term of termsOf(text)) if (weights.has(term)) weights.set(term, weights.get(term)! + 1)
  }
  for (const [term, count] of weights) weights.set(term, Math.log(1 + (hits.length + 1) / (count + 0.5)))
  return weights
}

function termsOf(text: string): Set<number> {
  readWords(text, words)
  const terms = new Set<number>()
  for (let at = 0; at < words.count; at++) if (words.term[at] !== 0) terms.add(words.term[at]!)
  return terms
}

/** Of a short text all; of a long one the sentence that carries the question's words, with the next where there is room. */
function bestPart(text: string, weights: ReadonlyMap<number, number>): string {
  const whole = readable(text)
  if (whole.length <= shortUnits) return whole
  const all = sentencesOf(whole)
  const prose = all.filter(isProse)
  const sentences = prose.length > 0 ? prose : all
  let best = 0
  let most = 0
  for (const [at, sentence] of sentences.entries()) {
    let weight = 0
    for (const term of termsOf(sentence)) weight += weights.get(term) ?? 0
    if (weight <= most) continue
    most = weight
    best = at
  }
  let part = sentences[best] ?? whole
  for (let at = best + 1; at < sentences.length; at++) {
    const longer = `${part} ${sentences[at]}`
    if (longer.length > quoteUnits) break
    part = longer
  }
  return part
}

/** Whether a sentence is mostly words: what is left of a cut block of code is not. */
function isProse(sentence: string): boolean {
  const words = sentence.replace(/[^\p{L}\p{M}\s]/gu, '')
  return words.length >= sentence.length * proseShare
}

/** A text without what is not meant to be read aloud: front matter, code, marks of headings, targets of links. */
export function readable(text: string): string {
  const body = text.replace(frontMatter, '').trim() || text.trim()
  const prose = afterCode(body).replace(codeBlock, '\n\n').trim()
  const kept = prose.length >= Math.min(proseUnitsMin, body.length) ? prose : body
  return kept.replace(heading, '$1:').replace(link, '$1')
}

/** A part of a note may begin in the middle of its code: then the first fence is one that closes. */
function afterCode(text: string): string {
  const fences = [...text.matchAll(fence)]
  const [first] = fences
  if (first === undefined || fences.length % 2 === 0 || first[2] !== '') return text
  return text.slice(first.index + first[0].length)
}

/** Sentences and headings, without the blanks around them. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?。！？]["'”’)\]]{0,2})\s+(?=\S)|\n\s*\n|\n(?=\s{0,3}(?:[-*+#>]|\d{1,3}[.)])\s?)/u)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '')
}
