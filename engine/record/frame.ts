import { crc32 } from 'node:zlib'
import { EngineError } from '../errors.ts'

/**
 * Every stored record is framed: four bytes CRC-32 (little endian) of the record's name (`text 5`) and what follows.
 * The database below has no checksums of its own, and a wrong text served in silence is worse than none; the name is
 * in it so that a text found under another record's key is wrong too.
 */
const headBytes = 4

/** Frames a text as UTF-8 under the name of its record. One buffer, one copy. */
export function frameText(text: string, record: string): Buffer {
  const size = Buffer.byteLength(text)
  const framed = Buffer.allocUnsafe(headBytes + size)
  framed.write(text, headBytes, 'utf8')
  framed.writeUInt32LE(crc32(framed.subarray(headBytes), crc32(record)), 0)
  return framed
}

/** Whether a framed record is whole, and is the one it is taken for. */
export function isWhole(framed: Uint8Array, record: string): boolean {
  if (framed.byteLength < headBytes) return false
  const head = new DataView(framed.buffer, framed.byteOffset, headBytes).getUint32(0, true)
  return head === crc32(framed.subarray(headBytes), crc32(record))
}

/** The text in a frame. @throws EngineError RECORD_DAMAGED, naming the record */
export function unframeText(framed: Uint8Array, record: string): string {
  if (!isWhole(framed, record)) {
    throw new EngineError(
      'RECORD_DAMAGED',
      `${record} does not match its checksum; run doctor, and restore it from a backup`,
      { value: record },
    )
  }
  return Buffer.from(framed.buffer, framed.byteOffset + headBytes, framed.byteLength - headBytes).toString('utf8')
}

/** The name by which a record is known to its checksum and in messages. */
export function recordName(table: string, key: number): string {
  return `${table} ${key}`
}
