import type { Hit, Recall } from '../../../systems/recall/types.ts'
import { readWords, Words } from '../../../systems/text/words.ts'
import { bestPassage } from '../../offline/passages.ts'

export { readable, sentencesOf } from '../../offline/passages.ts'

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
  const weigh = (sentence: string): number => {
    let weight = 0
    for (const term of termsOf(sentence)) weight += weights.get(term) ?? 0
    return weight
  }
  return hits.map((hit) => ({ text: bestPassage(hit.text, weigh), hit }))
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
