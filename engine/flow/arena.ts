const chunkBytes = 1 << 20
/** Chunks that are kept to be written again; what a flood needs beyond them is let go. */
const chunksKept = 16

/** A piece of memory with texts that are still needed. */
export type Chunk = { readonly bytes: Buffer; used: number; live: number }

/** Where a text lies, as UTF-8, with a newline behind it. */
export type Span = { readonly chunk: Chunk; readonly start: number; readonly end: number }

/**
 * Texts at rest outside the heap, one behind the other: a flood of events leaves nothing for the collector of garbage
 * to move about, and a batch is copied to the journal in a few long pieces.
 */
export class Arena {
  #chunk = chunkOf(chunkBytes)
  readonly #chunks: Chunk[] = [this.#chunk]

  /** Writes a text; `release` it when it is no longer needed. */
  write(text: string): Span {
    // Three bytes a character is the most that UTF-8 can take.
    const most = text.length * 3 + 1
    if (this.#chunk.bytes.byteLength - this.#chunk.used < most) this.#chunk = this.#next(most)
    const chunk = this.#chunk
    const start = chunk.used
    const end = start + chunk.bytes.write(text, start, 'utf8')
    chunk.bytes[end] = 10
    chunk.used = end + 1
    chunk.live++
    return { chunk, start, end }
  }

  #next(most: number): Chunk {
    if (most > chunkBytes) return chunkOf(most)
    const free = this.#chunks.find((chunk) => chunk.live === 0)
    if (free !== undefined) {
      free.used = 0
      return free
    }
    const fresh = chunkOf(chunkBytes)
    if (this.#chunks.length < chunksKept) this.#chunks.push(fresh)
    return fresh
  }
}

/** Copies texts, a newline between them, to a place that is large enough, releases them, and returns the end. */
export function copyLines(spans: readonly Span[], into: Buffer, at: number): number {
  let to = at
  for (let index = 0; index < spans.length; ) {
    const { chunk, start } = spans[index]!
    let { end } = spans[index]!
    chunk.live--
    for (index++; index < spans.length; index++) {
      const next = spans[index]!
      if (next.chunk !== chunk || next.start !== end + 1) break
      end = next.end
      chunk.live--
    }
    if (to > at) into[to++] = 10
    to += chunk.bytes.copy(into, to, start, end)
  }
  return to
}

function chunkOf(bytes: number): Chunk {
  return { bytes: Buffer.allocUnsafeSlow(bytes), used: 0, live: 0 }
}
