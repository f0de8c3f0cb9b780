import { crc32 } from 'node:zlib'
import { crcOfShort, headBytes } from './frame.ts'

const leastBytes = 1 << 20
/** Longer texts are summed faster by the library, whose call alone takes as long as these. */
const shortBytes = 48
/** A slab that one large tick has made larger than this is let go again. */
const keptBytes = 1 << 25

/**
 * The bytes of one tick in one piece of memory: texts are framed one behind the other and views of them given out.
 * `reset` makes all of them invalid, so it is called when the commit that holds them has ended.
 */
export class Slab {
  #bytes = Buffer.allocUnsafeSlow(leastBytes)
  #used = 0
  /** Checksum of the text that was framed or summed last. */
  crc = 0

  reset(): void {
    this.#used = 0
    if (this.#bytes.byteLength > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(leastBytes)
  }

  /** A text as UTF-8 under its checksum, which begins with `seed`. */
  frame(text: string, seed: number): Uint8Array {
    const end = this.#write(text, seed)
    // Only now: the text may have begun a new piece of memory.
    const at = this.#used
    const { crc } = this
    const bytes = this.#bytes
    bytes[at] = crc
    bytes[at + 1] = crc >>> 8
    bytes[at + 2] = crc >>> 16
    bytes[at + 3] = crc >>> 24
    this.#used = end
    return new Uint8Array(bytes.buffer, at, end - at)
  }

  /** The checksum of a text, which begins with `seed`; the text is not kept. */
  sum(text: string, seed: number): number {
    this.#write(text, seed)
    return this.crc
  }

  /** Writes a text behind the room for its checksum, sums it, and returns where it ends. */
  #write(text: string, seed: number): number {
    this.#reserve(text)
    const at = this.#used + headBytes
    const end = at + this.#bytes.write(text, at, 'utf8')
    this.crc =
      end - at <= shortBytes
        ? crcOfShort(this.#bytes, at, end, seed)
        : crc32(new Uint8Array(this.#bytes.buffer, at, end - at), seed)
    return end
  }

  #reserve(text: string): void {
    const left = this.#bytes.byteLength - this.#used - headBytes
    // Three bytes a character is the most that UTF-8 can take, and counting them costs as much as writing them.
    if (text.length * 3 <= left) return
    const bytes = Buffer.byteLength(text)
    if (bytes <= left) return
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(this.#bytes.byteLength * 2, bytes + headBytes))
    this.#used = 0
  }
}
