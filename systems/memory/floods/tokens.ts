import { scanNormal, TokenKind } from '../../text/normal.ts'

/** Tokens of a message that are looked at: the beginning tells what it is. */
export const tokensMax = 32
/** The kinds of `normal.ts`, and signs by which programs lay out what they say. */
export const FloodToken = { ...TokenKind, sign: 4 } as const
/** What a token counts for, by its kind: a word tells more than `to` or `the`, and these more than a number's place. */
const weights: readonly number[] = [4, 2, 1, 4, 2]
/** Signs that names seldom have. */
const signs: ReadonlySet<number> = new Set(Array.from('[](){}#:!%|*>•→', (sign) => sign.charCodeAt(0)))
/** Knuth's multiplicative hash. */
const spread = 0x9e3779b1

/** Tokens in their order, with what they count for and a signature: a bit of 64 for each. */
export class Tokens {
  readonly token: Uint32Array = new Uint32Array(tokensMax)
  /** FloodToken of each. */
  readonly kind: Uint8Array = new Uint8Array(tokensMax)
  /** Where each stands in the normal form that was read last; of a form that was kept, nowhere. */
  readonly from: Uint32Array = new Uint32Array(tokensMax)
  readonly to: Uint32Array = new Uint32Array(tokensMax)
  count = 0
  /** The sum of the weights: at most 128. */
  total = 0
  high = 0
  low = 0

  clear(): void {
    this.count = 0
    this.total = 0
    this.high = 0
    this.low = 0
  }

  add(token: number, kind: number, from = 0, to = 0): void {
    this.from[this.count] = from
    this.to[this.count] = to
    this.token[this.count] = token
    this.kind[this.count++] = kind
    this.total += weightOf(kind)
    if ((token & 32) === 0) this.low = (this.low | (1 << (token & 31))) >>> 0
    else this.high = (this.high | (1 << (token & 31))) >>> 0
  }
}

/** What a token of a kind counts for. */
export function weightOf(kind: number): number {
  return weights[kind]!
}

/** Whether a token is a whole word, a name or not. */
export function isWord(kind: number): boolean {
  return kind === FloodToken.word || kind === FloodToken.name
}

/** Reads the tokens of a text's normal form, and the signs between them: the first `tokensMax`. O(length of the text) */
export function readTokens(text: string, into: Tokens): void {
  const { tokens, kinds, count, starts, ends, units, size } = scanNormal(text)
  into.clear()
  let from = 0
  for (let at = 0; at <= count && into.count < tokensMax; at++) {
    const past = at === count ? size : starts[at]!
    for (let unit = from; unit < past && into.count < tokensMax; unit++) {
      const sign = units[unit]!
      if (signs.has(sign)) into.add(Math.imul(sign, spread) >>> 0, FloodToken.sign, unit, unit + 1)
    }
    if (at === count || into.count === tokensMax) return
    into.add(tokens[at]!, kinds[at]!, starts[at], ends[at])
    from = ends[at]!
  }
}
