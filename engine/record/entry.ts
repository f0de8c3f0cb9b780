import { crc32 } from 'node:zlib'
import { copyLines, type Span } from '../flow/arena.ts'
import { headBytes, recordSeed } from './frame.ts'
import { type EntryHead, encodeEntry } from './journal.ts'

/** Room before the batch for the checksum and the head, which is known only when the batch has been summed. */
const headRoom = 1 << 16
const leastBytes = 1 << 20
/** What one large batch has made larger than this is let go again. */
const keptBytes = 1 << 25

/** Writes the entries of the journal, one after the other, each in the memory of the one before. */
export class EntryWriter {
  #bytes = Buffer.allocUnsafeSlow(leastBytes)
  #end = headRoom

  /** The batch's lines as bytes, which are released; `entry` must have been committed before the next call. */
  batch(lines: readonly Span[]): Uint8Array {
    let size = 0
    for (const { start, end } of lines) size += end - start + 1
    this.#reserve(headRoom + size)
    this.#end = copyLines(lines, this.#bytes, headRoom)
    return this.#bytes.subarray(headRoom, this.#end)
  }

  /** The whole entry: the batch that was written last, behind its head. */
  entry(head: EntryHead): Uint8Array {
    const text = `${JSON.stringify(head)}\n`
    const start = headRoom - Buffer.byteLength(text) - headBytes
    if (start < 0) return encodeEntry(head, this.#bytes.toString('utf8', headRoom, this.#end))
    this.#bytes.write(text, start + headBytes, 'utf8')
    const sum = crc32(this.#bytes.subarray(start + headBytes, this.#end), recordSeed('journal', head.tick))
    this.#bytes.writeUInt32LE(sum, start)
    return this.#bytes.subarray(start, this.#end)
  }

  #reserve(size: number): void {
    const length = this.#bytes.byteLength
    if (size <= length && length <= keptBytes) return
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(leastBytes, size > length ? size * 2 : size))
  }
}
