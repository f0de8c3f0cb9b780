import { type Alignment, align } from './align.ts'
import type { Tokens } from './tokens.ts'

/** When messages of programs are of one form. All numbers are weights of tokens; see `tokens.ts`. */

/** Tokens that a member may have beyond the longest so far: names and lists differ in length. */
const longer = 6

/** Layout in common from which on a message looks like a program's and not like something that one relays. */
const layoutLeast = 2

/**
 * Whether two messages are of one form: most of both is in common, in the same order, and what differs are names and what
 * passes. The fewer whole words they share, the more of both these must be; and of words alone, without a number, a link or a
 * bracket in common, people's talk is made that a program may only relay.
 */
export function isAlike(one: Tokens, other: Tokens): Alignment | undefined {
  const found = align(one, other)
  const { weight, words, layout, contrastKept, contrastOne, contrastOther, differs } = found
  if (weight === 0 || contrastOne || contrastOther) return undefined
  const share = (2 * weight) / (one.total + other.total)
  // One word of a long message is no contrast by itself.
  if (share >= 0.92) return found
  if (differs) return undefined
  if (share >= 0.85) return found
  if (contrastKept) return share >= 0.35 ? found : undefined
  if (layout < layoutLeast) return words >= 4 && share >= 0.7 ? found : undefined
  if (words >= 3) return share >= 0.5 ? found : undefined
  return words === 2 && share >= 0.45 ? found : undefined
}

/**
 * Whether a message is of a form that several messages are known to share. Some of what they shared may turn out to vary,
 * but no word of contrast.
 * @param least the weight that must stay in common
 */
export function isOfForm(form: Tokens, message: Tokens, length_max: number, least: number): Alignment | undefined {
  if (message.count > length_max + longer) return undefined
  // Every token of the form that the message has not, costs at least one bit of the signature, unless others cover it.
  if (lost(form.high, form.low, message) > form.count / 4 + 1) return undefined
  const found = align(form, message)
  const { weight, contrastOne, contrastOther, differs } = found
  const differing = differs && weight < 0.92 * form.total
  if (weight < form.total && (contrastOne || contrastOther || differing)) return undefined
  if (weight < Math.max(0.75 * form.total, least)) return undefined
  return weight >= 0.35 * message.total ? found : undefined
}

/** Leaves of a form what a member has too. */
export function narrow(form: Tokens, { kept }: Alignment): void {
  const { token, kind, count } = form
  form.clear()
  for (let at = 0; at < count; at++) if (kept[at] === 1) form.add(token[at]!, kind[at]!)
}

/** How many bits of a signature a message lacks. */
export function lost(high: number, low: number, message: { readonly high: number; readonly low: number }): number {
  return ones(high & ~message.high) + ones(low & ~message.low)
}

function ones(bits: number): number {
  let sum = bits - ((bits >>> 1) & 0x55555555)
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333)
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
