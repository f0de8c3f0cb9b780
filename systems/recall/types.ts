import type { Settings } from './settings.ts'

/** What may be asked of recall besides the words. Filters AND; a list in a filter ORs. */
export type RecallOptions = {
  /** Most hits; 10 when not given, at most 1,000. */
  readonly hits_max?: number
  /** Names of MemoryKind: `note`, `chat`, … */
  readonly kinds?: readonly string[]
  /** Tags, as in a memory's metadata: `build`, `err/timeout`. All of them must be there. */
  readonly tags?: readonly string[]
  readonly channel?: string
  readonly thread?: string
  readonly author?: string
  /** Happened at or after, and before; a memory of unknown time lies outside every range. */
  readonly from_ms?: number
  readonly to_ms?: number
  /** A lens that weighs kinds of keys: survival, permission, symbolic, alignment, sensory, procedural, meta, mythic. */
  readonly circuit?: string
  /** Budgets of the walk, in counts; smaller than the settings or equal. */
  readonly walkers_max?: number
  readonly hops_max?: number
  /** Adds to each hit all that its score was computed from. */
  readonly explain?: boolean
  /** The query's vector, for the lanes of meaning; without it they are silent. */
  readonly vector?: Float32Array
  /** The vector of the query as seen under the field in force, for the lane of memories as seen under theirs. */
  readonly field_vector?: Float32Array
}

/** One summand of a score. The parts of a hit add up to its score, to 1e-9. */
export type ScorePart = {
  /** `lexical`, `thread`, `walk`, … */
  readonly name: string
  readonly value: number
  /** What it came from, with `explain`, for people: words, the turn beside it, the key that was walked. */
  readonly from?: { readonly [name: string]: string | number }
}

/** What one word of the query gives, by BM25 times its weight. */
export type WordExplained = {
  readonly word: string
  /** How much it tells; 0 for a word that memory does not know. */
  readonly weight: number
  /** The same for a walk. */
  readonly rarity: number
  readonly own: number
  /** The same word in the turn before it, where somebody else asked; and in what the same person said before. */
  readonly asked: number
  readonly said: number
  /** How much there is of it in the whole thread, without its weight. */
  readonly thread: number
}

/** How a memory was reached by a walk. */
export type WalkExplained = {
  /** The memory it was reached from, and its score then. */
  readonly from: number
  readonly from_score: number
  /** 1 for the first hop and less for the next. */
  readonly decay: number
  readonly key: string
  readonly kind_weight: number
  readonly degree: number
  /** The share of the memories with the word in which it is a name; 1 for a name of several words. */
  readonly name: number
  readonly to_title: boolean
  /** Of each word of the query: does it stand near the key where it was left, did the way there have it, what it gave there. */
  readonly words: readonly { readonly near: boolean; readonly covered: boolean; readonly source: number }[]
}

/** All numbers that a hit's score is a function of; `recompute` is that function. */
export type Explanation = {
  readonly settings: Settings
  /** Sums over the words that memory knows: of weights, and of rarities. */
  readonly scale: number
  readonly rarity_sum: number
  readonly memories: number
  readonly words: readonly WordExplained[]
  readonly in_thread: boolean
  /** Words of the memory that are no stop words. */
  readonly length_words: number
  /** It was said by the one person whom the query names. */
  readonly author: boolean
  readonly asking: boolean
  readonly when: boolean
  /** 0 to 2; see `dateFit`. */
  readonly date_fit: number
  /** What the query names and this memory is called, or mentions. */
  readonly things: readonly { readonly key: string; readonly degree: number; readonly titled: boolean }[]
  /** With the query's vector; 0 where there is none. */
  readonly cosine: number
  readonly walk?: WalkExplained
  /** The best score after the walk, for what the query names by its title. */
  readonly anchor?: { readonly top: number }
}

export type Hit = {
  /** The event's own id; of a note, its path. */
  readonly id: string
  readonly memory_id: number
  readonly score: number
  readonly parts: readonly ScorePart[]
  /** With `explain`: the numbers of which the parts are made. */
  readonly explanation?: Explanation
  /** Which lanes brought it: `lexical`, `thread`, `thing` (the query names it), `canonical`, `walk`, `date`. */
  readonly lanes: readonly string[]
  /** How it was reached, from the seed: `note 12`, `ent:arm64`, `note 98`. One entry when the words alone found it. */
  readonly path: readonly string[]
  /** The memory's text; of a long document the part that answers best. */
  readonly text: string
  readonly title: string
  readonly kind: string
  readonly source: {
    readonly kind: string
    readonly channel?: string
    readonly thread?: string
    readonly author?: string
  }
  /** 0 = unknown. */
  readonly happened_at_ms: number
  readonly tags: readonly string[]
  /** Times it was said again and kept as this one memory. */
  readonly copies: number
  /** Other members of its family of near duplicates that would have been hits, best first. */
  readonly family: readonly { readonly id: string; readonly memory_id: number }[]
}

export type Recall = {
  readonly query: string
  /** False when nothing known answers the query: the hits are there for who wants them. */
  readonly answered: boolean
  /** 0 to 1; `answered` when it reaches the threshold. */
  readonly confidence: number
  readonly hits: readonly Hit[]
  [Symbol.iterator](): Iterator<Hit>
}
