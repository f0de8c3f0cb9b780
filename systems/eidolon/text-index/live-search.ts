import type { LivePart } from './live.ts'
import { codeOf, countOf } from './quantise.ts'
import { contribution } from './scoring.ts'
import type { Top } from './top.ts'

/** Searches the live part, and explains scores in it: small enough to be gone through term by term. */
export class LiveSearch {
  readonly #live: LivePart
  readonly #penalties: Float64Array
  readonly #scores: Float64Array
  readonly #touched: Uint32Array
  readonly #postings: Uint32Array
  readonly #counts: Uint16Array

  constructor(live: LivePart, penalties: Float64Array) {
    this.#live = live
    this.#penalties = penalties
    this.#scores = new Float64Array(live.rowsMax)
    this.#touched = new Uint32Array(live.rowsMax)
    this.#postings = new Uint32Array(live.rowsMax)
    this.#counts = new Uint16Array(live.rowsMax)
  }

  /** Offers every document with one of the terms that can still be among the best. */
  search(records: readonly number[], scales: Float64Array, top: Top, accept?: (row: number) => boolean): void {
    let touched = 0
    records.forEach((record, at) => {
      if (record >= 0) touched = this.#gather(record, scales[at]!, touched)
    })
    const { rows } = this.#live
    for (let index = 0; index < touched; index++) {
      const ordinal = this.#touched[index]!
      const score = this.#scores[ordinal]!
      this.#scores[ordinal] = 0
      const row = rows[ordinal]!
      if (top.takes(score, row) && (accept === undefined || accept(row))) top.put(score, row)
    }
  }

  /** Sets what each record gives to each ordinal (-1 for none): `contributions[index * records.length + at]`. */
  score(records: readonly number[], scales: Float64Array, ordinals: Int32Array, contributions: Float64Array): void {
    const { lengths } = this.#live
    records.forEach((record, at) => {
      if (record < 0) return
      const count = this.#live.copy(record, this.#postings)
      for (let index = 0; index < count; index++) {
        const posting = this.#postings[index]!
        this.#counts[posting >>> 16] = posting & 0xffff
      }
      for (let index = 0; index < ordinals.length; index++) {
        const ordinal = ordinals[index]!
        const tf = ordinal < 0 ? 0 : this.#counts[ordinal]!
        if (tf === 0) continue
        const gives = contribution(scales[at]!, countOf[codeOf(tf)]!, this.#penalties[lengths[ordinal]!]!)
        contributions[index * records.length + at] = gives
      }
      for (let index = 0; index < count; index++) this.#counts[this.#postings[index]! >>> 16] = 0
    })
  }

  #gather(record: number, scale: number, from: number): number {
    const scores = this.#scores
    const postings = this.#postings
    const penalties = this.#penalties
    const { lengths } = this.#live
    const count = this.#live.copy(record, postings)
    let touched = from
    for (let index = 0; index < count; index++) {
      const posting = postings[index]!
      const ordinal = posting >>> 16
      const gives = contribution(scale, countOf[codeOf(posting & 0xffff)]!, penalties[lengths[ordinal]!]!)
      const before = scores[ordinal]!
      if (before === 0 && gives !== 0) this.#touched[touched++] = ordinal
      scores[ordinal] = before + gives
    }
    return touched
  }
}
