import { assert, EngineError } from '../../engine/errors.ts'
import type { Best } from './best.ts'

const dimensionsMax = 8192
/** The most results one search gives. */
export const hitsMax = 4096
const smallest = 64
/** Knuth's multiplicative hash: labels are mostly consecutive, and this spreads them. */
const spread = 0x9e3779b1

/** What a search found, best first. */
export type Hits = { readonly labels: Uint32Array; readonly scores: Float64Array }

/** Refuses what cannot be compared by its angle. @returns the size of its largest component @throws EngineError VECTOR_INVALID */
export function checkVector(vector: Float32Array, dimensions: number): number {
  assert(
    vector.length === dimensions,
    'VECTOR_INVALID',
    `a vector has ${vector.length} dimensions where ${dimensions} are kept`,
    vector.length,
  )
  let largest = 0
  for (let index = 0; index < dimensions; index++) {
    const size = Math.abs(vector[index]!)
    // NaN is not smaller than anything either.
    if (!(size < Number.POSITIVE_INFINITY)) {
      throw new EngineError('VECTOR_INVALID', `component ${index} of a vector is ${vector[index]}`)
    }
    if (size > largest) largest = size
  }
  assert(largest > 0, 'VECTOR_INVALID', 'a vector is nothing but zeros')
  return largest
}

/** A whole number of results within bounds. @throws EngineError VECTOR_INVALID */
export function checkHits(k: number): void {
  const sound = Number.isInteger(k) && k >= 1 && k <= hitsMax
  assert(sound, 'VECTOR_INVALID', `a search gives 1 to ${hitsMax} results, not ${k}`, k)
}

/**
 * Vectors as bytes, one after the other: each component a signed byte, as a share of the vector's largest. A cosine
 * does not ask for a vector's length, so no scale is kept. For `d` dimensions a vector takes `d` bytes, 8 for its
 * length and 4 for its label, and 8 to 16 in the look-up by label: 276 to 284 bytes for 256 dimensions.
 */
export class VectorColumn {
  readonly dimensions: number
  #count = 0
  #labels = new Uint32Array(smallest)
  #cells: Int8Array
  /** One over the length of the vector as it is kept. */
  #inverse = new Float64Array(smallest)
  /** Slot + 1 of each label, open addressing; 0 is free. */
  #slots = new Uint32Array(4 * smallest)
  readonly #query: Float64Array

  /** @throws EngineError VECTOR_INVALID */
  constructor(dimensions: number) {
    const sound = Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= dimensionsMax
    assert(sound, 'VECTOR_INVALID', `a vector has 1 to ${dimensionsMax} dimensions, not ${dimensions}`, dimensions)
    this.dimensions = dimensions
    this.#cells = new Int8Array(smallest * dimensions)
    this.#query = new Float64Array(dimensions)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#labels.byteLength + this.#cells.byteLength + this.#inverse.byteLength + this.#slots.byteLength
  }

  /** Labels in the order of their slots. Not copied. */
  get labels(): Uint32Array {
    return this.#labels.subarray(0, this.#count)
  }

  /** Components in the order of their slots. Not copied. */
  get cells(): Int8Array {
    return this.#cells.subarray(0, this.#count * this.dimensions)
  }

  /** The slot of a label, or -1. */
  slotOf(label: number): number {
    return this.#slots[this.#place(label)]! - 1
  }

  labelAt(slot: number): number {
    return this.#labels[slot]!
  }

  /** Puts a vector at the end. Its label must be new. @returns its slot @throws EngineError VECTOR_INVALID */
  append(label: number, vector: Float32Array): number {
    const largest = checkVector(vector, this.dimensions)
    const slot = this.#claim(label)
    this.#fill(slot, vector, largest)
    return slot
  }

  /** Puts another vector into a slot. @throws EngineError VECTOR_INVALID; the slot is then as it was */
  replace(slot: number, vector: Float32Array): void {
    this.#fill(slot, vector, checkVector(vector, this.dimensions))
  }

  /** Puts vectors at the end whose components are bytes already. @throws EngineError VECTOR_INVALID */
  appendCells(labels: Uint32Array, cells: Int8Array): void {
    this.#reserve(this.#count + labels.length)
    for (let index = 0; index < labels.length; index++) {
      assert(this.slotOf(labels[index]!) === -1, 'VECTOR_INVALID', `the label ${labels[index]} is there twice`)
      const slot = this.#claim(labels[index]!)
      const from = index * this.dimensions
      this.#cells.set(cells.subarray(from, from + this.dimensions), slot * this.dimensions)
      this.#measure(slot)
    }
  }

  /** Exchanges two slots. */
  swap(one: number, other: number): void {
    if (one === other) return
    const { dimensions } = this
    const label = this.#labels[one]!
    const inverse = this.#inverse[one]!
    const cells = this.#cells.slice(one * dimensions, (one + 1) * dimensions)
    this.#slots[this.#place(this.#labels[other]!)] = one + 1
    this.#slots[this.#place(label)] = other + 1
    this.#labels[one] = this.#labels[other]!
    this.#inverse[one] = this.#inverse[other]!
    this.#cells.copyWithin(one * dimensions, other * dimensions, (other + 1) * dimensions)
    this.#labels[other] = label
    this.#inverse[other] = inverse
    this.#cells.set(cells, other * dimensions)
  }

