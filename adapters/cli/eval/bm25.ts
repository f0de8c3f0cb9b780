import { InvertedIndex, type QueryTerm } from '../../../systems/eidolon/text-index.ts'
import { readWords, Words } from '../../../systems/text/words.ts'

const depth = 20
/** The share of a term's weight that BM25 approaches as the term is repeated: k1 + 1. */
const most = 2.2

type CorpusEvent = {
  readonly id: string
  readonly ts?: number
  readonly source?: { readonly author?: string }
  readonly payload: { readonly title?: string; readonly text: string }
}

/**
 * What plain BM25 finds over the same words: title, author, day and text of each event as one text, or titles and texts
 * alone.
 */
export class WordsOnly {
  readonly #index = new InvertedIndex()
  readonly #ids: string[] = []
  readonly #words = new Words()
  #terms = new Uint32Array(1024)

  /** @param lines a corpus, one event a line */
  constructor(lines: Buffer, of: 'everything' | 'texts') {
    for (const line of lines.toString().split('\n')) {
      if (line.trim() === '') continue
      const event = JSON.parse(line) as CorpusEvent
      this.#ids.push(event.id)
      const count = this.#read(of === 'texts' ? textOf(event) : `${aboutOf(event)}\n${textOf(event)}`)
      this.#index.add(this.#ids.length, this.#terms, count)
    }
  }

  /** Ids best first, and the best score as a share of what the query could reach. */
  ask(query: string): { readonly found: readonly string[]; readonly confidence: number } {
    const count = this.#read(query)
    const terms: QueryTerm[] = []
    for (const term of new Set(this.#terms.subarray(0, count))) terms.push({ term, weight: 1 })
    const { rows, scores } = this.#index.search(terms, depth)
    const best = terms.reduce((sum, { term }) => sum + this.#index.idf(term) * most, 0)
    return {
      found: [...rows].map((row) => this.#ids[row - 1] ?? ''),
      confidence: best > 0 ? (scores[0] ?? 0) / best : 0,
    }
  }

  #read(text: string): number {
    const words = this.#words
    readWords(text, words)
    if (words.count > this.#terms.length) this.#terms = new Uint32Array(words.count * 2)
    let count = 0
    for (let at = 0; at < words.count; at++) {
      const term = words.term[at]!
      if (term !== 0) this.#terms[count++] = term
    }
    return count
  }
}

function textOf({ payload }: CorpusEvent): string {
  return `${payload.title ?? ''}\n${payload.text}`
}

function aboutOf({ ts = 0, source }: CorpusEvent): string {
  return `${source?.author ?? ''}\n${ts > 0 ? new Date(ts).toUTCString().slice(5, 16) : ''}`
}
