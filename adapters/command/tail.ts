import { stripVTControlCharacters } from 'node:util'

/** The last bytes of a stream of any length. Holds at most twice as many as it keeps, and one chunk. */
export class Tail {
  /** Bytes seen in all. */
  total = 0
  readonly #most: number
  #chunks: Buffer[] = []
  #held = 0

  constructor(bytes_max: number) {
    this.#most = bytes_max
  }

  add(chunk: Buffer): void {
    this.total += chunk.length
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#held > 2 * this.#most) this.#cut()
  }

  /** What is kept as text: whole characters, without the signs that only colour a terminal. */
  text(): string {
    this.#cut()
    const bytes = this.#chunks[0] ?? Buffer.alloc(0)
    let start = 0
    // A character that was cut in two begins with bytes that only continue one.
    while (this.total > bytes.length && start < 4 && (bytes[start]! & 0xc0) === 0x80) start++
    return stripVTControlCharacters(bytes.subarray(start).toString('utf8'))
  }

  #cut(): void {
    const bytes = Buffer.concat(this.#chunks)
    // A copy, so that the chunks it is of can be let go.
    const kept = Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#most)))
    this.#chunks = [kept]
    this.#held = kept.length
  }
}
