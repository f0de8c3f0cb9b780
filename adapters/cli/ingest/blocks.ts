const newline = 10

/** How much of a file is read at once. */
export const chunk_bytes = 1_048_576

/** A run of whole lines; or, where one line alone is over the limit, how many bytes it had: it was read past, not kept. */
export type Block = { readonly lines: Buffer; readonly overlong_bytes: 0 } | Overlong
type Overlong = { readonly lines: undefined; readonly overlong_bytes: number }

/**
 * Cuts a stream of bytes into runs of whole lines, as large as the stream's own chunks. What is kept at any time is one
 * chunk and the beginning of one line, however long the line is. @param line_bytes_max longest line that is kept
 */
export async function* blocksOf(source: AsyncIterable<Buffer>, line_bytes_max: number): AsyncGenerator<Block> {
  let kept: Buffer[] = []
  let keptBytes = 0
  let skippedBytes = 0
  for await (const chunk of source) {
    let rest = chunk
    if (skippedBytes > 0) {
      const end = chunk.indexOf(newline)
      if (end < 0) {
        skippedBytes += chunk.length
        continue
      }
      yield { lines: undefined, overlong_bytes: skippedBytes + end }
      skippedBytes = 0
      rest = chunk.subarray(end + 1)
    }
    const end = rest.lastIndexOf(newline) + 1
    if (end > 0) {
      yield { lines: joined(kept, rest.subarray(0, end)), overlong_bytes: 0 }
      kept = []
      keptBytes = 0
    }
    if (end < rest.length) kept.push(rest.subarray(end))
    keptBytes += rest.length - end
    if (keptBytes > line_bytes_max) {
      skippedBytes = keptBytes
      kept = []
      keptBytes = 0
    }
  }
  if (skippedBytes > 0) yield { lines: undefined, overlong_bytes: skippedBytes }
  else if (keptBytes > 0) yield { lines: joined(kept, Buffer.alloc(0)), overlong_bytes: 0 }
}

function joined(kept: readonly Buffer[], rest: Buffer): Buffer {
  return kept.length === 0 ? rest : Buffer.concat([...kept, rest])
}
