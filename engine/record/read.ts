import { crc32 } from 'node:zlib'
import type { Core } from '../tick.ts'
import { check, magic, parseHead, round8, type Snapshot, sectionsEnd } from './snapshot.ts'

/** A head cannot be longer than a text can be. */
const headMax = 1 << 29

/** Fills `into` from a place in the file, and resolves with how many bytes there were. */
export type ReadPart = (at: number, into: Uint8Array) => Promise<number | undefined>

/** A snapshot that has just been read, with the CRC-32 of each column. */
export type ReadSnapshot = Snapshot & { readonly sums: ReadonlyMap<string, number> }

/**
 * Reads a snapshot's columns to where `core`, which has no past yet, will hold them; every checksum is checked.
 * When it throws, the core must be thrown away. @throws EngineError SNAPSHOT_DAMAGED
 */
export async function readSnapshot(core: Core, read: ReadPart): Promise<ReadSnapshot> {
  const opening = await part(read, 0, 16)
  check(opening.toString('latin1', 0, 8) === magic, 'it does not begin like a snapshot')
  const headBytes = opening.readUInt32LE(8)
  check(headBytes <= headMax, 'the length of its head is wrong')
  const headText = await part(read, 16, headBytes)
  check(crc32(headText) === opening.readUInt32LE(12), 'its head does not match its checksum')
  const head = parseHead(headText.toString('utf8'))
  let at = 16 + round8(headBytes)
  const sumsAt = sectionsEnd(head, at)
  const count = head.sections.length
  const tail = Buffer.alloc(count * 4 + 5)
  check((await read(sumsAt, tail)) === count * 4 + 4, 'its length is wrong')
  check(crc32(tail.subarray(0, count * 4)) === tail.readUInt32LE(count * 4), 'its checksums are damaged')
  const bytes = core.world.roomFor(head.sections)
  const sums = new Map<string, number>()
  // All at once: while one column is read, another is summed.
  const reads = head.sections.map(async (section, index) => {
    const into = bytes.get(section.name) ?? new Uint8Array(section.bytes)
    const from = at
    at += round8(section.bytes)
    bytes.set(section.name, into)
    check((await read(from, into)) === section.bytes, 'it is cut off')
    const sum = crc32(into)
    check(sum === tail.readUInt32LE(index * 4), `column ${section.name} does not match its checksum`)
    sums.set(section.name, sum)
  })
  await Promise.all(reads)
  return { head, bytes, sums }
}

async function part(read: ReadPart, at: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  check((await read(at, bytes)) === size, 'its head is cut off')
  return bytes
}