  /** Removes the last slot. */
  pop(): void {
    this.#free(this.#place(this.#labels[--this.#count]!))
  }

  /** The vector of a slot, of length 1. */
  vectorAt(slot: number): Float32Array {
    const vector = new Float32Array(this.dimensions)
    const from = slot * this.dimensions
    for (let index = 0; index < vector.length; index++)
      vector[index] = this.#cells[from + index]! * this.#inverse[slot]!
    return vector
  }

  /** Makes a vector the one that `score` and `scan` compare with. @throws EngineError VECTOR_INVALID */
  aim(vector: Float32Array): void {
    const largest = checkVector(vector, this.dimensions)
    // Divided by the largest first, so that squares of tiny or huge components stay numbers.
    let square = 0
    for (let index = 0; index < vector.length; index++) {
      const component = vector[index]!
      square += (component / largest) * (component / largest)
    }
    const length = Math.sqrt(square)
    for (let index = 0; index < vector.length; index++) {
      const component = vector[index]!
      this.#query[index] = component / largest / length
    }
  }

  /** The vector aimed at, of length 1. */
  get aimed(): Float32Array {
    return Float32Array.from(this.#query)
  }

  /** The cosine of the vector in a slot with the one aimed at. The same bits, whoever asks. */
  score(slot: number): number {
    const from = slot * this.dimensions
    const cosine = dot(this.#query, this.#cells, from, this.dimensions) * this.#inverse[slot]!
    return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine
  }

  /** Offers every vector from a slot on, of those that `accept` lets pass. */
  scan(best: Best, from: number, accept?: (label: number) => boolean): void {
    for (let slot = from; slot < this.#count; slot++) {
      const label = this.#labels[slot]!
      if (accept !== undefined && !accept(label)) continue
      best.offer(label, this.score(slot))
    }
  }

  #claim(label: number): number {
    assert(
      Number.isInteger(label) && label >= 0 && label <= 0xffffffff,
      'VECTOR_INVALID',
      `${label} is no label`,
      label,
    )
    this.#reserve(this.#count + 1)
    const slot = this.#count++
    this.#labels[slot] = label
    this.#slots[this.#place(label)] = slot + 1
    return slot
  }

  #fill(slot: number, vector: Float32Array, largest: number): void {
    const from = slot * this.dimensions
    for (let index = 0; index < this.dimensions; index++) {
      const component = vector[index]!
      this.#cells[from + index] = Math.round((component / largest) * 127)
    }
    this.#measure(slot)
  }

  #measure(slot: number): void {
    let square = 0
    const to = (slot + 1) * this.dimensions
    for (let at = slot * this.dimensions; at < to; at++) square += this.#cells[at]! * this.#cells[at]!
    assert(square > 0, 'VECTOR_INVALID', 'a vector is nothing but zeros')
    this.#inverse[slot] = 1 / Math.sqrt(square)
  }

  #reserve(count: number): void {
    if (count <= this.#labels.length) return
    const capacity = Math.max(count, Math.ceil(this.#labels.length * 1.5))
    this.#labels = enlarged(new Uint32Array(capacity), this.#labels)
    this.#inverse = enlarged(new Float64Array(capacity), this.#inverse)
    this.#cells = enlarged(new Int8Array(capacity * this.dimensions), this.#cells)
    if (2 * capacity <= this.#slots.length) return
    let size = this.#slots.length
    while (size < 2 * capacity) size *= 2
    this.#slots = new Uint32Array(size)
    for (let slot = 0; slot < this.#count; slot++) this.#slots[this.#place(this.#labels[slot]!)] = slot + 1
  }

  /** Where a label is in the look-up, or the free place where it would be. */
  #place(label: number): number {
    const mask = this.#slots.length - 1
    let at = this.#home(label)
    for (let slot = this.#slots[at]!; slot !== 0 && this.#labels[slot - 1] !== label; slot = this.#slots[at]!) {
      at = (at + 1) & mask
    }
    return at
  }

  #home(label: number): number {
    const mixed = Math.imul(label, spread)
    return (mixed ^ (mixed >>> 15)) & (this.#slots.length - 1)
  }

  /** Frees a place and moves up what had to step over it, so that no look-up ends early. */
  #free(place: number): void {
    const mask = this.#slots.length - 1
    let hole = place
    this.#slots[hole] = 0
    for (let at = (hole + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#home(this.#labels[this.#slots[at]! - 1]!)
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      this.#slots[hole] = this.#slots[at]!
      this.#slots[at] = 0
      hole = at
    }
  }
}

/** The hot loop; four sums, because one would wait for itself. The order of additions never changes. */
function dot(query: Float64Array, cells: Int8Array, from: number, dimensions: number): number {
  const whole = dimensions - (dimensions % 4)
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let index = 0
  for (; index < whole; index += 4) {
    a += query[index]! * cells[from + index]!
    b += query[index + 1]! * cells[from + index + 1]!
    c += query[index + 2]! * cells[from + index + 2]!
    d += query[index + 3]! * cells[from + index + 3]!
  }
  for (; index < dimensions; index++) a += query[index]! * cells[from + index]!
  return a + b + (c + d)
}

function enlarged<T extends Uint32Array | Float64Array | Int8Array>(larger: T, old: T): T {
  larger.set(old)
  return larger
}
