/**
 * Word counts and document lengths are kept in one byte: exact below 64, then in sixteen steps an octave. A byte keeps
 * the index small, and the table of 256 length penalties that a search needs stays in the fastest cache.
 */
const exactBelow = 64
const stepBits = 4
const firstOctave = 6
const largestCode = 254

/** The byte for a count; counts above some 245,000 share the largest. */
export function codeOf(count: number): number {
  if (count < exactBelow) return count
  const octave = 31 - Math.clz32(count)
  const step = (count >>> (octave - stepBits)) & ((1 << stepBits) - 1)
  return Math.min(largestCode, exactBelow + ((octave - firstOctave) << stepBits) + step)
}

/** The count that each byte stands for: the middle of its step, ascending with the byte. */
export const countOf: Float64Array = countTable()

function countTable(): Float64Array {
  const table = new Float64Array(256)
  for (let code = 0; code < 256; code++) {
    if (code < exactBelow) {
      table[code] = code
      continue
    }
    const octave = firstOctave + ((code - exactBelow) >> stepBits)
    const step = (code - exactBelow) & ((1 << stepBits) - 1)
    table[code] = ((1 << stepBits) + step + 0.5) * (1 << (octave - stepBits))
  }
  return table
}
