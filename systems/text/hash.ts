/**
 * Hashes of texts: quick, the same on every machine, and good enough to stand for words and normal forms.
 * They are not a defence against somebody who seeks collisions; identities that must be safe use SHA-256.
 */

const low1 = 0x9e3779b1
const low2 = 0x85ebca77
const seed1 = 0x2545f491
const seed2 = 0x6a09e667

/** The state of a 32-bit hash before the first unit. */
export const hashSeed: number = seed1 | 0

/** One more UTF-16 unit into a 32-bit hash that began with `hashSeed` and ends with `hashEnd`. */
export function hashUnit(state: number, unit: number): number {
  return Math.imul(state ^ unit, low1)
}

/** A 32-bit hash from its state: every bit depends on every bit; never 0. */
export function hashEnd(state: number): number {
  let mixed = state ^ (state >>> 16)
  mixed = Math.imul(mixed, 0x7feb352d)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x846ca68b)
  mixed ^= mixed >>> 16
  return mixed === 0 ? 1 : mixed >>> 0
}

/**
 * The 32-bit hash of a text, or of its units from `from` to before `to`; never 0.
 * The words of `words.ts` carry this hash: `hashText('caroline')` is the raw hash of the word Caroline.
 */
export function hashText(text: string, from = 0, to: number = text.length): number {
  let state = hashSeed
  for (let at = from; at < to; at++) state = Math.imul(state ^ text.charCodeAt(at), low1)
  return hashEnd(state)
}

/** The same as `hashText` for units that lie in an array. */
export function hashUnits(units: Uint16Array, from: number, to: number): number {
  let state = hashSeed
  for (let at = from; at < to; at++) state = Math.imul(state ^ units[at]!, low1)
  return hashEnd(state)
}

/**
 * A 64-bit hash as two halves, written to `into[0]` (high) and `into[1]` (low); neither is 0.
 * The low half is `hashText`; the high half rotates as it goes, so that the halves fail on different texts.
 */
export function hash64(text: string, into: Uint32Array): void {
  let high = seed2 | 0
  let low = hashSeed
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(((high << 13) | (high >>> 19)) ^ unit, low2)
    low = Math.imul(low ^ unit, low1)
  }
  into[0] = hashEnd(high)
  into[1] = hashEnd(low)
}

/** The same as `hash64` for units that lie in an array. */
export function hash64Units(units: Uint16Array, count: number, into: Uint32Array): void {
  let high = seed2 | 0
  let low = hashSeed
  for (let at = 0; at < count; at++) {
    const unit = units[at]!
    high = Math.imul(((high << 13) | (high >>> 19)) ^ unit, low2)
    low = Math.imul(low ^ unit, low1)
  }
  into[0] = hashEnd(high)
  into[1] = hashEnd(low)
}

/** Mixes two 32-bit hashes into one, order counting; never 0. */
export function hashPair(first: number, second: number): number {
  return hashEnd(Math.imul(first ^ seed2, low2) ^ ((second << 7) | (second >>> 25)) ^ seed1)
}
