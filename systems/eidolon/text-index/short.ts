import { EngineError } from '../../../engine/errors.ts'
import type { Segment } from './segment.ts'

/** Bytes that one posting of a short list takes at most: a number of 32 bits in sevens, and a count. */
export const shortPostingBytes = 6

/**
 * Writes a posting: twice the distance from the one before, plus one when a count byte follows (else the count is one),
 * in groups of seven bits, lowest first.
 * @returns where the next posting goes
 */
export function writeShort(bytes: Uint8Array, place: number, distance: number, tfCode: number): number {
  let at = place
  let rest = distance * 2 + (tfCode === 1 ? 0 : 1)
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  if (tfCode !== 1) bytes[at++] = tfCode
  return at
}

/**
 * Reads a whole short list, adding `shift` to each ordinal and filling both arrays from `filled` on.
 * @returns where the bytes of the next list begin
 * @throws EngineError SEGMENT_DAMAGED when it leaves the segment
 */
export function readShort(
  segment: Segment,
  place: number,
  count: number,
  into: { ordinals: Uint32Array; counts: Uint8Array },
  filled = 0,
  shift = 0,
): number {
  const { short, documents } = segment
  const { ordinals, counts } = into
  let at = place
  let ordinal = 0
  for (let index = 0; index < count; index++) {
    let byte = short[at++]!
    let number = byte & 127
    for (let bits = 7; byte > 127; bits += 7) {
      byte = short[at++]!
      number |= (byte & 127) << bits
    }
    ordinal += number >>> 1
    ordinals[filled + index] = ordinal + shift
    counts[filled + index] = (number & 1) === 0 ? 1 : short[at++]!
  }
  if (at > short.length || ordinal >= documents) {
    throw new EngineError('SEGMENT_DAMAGED', 'a list of postings leaves its segment', { value: place })
  }
  return at
}
