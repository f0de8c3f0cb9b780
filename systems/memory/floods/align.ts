import { isBefore, isContrast } from './contrast.ts'
import { FloodToken, isWord, type Tokens, tokensMax, weightOf } from './tokens.ts'

/** What two runs of tokens have in common, in their order. */
export type Alignment = {
  /** Of the first run: 1 where it is in common. */
  readonly kept: Uint8Array
  /** Sum of the weights of what is in common. */
  weight: number
  /** How many whole words of it, and how much of it is signs and marks: what a program's layout is made of. */
  words: number
  layout: number
  /** Whether a word of contrast is in common; whether the one, or the other, has one that is not. */
  contrastKept: boolean
  contrastOne: boolean
  contrastOther: boolean
  /** Whether they differ in a plain word where no name is to be expected: `enters`, `exits`. */
  differs: boolean
}

const width = tokensMax + 1
const best = new Uint8Array(width * width)
const found: Alignment = {
  kept: new Uint8Array(tokensMax),
  weight: 0,
  words: 0,
  layout: 0,
  contrastKept: false,
  contrastOne: false,
  contrastOther: false,
  differs: false,
}

/** The heaviest common subsequence of two runs of tokens; overwritten by the next call. O(tokensMax²): some microseconds at most. */
export function align(one: Tokens, other: Tokens): Alignment {
  best.fill(0, one.count * width, one.count * width + other.count + 1)
  for (let at = one.count - 1; at >= 0; at--) {
    const row = at * width
    const next = row + width
    const weight = weightOf(one.kind[at]!)
    best[row + other.count] = 0
    for (let to = other.count - 1; to >= 0; to--) {
      const skipped = Math.max(best[next + to]!, best[row + to + 1]!)
      const taken = one.token[at] === other.token[to] ? best[next + to + 1]! + weight : 0
      best[row + to] = Math.max(skipped, taken)
    }
  }
  return walk(one, other)
}

/** What lies between two tokens in common: whether a plain word is there, whether a name or something that passes is. */
const gap = { plain: false, named: false }
/** Whether a name is to be expected where the gap is: at the beginning, or after such a word as `by`. */
let expected = true

function walk(one: Tokens, other: Tokens): Alignment {
  found.kept.fill(0)
  found.weight = 0
  found.words = 0
  found.layout = 0
  found.contrastKept = false
  found.contrastOne = false
  found.contrastOther = false
  found.differs = false
  gap.plain = false
  gap.named = false
  expected = true
  let at = 0
  let to = 0
  while (at < one.count && to < other.count) {
    const here = best[at * width + to]!
    const isSame = one.token[at] === other.token[to]
    if (isSame && here === best[(at + 1) * width + to + 1]! + weightOf(one.kind[at]!)) {
      keep(one, at++)
      to++
    } else if (here === best[(at + 1) * width + to]) leaveOne(one, at++)
    else leaveOther(other, to++)
  }
  while (at < one.count) leaveOne(one, at++)
  while (to < other.count) leaveOther(other, to++)
  endGap()
  return found
}

function keep(one: Tokens, at: number): void {
  endGap()
  const kind = one.kind[at]!
  const token = one.token[at]!
  found.kept[at] = 1
  found.weight += weightOf(kind)
  if (isWord(kind)) found.words++
  if (kind === FloodToken.sign || kind === FloodToken.mark) found.layout += weightOf(kind)
  if (isContrast(token)) found.contrastKept = true
  expected = isBefore(token)
}

function leaveOne(one: Tokens, at: number): void {
  if (isContrast(one.token[at]!)) found.contrastOne = true
  leave(one.kind[at]!)
}

function leaveOther(other: Tokens, to: number): void {
  if (isContrast(other.token[to]!)) found.contrastOther = true
  leave(other.kind[to]!)
}

function leave(kind: number): void {
  if (kind === FloodToken.word) gap.plain = true
  else if (kind !== FloodToken.short) gap.named = true
}

function endGap(): void {
  if (gap.plain && !gap.named && !expected) found.differs = true
  gap.plain = false
  gap.named = false
}
