import type { World } from '../../engine/world/world.ts'
import { Memory } from '../components.ts'
import { takeErased } from '../erased.ts'
import { type Reading, Texts } from '../memory/text-of.ts'
import { mintedOf } from '../minted.ts'
import { readWords, Words } from '../text/words.ts'
import { InvertedIndex } from './text-index.ts'
import type { VectorIndex } from './vector-index.ts'
import { VectorLanes } from './vector-lanes.ts'

const words = new Words()
let terms = new Uint32Array(1024)

/**
 * The indexes of one world. They are projections: what they lack is read again from the record, so they may be thrown
 * away at any time. Whoever recalls asks `catchUp` first.
 */
export class Lanes {
  text: InvertedIndex = new InvertedIndex({ k1: 2, b: 0.4 })
  /** An adapter keeps them complete; without one recall itself catches up. */
  kept = false
  /** Vectors of the content, once an embedder has made some. */
  canonical: VectorIndex | undefined
  /** Vectors of the content as seen under the circumstances of its time. */
  eidolon: VectorIndex | undefined
  /** Which vectors those two are to hold, and what they lack; for whoever keeps them. */
  readonly vectors: VectorLanes = new VectorLanes()

  /** Memories that the lexical lane does not hold yet. */
  behind(world: World): number {
    return world.rows(Memory) - this.text.newest
  }

  /** Whether all that it lacks was made in the tick before and need not be read again. */
  isFresh(world: World): boolean {
    const minted = mintedOf(world)
    return minted.count > 0 && minted.first <= this.text.newest + 1
  }

  /** Adds at most so many memories to the lexical lane, in order, and takes out what was forgotten. @returns how many it still lacks */
  catchUp(reading: Reading, rows_max: number = Number.POSITIVE_INFINITY): number {
    const { world } = reading
    for (const row of takeErased(world)) this.text.forget(row)
    // Where an adapter keeps the lane, it merges in slices.
    while (!this.kept && this.text.forgetting) this.text.mergeStep(Number.POSITIVE_INFINITY)
    const rows = world.rows(Memory)
    const last = Math.min(rows, this.text.newest + rows_max)
    const minted = mintedOf(world)
    const texts = new Texts(reading)
    for (let row = this.text.newest + 1; row <= last; row++) {
      const n = row - minted.first
      if (minted.count > 0 && n >= 0 && n < minted.count) {
        const from = minted.termStart[n]!
        const to = minted.termStart[n + 1]!
        this.text.add(row, minted.terms.subarray(from, to), to - from)
      } else this.text.add(row, terms, readTerms(world, texts, row))
    }
    return rows - last
  }
}

/** Reads a memory's terms anew, as the memory system read them when it was made, into `terms`. @returns how many */
function readTerms(world: World, texts: Texts, row: number): number {
  const { chunks } = world.of(Memory)
  let count = take(texts.meta(row).title ?? '', 0)
  if (chunks[row] === 0) count = take(texts.text(row), count)
  return count
}

function take(text: string, from: number): number {
  if (text === '') return from
  readWords(text, words)
  while (terms.length < from + words.count) {
    const larger = new Uint32Array(terms.length * 2)
    larger.set(terms)
    terms = larger
  }
  let count = from
  for (let at = 0; at < words.count; at++) if (words.term[at] !== 0) terms[count++] = words.term[at]!
  return count
}

const ofWorld = new WeakMap<World, Lanes>()

/** The lanes of a world; empty ones when nobody has asked before. */
export function lanesOf(world: World): Lanes {
  let lanes = ofWorld.get(world)
  if (lanes === undefined) {
    lanes = new Lanes()
    ofWorld.set(world, lanes)
  }
  return lanes
}
