/** Where walkers have been: parallel arrays, one entry a memory, its best link. */
export class Links {
  count = 0
  readonly row: Uint32Array
  readonly from: Uint32Array
  /** Edge at the source that was followed, and the edge by which it arrived. */
  readonly edge: Uint32Array
  readonly arrival: Uint32Array
  readonly value: Float64Array
  #most: number
  readonly #places: Uint16Array
  readonly #stamps: Uint32Array
  #stamp = 1

  /** @param candidates_max at most 65,536 */
  constructor(candidates_max: number) {
    this.#most = candidates_max
    this.row = new Uint32Array(candidates_max)
    this.from = new Uint32Array(candidates_max)
    this.edge = new Uint32Array(candidates_max)
    this.arrival = new Uint32Array(candidates_max)
    this.value = new Float64Array(candidates_max)
    let places = 64
    while (places < candidates_max * 4) places *= 2
    this.#places = new Uint16Array(places)
    this.#stamps = new Uint32Array(places)
  }

  /** Forgets them. @param candidates_max room for the next ones, at most what there was room for at first */
  clear(candidates_max: number = this.row.length): void {
    this.#most = Math.min(candidates_max, this.row.length)
    this.count = 0
    this.#stamp++
    if (this.#stamp < 0xffff_ffff) return
    this.#stamps.fill(0)
    this.#stamp = 1
  }

  /** Keeps a link when it is the first to its memory, or better than the one before. @returns whether there was room */
  add(row: number, from: number, edge: number, arrival: number, value: number): boolean {
    const mask = this.#places.length - 1
    let place = (Math.imul(row, 0x9e37_79b1) >>> 7) & mask
    while (this.#stamps[place] === this.#stamp && this.row[this.#places[place]!] !== row) place = (place + 1) & mask
    let at = this.#places[place]!
    if (this.#stamps[place] !== this.#stamp) {
      if (this.count === this.#most) return false
      at = this.count++
      this.#places[place] = at
      this.#stamps[place] = this.#stamp
      this.row[at] = row
    } else if (this.value[at]! >= value) return true
    this.from[at] = from
    this.edge[at] = edge
    this.arrival[at] = arrival
    this.value[at] = value
    return true
  }
}

/** Keys that walkers have chosen to follow: parallel arrays. */
export class Leads {
  count = 0
  /** The memory that a lead starts at, the edge by which it has the key, the key, and what a link along it is worth. */
  from: Uint32Array = new Uint32Array(64)
  edge: Uint32Array = new Uint32Array(64)
  key: Uint32Array = new Uint32Array(64)
  value: Float64Array = new Float64Array(64)

  clear(): void {
    this.count = 0
  }

  /** Their numbers, the best first; of equal ones that of the smaller edge. */
  sorted(): number[] {
    const { value, edge } = this
    return Array.from({ length: this.count }, (_, at) => at).sort(
      (a, b) => value[b]! - value[a]! || edge[a]! - edge[b]!,
    )
  }

  /** Room for `more` leads. */
  room(more: number): void {
    if (this.count + more <= this.from.length) return
    const length = Math.max(this.count + more, this.from.length * 2)
    this.from = longer(this.from, new Uint32Array(length))
    this.edge = longer(this.edge, new Uint32Array(length))
    this.key = longer(this.key, new Uint32Array(length))
    this.value = longer(this.value, new Float64Array(length))
  }
}

/** A longer array with what the shorter one holds. */
export function longer<A extends Uint32Array | Float64Array>(array: A, into: A): A {
  into.set(array as never)
  return into
}
