/** The best rows of a search, best first; of equal scores the smaller row is better. */
export type TextHits = {
  readonly rows: Uint32Array
  readonly scores: Float64Array
  /** How many of the two arrays are used: all. */
  readonly count: number
}

/** Keeps the k best of what it is offered: a heap whose root is the worst of them. */
export class Top {
  readonly #scores: Float64Array
  readonly #rows: Uint32Array
  readonly #k: number
  #count = 0

  constructor(k: number) {
    this.#k = k
    this.#scores = new Float64Array(k)
    this.#rows = new Uint32Array(k)
  }

  /** The score that must be passed, or met by a smaller row; 0 while there is room, because a hit has a positive score. */
  get floor(): number {
    return this.#count < this.#k ? 0 : (this.#scores[0] ?? Number.POSITIVE_INFINITY)
  }

  /** Whether this row would be kept. */
  takes(score: number, row: number): boolean {
    if (this.#count < this.#k) return score > 0
    const worst = this.#scores[0]!
    return score > worst || (score === worst && row < this.#rows[0]!)
  }

  /** Keeps a row that `takes` said yes to; each row once. */
  put(score: number, row: number): void {
    if (this.#count < this.#k) this.#rise(this.#count++, score, row)
    else this.#sink(0, score, row, this.#count)
  }

  /** Everything kept, best first; the heap is empty afterwards. */
  drain(): TextHits {
    const count = this.#count
    const scores = this.#scores
    const rows = this.#rows
    for (let end = count - 1; end > 0; end--) {
      const score = scores[end]!
      const row = rows[end]!
      scores[end] = scores[0]!
      rows[end] = rows[0]!
      this.#sink(0, score, row, end)
    }
    this.#count = 0
    return { rows: rows.slice(0, count), scores: scores.slice(0, count), count }
  }

  #rise(from: number, score: number, row: number): void {
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!worse(score, row, this.#scores[above]!, this.#rows[above]!)) break
      this.#scores[at] = this.#scores[above]!
      this.#rows[at] = this.#rows[above]!
      at = above
    }
    this.#scores[at] = score
    this.#rows[at] = row
  }

  #sink(from: number, score: number, row: number, count: number): void {
    const scores = this.#scores
    const rows = this.#rows
    let at = from
    for (;;) {
      let below = at * 2 + 1
      if (below >= count) break
      const other = below + 1
      if (other < count && worse(scores[other]!, rows[other]!, scores[below]!, rows[below]!)) below = other
      if (!worse(scores[below]!, rows[below]!, score, row)) break
      scores[at] = scores[below]!
      rows[at] = rows[below]!
      at = below
    }
    scores[at] = score
    rows[at] = row
  }
}

function worse(score: number, row: number, thanScore: number, thanRow: number): boolean {
  return score < thanScore || (score === thanScore && row > thanRow)
}
