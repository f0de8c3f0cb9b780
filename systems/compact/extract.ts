import { readWords, WordFlag, Words } from '../text/words.ts'
import type { Summary } from './summary.ts'

/**
 * A summary without a model: the sentences of the group that say most for their length. Each word that tells something counts
 * once, so that a sentence which repeats another is worth nothing; names and numbers count double, because those are what
 * people look for. The choice is greedy, by what a sentence adds for each of its characters: for a sum of words that count once
 * this is within a constant of the best there is (Lin and Bilmes, "A Class of Submodular Functions for Document Summarization", 2011).
 */

/** One memory of a group: its row, who said it, and what. */
export type Member = { readonly row: number; readonly author: string; readonly text: string }

type Sentence = {
  readonly member: number
  readonly text: string
  /** Rows in `terms`, each once. */
  readonly terms: Uint32Array
  chosen: boolean
}

/** Sentences of a group that are looked at; what is longer is cut there. */
const sentences_max = 400
const sentenceUnits_max = 400
/** What a line costs beside its words, so that many short ones do not win by number. */
const lineUnits = 12
const topicTerms = 5
/** What a name or a number counts, of another word. */
const namedTimes = 2
const words = new Words()

/**
 * @param units_max UTF-16 units of all chosen sentences together
 * @param rarity what a word weighs, by its term; see `rarity.ts`. O(sentences² · words of one) for at most 400 sentences
 */
export function extract(members: readonly Member[], units_max: number, rarity: (term: number) => number): Summary {
  const vocabulary = new Vocabulary(rarity)
  const sentences = members.flatMap((member, at) => sentencesOf(member.text, at, vocabulary)).slice(0, sentences_max)
  const covered = new Uint8Array(vocabulary.weights.length)
  let left = units_max
  for (
    let best = next(sentences, vocabulary, covered, left);
    best !== undefined;
    best = next(sentences, vocabulary, covered, left)
  ) {
    best.chosen = true
    left -= best.text.length + lineUnits
    for (const term of best.terms) covered[term] = 1
  }
  const bullets = members.flatMap(({ row, author }, at) => {
    const said = sentences.filter(({ member, chosen }) => chosen && member === at).map(({ text }) => text)
    if (said.length === 0) return []
    return [{ text: `${author === '' ? '' : `${author}: `}${said.join(' ')}`, sources: [row] }]
  })
  return {
    topic: vocabulary.topic(),
    bullets,
    decisions: [],
    open_loops: openIn(members, sentences),
    patterns: [],
    entities: [],
  }
}

/** The sentence that adds most for its length, and that there is room for. */
function next(
  sentences: readonly Sentence[],
  { weights }: Vocabulary,
  covered: Uint8Array,
  left: number,
): Sentence | undefined {
  let best: Sentence | undefined
  let most = 0
  for (const sentence of sentences) {
    const { terms, text, chosen } = sentence
    if (chosen || text.length + lineUnits > left) continue
    let adds = 0
    for (const term of terms) if (covered[term] === 0) adds += weights[term]!
    const worth = adds / (text.length + lineUnits)
    if (worth > most) {
      most = worth
      best = sentence
    }
  }
  return best
}

/** What the last of them asks, and nobody answered any more. */
function openIn(members: readonly Member[], sentences: readonly Sentence[]): string[] {
  const asked = sentences.filter(({ member, text }) => member === members.length - 1 && text.endsWith('?')).at(-1)
  return asked === undefined || asked.chosen ? [] : [asked.text]
}

/** The words of a group that tell something: how much each counts, how often it is said, and how it was written first. */
class Vocabulary {
  readonly weights: number[] = []
  readonly #times: number[] = []
  readonly #written: string[] = []
  readonly #rows = new Map<number, number>()
  readonly #rarity: (term: number) => number

  constructor(rarity: (term: number) => number) {
    this.#rarity = rarity
  }

  /** The row of the word at a place of what was read last. */
  row(at: number): number {
    const term = words.term[at]!
    const flags = words.flags[at]!
    let row = this.#rows.get(term)
    if (row === undefined) {
      row = this.weights.push(this.#rarity(term)) - 1
      this.#rows.set(term, row)
      this.#times.push(0)
      this.#written.push(words.text.slice(words.start[at]!, words.end[at]!))
    }
    this.#times[row]!++
    const named = (flags & WordFlag.capital) !== 0 && (flags & WordFlag.sentenceStart) === 0
    if (named || (flags & (WordFlag.number | WordFlag.digits)) !== 0)
      this.weights[row] = namedTimes * this.#rarity(term)
    return row
  }

  /** The words that say most of the group, by how often and how rare they are; of equal ones those that came first. */
  topic(): string {
    const chosen: number[] = []
    const worth = (row: number): number => this.#times[row]! * this.weights[row]!
    for (let row = 0; row < this.weights.length; row++) {
      let to = chosen.length
      while (to > 0 && worth(chosen[to - 1]!) < worth(row)) to--
      if (to < topicTerms) chosen.splice(to, 0, row)
      if (chosen.length > topicTerms) chosen.pop()
    }
    return chosen.map((row) => this.#written[row]!).join(', ')
  }
}

/** The sentences of a text, cut where the reader of words sees one begin. O(length) */
function sentencesOf(text: string, member: number, vocabulary: Vocabulary): Sentence[] {
  readWords(text, words)
  const sentences: Sentence[] = []
  for (let from = 0; from < words.count; ) {
    let to = from + 1
    while (to < words.count && (words.flags[to]! & WordFlag.sentenceStart) === 0) to++
    const end = to < words.count ? words.start[to]! : words.text.length
    const said = words.text
      .slice(from === 0 ? 0 : words.start[from]!, end)
      .replaceAll(/\s+/g, ' ')
      .trim()
    const terms = new Set<number>()
    for (let at = from; at < to; at++) {
      const isLong = words.end[at]! - words.start[at]! > 1
      if (words.term[at] !== 0 && isLong) terms.add(vocabulary.row(at))
    }
    if (said !== '') sentences.push({ member, text: cut(said), terms: Uint32Array.from(terms), chosen: false })
    from = to
  }
  return sentences
}

function cut(text: string): string {
  return text.length <= sentenceUnits_max ? text : `${text.slice(0, sentenceUnits_max - 1).toWellFormed()}…`
}
