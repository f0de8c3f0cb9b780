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
  /** Budgets of the walk, in counts; smaller than the defaults or equal. */
  readonly walkers_max?: number
  readonly hops_max?: number
  /** Adds to each hit all that its score was computed from. */
  readonly explain?: boolean
  /** The query's vector, for the lanes of meaning; without it they are silent. */
  readonly vector?: Float32Array
}

/** One summand of a score. The parts of a hit add up to its score, to 1e-9. */
export type ScorePart = {
  /** `lexical`, `thread`, `walk`, … */
  readonly name: string
  readonly value: number
  /** What it was computed from, with `explain`: words with their weights, the edge that was walked, the neighbour. */
  readonly from?: { readonly [name: string]: string | number }
}

export type Hit = {
  /** The event's own id; of a note, its path. */
  readonly id: string
  readonly memory_id: number
  readonly score: number
  readonly parts: readonly ScorePart[]
  /** Which lanes brought it: `lexical`, `canonical`, `eidolon`, `walk`, `thread`. */
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
