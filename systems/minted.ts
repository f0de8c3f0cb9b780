import type { World } from '../engine/world/world.ts'

const starting = 4096

/**
 * What the memory system has read of the memories it made in this tick, so that no text is read twice: `nexus` links the
 * mentions, the lexical lane takes the terms once the tick is durable. Parallel arrays that are used again and again;
 * nothing in here outlives its tick, so no snapshot holds it.
 */
export class Minted {
  /** Rows made in this tick, ascending without gaps, from `first`. */
  count = 0
  first = 0
  /** Of the memory `first + n`: its mentions are `mentionStart[n]` to `mentionStart[n + 1]`; the same for its terms. */
  mentionStart: Uint32Array = new Uint32Array(starting)
  termStart: Uint32Array = new Uint32Array(starting)
  mentions = 0
  /** Rows in Key. */
  key: Uint32Array = new Uint32Array(starting)
  signature: Uint32Array = new Uint32Array(starting)
  word: Uint16Array = new Uint16Array(starting)
  field: Uint8Array = new Uint8Array(starting)
  times: Uint8Array = new Uint8Array(starting)
  termCount = 0
  /** Hashed stems in the order of the text, as the lexical lane takes them. */
  terms: Uint32Array = new Uint32Array(starting)

  /** Forgets the tick before. */
  begin(): void {
    this.count = 0
    this.first = 0
    this.mentions = 0
    this.termCount = 0
  }

  /** The next row of this tick; what is added now belongs to it. */
  open(row: number): void {
    if (this.count === 0) this.first = row
    if (this.count + 2 > this.mentionStart.length) {
      this.mentionStart = grown(this.mentionStart)
      this.termStart = grown(this.termStart)
    }
    this.mentionStart[this.count] = this.mentions
    this.termStart[this.count] = this.termCount
    this.count++
    this.mentionStart[this.count] = this.mentions
    this.termStart[this.count] = this.termCount
  }

  /** The terms among the words of a text, in their order; 0 is none. @returns how many there were */
  addTerms(from: Uint32Array, count: number): number {
    while (this.termCount + count > this.terms.length) this.terms = grown(this.terms)
    const { terms } = this
    let to = this.termCount
    for (let at = 0; at < count; at++) {
      terms[to] = from[at]!
      if (from[at] !== 0) to++
    }
    const added = to - this.termCount
    this.termCount = to
    this.termStart[this.count] = to
    return added
  }

  /** Room for one more mention; its number. */
  addMention(): number {
    if (this.mentions === this.key.length) {
      this.key = grown(this.key)
      this.signature = grown(this.signature)
      this.word = grown(this.word)
      this.field = grown(this.field)
      this.times = grown(this.times)
    }
    this.mentionStart[this.count] = this.mentions + 1
    return this.mentions++
  }
}

function grown<A extends Uint8Array | Uint16Array | Uint32Array>(array: A): A {
  const larger = new (array.constructor as new (length: number) => A)(array.length * 2)
  larger.set(array as never)
  return larger
}

const ofWorld = new WeakMap<World, Minted>()

/** The one of a world. */
export function mintedOf(world: World): Minted {
  let minted = ofWorld.get(world)
  if (minted === undefined) {
    minted = new Minted()
    ofWorld.set(world, minted)
  }
  return minted
}
