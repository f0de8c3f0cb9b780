import { crc32 } from 'node:zlib'
import { EngineError } from '../errors.ts'

/**
 * Every stored record is framed: four bytes CRC-32 (little endian) of the record's name (`text 5`) and what follows.
 * The database below has no checksums of its own, and a wrong text served in silence is worse than none; the name is
 * in it so that a text found under another record's key is wrong too.
 */
export const headBytes = 4

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
  return matches(framed, crc32(record))
}

/** The text in a frame. @throws EngineError RECORD_DAMAGED, naming the record */
export function unframeText(framed: Uint8Array, record: string): string {
  return textOf(framed, crc32(record), () => record)
}

/** The text of the record with this key. @throws EngineError RECORD_DAMAGED, naming the record */
export function recordText(framed: Uint8Array, table: string, key: number): string {
  return textOf(framed, recordSeed(table, key), () => recordName(table, key))
}

/** The name by which a record is known to its checksum and in messages. */
export function recordName(table: string, key: number): string {
  return `${table} ${key}`
}

const seeds = new Map<string, number>()
const steps = stepTable()
const digits = new Uint8Array(16)

/** The CRC-32 of `recordName(table, key)`, without making the name: the table's part is kept, the key's digits are folded in. */
export function recordSeed(table: string, key: number): number {
  let seed = seeds.get(table)
  if (seed === undefined) {
    seed = crc32(`${table} `)
    seeds.set(table, seed)
  }
  if (!Number.isSafeInteger(key) || key < 0) return crc32(String(key), seed)
  let count = 0
  let rest = key
  do {
    const tenth = Math.floor(rest / 10)
    digits[count++] = 48 + (rest - tenth * 10)
    rest = tenth
  } while (rest > 0)
  let folded = ~seed
  while (count > 0) folded = steps[(folded ^ digits[--count]!) & 255]! ^ (folded >>> 8)
  return ~folded >>> 0
}

/** The CRC-32 of a few bytes, which is quicker than calling for it. */
export function crcOfShort(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let folded = ~seed
  for (let at = from; at < to; at++) folded = steps[(folded ^ bytes[at]!) & 255]! ^ (folded >>> 8)
  return ~folded >>> 0
}

function matches(framed: Uint8Array, seed: number): boolean {
  if (framed.byteLength < headBytes) return false
  const head = (framed[0]! | (framed[1]! << 8) | (framed[2]! << 16) | (framed[3]! << 24)) >>> 0
  return head === crc32(framed.subarray(headBytes), seed)
}

function textOf(framed: Uint8Array, seed: number, nameOf: () => string): string {
  if (!matches(framed, seed)) {
    const record = nameOf()
    throw new EngineError(
      'RECORD_DAMAGED',
      `${record} does not match its checksum; run doctor, and restore it from a backup`,
      { value: record },
    )
  }
  return Buffer.from(framed.buffer, framed.byteOffset + headBytes, framed.byteLength - headBytes).toString('utf8')
}

/** What one byte does to a CRC-32. */
function stepTable(): Int32Array {
  const table = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let step = byte
    for (let bit = 0; bit < 8; bit++) step = (step & 1) === 1 ? (step >>> 1) ^ 0xedb88320 : step >>> 1
    table[byte] = step
  }
  return table
}
