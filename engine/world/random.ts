/**
 * One step of a 32-bit generator over one word of world state; the same seed gives the same numbers for ever.
 * Returns a number in [0, 1). After Tommy Ettinger's mulberry32 (public domain).
 */
export function nextRandom(state: Uint32Array): number {
  const seed = (state[0]! + 0x6d2b79f5) >>> 0
  state[0] = seed
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}
