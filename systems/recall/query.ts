import type { World } from '../../engine/world/world.ts'
import { Key, KeyKind } from '../components.ts'
import type { QueryTerm, TextIndex } from '../eidolon/text-index.ts'
import { kindPrefix, Mentions, readMentions, signatureBit, unknownAbout } from '../memory/mentions.ts'
import { hash64 } from '../text/hash.ts'
import { foldWord } from '../text/word-cache.ts'
import { readWords, WordFlag, Words } from '../text/words.ts'
import { type DateAsked, readDate } from './dates.ts'
import { settings as defaults, type Settings } from './settings.ts'

/** A thing that the query names and memory knows: a row in Key, and where in the query it stands. */
export type Thing = {
  readonly key: number
  readonly first: number
  readonly past: number
  /** Written as a name: the query means this very thing. */
  readonly capital: boolean
  readonly numeric: boolean
}

/** One thing by which it is judged whether the memories found answer the query. */
export type Demand = {
  readonly weight: number
  /** Index of the word in `terms`, or -1. */
  readonly term: number
  /** The person, as a row in Key, or 0. */
  readonly author: number
  readonly date: boolean
}

/** A query, read. */
export type Query = {
  readonly text: string
  /** The words as they stand in the query, for explanations. */
  readonly words: readonly string[]
  readonly terms: readonly QueryTerm[]
  /** How much each word tells: its rarity to the power of 1.5. */
  readonly weights: Float64Array
  /** The sum of the weights of words that memory knows; 1 when it knows none. */
  readonly scale: number
  /** How rare each word is: what a walk weighs it by. 0 for words that memory does not know. */
  readonly rarities: Float64Array
  /** Their sum; 1 when it is 0. */
  readonly raritySum: number
  readonly bits: Int32Array
  /** People whom the query names, as rows in Key of kind author. */
  readonly authors: ReadonlySet<number>
  readonly things: readonly Thing[]
  readonly demands: readonly Demand[]
  readonly date: DateAsked | undefined
  readonly asksWhen: boolean
}

const words = new Words()
const none: ReadonlySet<number> = new Set()
const mentions = new Mentions()
const pair = new Uint32Array(2)
const thingWords_max = 8
const queryUnits_max = 4000
const when = /^\s*(when|how long|((in|on) )?(what|which) (day|date|month|year|time))\b/i

/** Reads a query against what memory knows. Only the first 4,000 units of it count. */
export function readQuery(world: World, index: TextIndex, text: string, settings: Settings = defaults): Query {
  const asked = text.slice(0, queryUnits_max)
  readWords(asked, words)
  readMentions(words, unknownAbout, mentions)
  const date = readDate(words)
  const terms: QueryTerm[] = []
  const spelt: string[] = []
  const weights: number[] = []
  const rarities: number[] = []
  const demands: Demand[] = []
  const authors = new Set<number>()
  const seen = new Set<number>()
  const rarest = tell(index.idf(0))
  const addTerm = (at: number): void => {
    const term = words.term[at]!
    const rarity = index.idf(term)
    terms.push({ term, weight: Math.sqrt(rarity) })
    spelt.push(words.text.slice(words.start[at]!, words.end[at]!))
    const known = index.frequency(term) > 0
    weights.push(known ? tell(rarity) : 0)
    rarities.push(known ? rarity : 0)
    seen.add(term)
  }
  for (let at = 0; at < words.count; at++) {
    const author = authorOf(world, at)
    const term = words.term[at]!
    if (author !== 0) {
      if (!authors.has(author)) demands.push({ weight: settings.nameWeight * rarest, term: -1, author, date: false })
      authors.add(author)
    } else if (term !== 0 && !seen.has(term)) {
      const capital = at > 0 && (words.flags[at]! & WordFlag.capital) !== 0
      if (date === undefined || !date.words.has(at)) {
        const weight = tell(index.idf(term)) * (capital ? settings.nameWeight : 1)
        demands.push({ weight, term: terms.length, author: 0, date: false })
      }
      addTerm(at)
    }
  }
  // Who speaks is asked of the author's column; but a query that says nothing else is about them, and what they said.
  const onlyNames = authors.size > 0 && !weights.some((weight) => weight > 0)
  for (let at = 0; onlyNames && at < words.count; at++) {
    if (authorOf(world, at) !== 0 && words.term[at] !== 0 && !seen.has(words.term[at]!)) addTerm(at)
  }
  if (date !== undefined) demands.push({ weight: rarest, term: -1, author: 0, date: true })
  return {
    text,
    words: spelt,
    terms,
    weights: Float64Array.from(weights),
    scale: weights.reduce((sum, weight) => sum + weight, 0) || 1,
    rarities: Float64Array.from(rarities),
    raritySum: rarities.reduce((sum, rarity) => sum + rarity, 0) || 1,
    bits: Int32Array.from(terms, ({ term }) => signatureBit(term)),
    authors,
    things: thingsOf(world, onlyNames ? authors : none),
    demands,
    date,
    asksWhen: when.test(asked),
  }
}

/** What a word's rarity counts for: rare words decide. */
function tell(rarity: number): number {
  return rarity * Math.sqrt(rarity)
}

/** The author key that a word of the query names, or 0. */
function authorOf(world: World, at: number): number {
  const name = foldWord(words.text.slice(words.start[at]!, words.end[at]!))
  return find(world, KeyKind.author, name)
}

function find(world: World, kind: number, name: string): number {
  hash64(`${kindPrefix[kind]}${name}`, pair)
  return world.findPair(Key, 'key', pair[0]!, pair[1]!)
}

/** What the query names: as the memory pipeline reads names, any run of its words that is a known name, and these authors. */
function thingsOf(world: World, authors: ReadonlySet<number>): Thing[] {
  const things = new Map<number, Thing>()
  for (const key of authors) things.set(key, { key, first: 0, past: 0, capital: true, numeric: false })
  const { kind: kinds } = world.of(Key)
  const add = (key: number, first: number, past: number, capital: boolean): void => {
    if (key === 0 || things.has(key)) return
    // Who speaks is asked of the author's column: people are spoken to far more often than spoken of.
    if (past - first === 1 && authorOf(world, first) !== 0) return
    const numeric = kinds[key] === KeyKind.day || kinds[key] === KeyKind.year
    things.set(key, { key, first, past, capital, numeric })
  }
  for (let at = 0; at < mentions.count; at++) {
    const key = world.findPair(Key, 'key', mentions.high[at]!, mentions.low[at]!)
    const first = mentions.word[at]!
    add(key, first, first + mentions.words[at]!, true)
  }
  for (let first = 0; first < words.count; first++) {
    let name = ''
    let tells = false
    for (let past = first + 1; past <= Math.min(words.count, first + thingWords_max); past++) {
      const last = past - 1
      name += `${past > first + 1 ? ' ' : ''}${foldWord(words.text.slice(words.start[last]!, words.end[last]!))}`
      tells ||= words.term[last] !== 0
      if (past - first < 2 || !tells) continue
      add(find(world, KeyKind.entity, name), first, past, (words.flags[first]! & WordFlag.capital) !== 0)
    }
  }
  return [...things.values()].sort((a, b) => a.key - b.key)
}
