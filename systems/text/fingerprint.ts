import { scanNormal } from './normal.ts'

/** Bits of a counter of tokens, for each of the 64 bits; more tokens than they count are left out. */
const planes = 16
const tokensMax = 0xffff
const highs = new Uint32Array(planes)
const lows = new Uint32Array(planes)

/** The SimHash that `readSimHash` read last, for callers who need no object of their own. */
export const simHash = { high: 0, low: 0 }

/** The 64-bit SimHash of a text: of the tokens of its normal form. Written to `into`. */
export function readSimHash(text: string, into: { high: number; low: number }): void {
  const { tokens, count } = scanNormal(text)
  fingerprint(tokens, count, halves)
  into.high = halves[0]!
  into.low = halves[1]!
}

const halves = new Uint32Array(2)

/**
 * The 64-bit SimHash of tokens: each bit says what most tokens have there, so texts that share most tokens share most bits.
 * Written to `into[0]` (high) and `into[1]` (low); no tokens give 0. The counters are kept bit by bit, for 32 columns at once.
 * @param tokens 32-bit hashes, `count` of them used; a token that comes twice counts twice
 */
export function fingerprint(tokens: Uint32Array, count: number, into: Uint32Array): void {
  const used = Math.min(count, tokensMax)
  highs.fill(0)
  lows.fill(0)
  for (let at = 0; at < used; at++) {
    const token = tokens[at]!
    let carry = spread(token, 0x2c1b3c6d, 0x297a2d39)
    for (let plane = 0; carry !== 0; plane++) {
      const before = highs[plane]!
      highs[plane] = before ^ carry
      carry &= before
    }
    carry = spread(token, 0x7feb352d, 0x846ca68b)
    for (let plane = 0; carry !== 0; plane++) {
      const before = lows[plane]!
      lows[plane] = before ^ carry
      carry &= before
    }
  }
  const half = used >>> 1
  into[0] = above(highs, half)
  into[1] = above(lows, half)
}

function spread(token: number, first: number, second: number): number {
  let mixed = Math.imul(token ^ (token >>> 15), first)
  mixed = Math.imul(mixed ^ (mixed >>> 12), second)
  return mixed ^ (mixed >>> 15)
}

/** The columns whose count is greater than `half`, compared from the highest bit on in all columns at once. */
function above(counters: Uint32Array, half: number): number {
  let greater = 0
  let equal = -1
  for (let plane = planes - 1; plane >= 0; plane--) {
    const bits = counters[plane]!
    if (((half >>> plane) & 1) === 0) {
      greater |= equal & bits
      equal &= ~bits
    } else equal &= bits
  }
  return greater >>> 0
}

/** How many of 64 bits differ: 0 to 64. */
export function hamming(high1: number, low1: number, high2: number, low2: number): number {
  return ones(high1 ^ high2) + ones(low1 ^ low2)
}

function ones(bits: number): number {
  let sum = bits - ((bits >>> 1) & 0x55555555)
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333)
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
