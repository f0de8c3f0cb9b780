import { generator } from '../corpus.ts'

/** Vectors of length 1 around centres, as texts of a few hundred subjects are; the same seed gives the same ones. */
export type Cloud = {
  readonly count: number
  readonly dimensions: number
  /** One after the other; those of the questions come last and are in no index. */
  readonly components: Float32Array
  vector(index: number): Float32Array
}

const centres = 1000
/** How far a vector strays from its centre, against 1 for the centre's own components. */
const stray = 0.6

/** @param count with the questions */
export function cloudOf(count: number, dimensions: number, seed: number): Cloud {
  const next = generator(seed)
  const centre = Float32Array.from({ length: centres * dimensions }, () => next() * 2 - 1)
  const components = new Float32Array(count * dimensions)
  const vector = (index: number): Float32Array => components.subarray(index * dimensions, (index + 1) * dimensions)
  for (let index = 0; index < count; index++) {
    const from = Math.floor(next() * centres) * dimensions
    const into = vector(index)
    let squares = 0
    for (let at = 0; at < dimensions; at++) {
      const component = centre[from + at]! + (next() * 2 - 1) * stray
      into[at] = component
      squares += component * component
    }
    const length = Math.sqrt(squares)
    for (let at = 0; at < dimensions; at++) into[at]! /= length
  }
  return { count, dimensions, components, vector }
}

/** The nearest of the first `among` vectors, in single precision: what an index is held against. */
export function nearest({ dimensions, components }: Cloud, question: Float32Array, among: number, k: number): number[] {
  const best: { index: number; score: number }[] = []
  for (let index = 0; index < among; index++) {
    let score = 0
    const from = index * dimensions
    for (let at = 0; at < dimensions; at++) score += components[from + at]! * question[at]!
    if (best.length === k && score <= best[k - 1]!.score) continue
    let place = best.length
    while (place > 0 && best[place - 1]!.score < score) place--
    best.splice(place, 0, { index, score })
    if (best.length > k) best.pop()
  }
  return best.map(({ index }) => index)
}
