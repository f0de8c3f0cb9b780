import { crc32 } from 'node:zlib'
import { EngineError, reasonOf } from '../errors.ts'
import type { Core, CoreState } from '../tick.ts'
import type { NamedBytes, WorldShape } from '../world/world.ts'
import { recordFormat } from './journal.ts'

/**
 * A snapshot is the world's columns as bytes:
 * `magic(8) | head length u32 | head CRC u32 | head JSON | sections, each padded to 8 bytes | CRCs u32 each | their CRC u32`.
 * The checksums come last, so they are computed while the copy is being written and not while the tick waits.
 */
export const magic = 'PROMSNP1'
const chunkBytes = 1 << 20

type Section = { readonly name: string; readonly bytes: number }
export type SnapshotHead = {
  readonly format: number
  readonly version: string
  readonly runtime: string
  /** Tick of the newest journal entry when the copy was made. */
  readonly journal_tick: number
  readonly state: CoreState
  readonly shape: WorldShape
  readonly sections: readonly Section[]
}
export type Snapshot = { readonly head: SnapshotHead; readonly bytes: ReadonlyMap<string, Uint8Array> }

/**
 * Copies the world at a tick boundary; the only part of a snapshot that the tick waits for. Tables that are `fixed`
 * are not copied: their rows stay as they are while the file is written.
 * @param room memory for the copy that has been touched before: fresh memory takes eight times as long as the copy
 */
export function copyWorld(core: Core, about: About, room: Uint8Array = new Uint8Array(0)): Snapshot {
  const live = [...core.world.bytes()]
  const copied = new Map<string, Uint8Array>()
  let used = 0
  for (const { name, bytes, fixed } of live) {
    const rest = room.subarray(used, used + bytes.byteLength)
    if (fixed) copied.set(name, bytes)
    else if (rest.byteLength < bytes.byteLength) copied.set(name, bytes.slice())
    else {
      rest.set(bytes)
      copied.set(name, rest)
      used += bytes.byteLength
    }
  }
  return { head: headOf(core, about, live), bytes: copied }
}

type About = { readonly version: string; readonly runtime: string; readonly journal_tick: number }

/** The world as it is, without a copy: for a core that runs no tick while the file is written. */
export function lendWorld(core: Core, about: About): Snapshot {
  const live = [...core.world.bytes()]
  return { head: headOf(core, about, live), bytes: new Map(live.map(({ name, bytes }) => [name, bytes])) }
}

function headOf(core: Core, about: About, live: readonly NamedBytes[]): SnapshotHead {
  const state = core.state()
  return {
    format: recordFormat,
    ...about,
    state: { ...state, emitted: [...state.emitted] },
    shape: core.world.shape(),
    sections: live.map(({ name, bytes }) => ({ name, bytes: bytes.byteLength })),
  }
}

/** How many bytes `copyWorld` has to copy. */
export function copyBytes(core: Core): number {
  let total = 0
  for (const { bytes, fixed } of core.world.bytes()) if (!fixed) total += bytes.byteLength
  return total
}

/** The snapshot's file, chunk by chunk. */
export function* encodeSnapshot(snapshot: Snapshot): Generator<Uint8Array> {
  const head = Buffer.from(JSON.stringify(snapshot.head))
  const opening = Buffer.alloc(16)
  opening.write(magic, 0, 'latin1')
  opening.writeUInt32LE(head.byteLength, 8)
  opening.writeUInt32LE(crc32(head), 12)
  yield opening
  yield padded(head)
  const checksums = Buffer.alloc(snapshot.head.sections.length * 4 + 4)
  let index = 0
  for (const { name } of snapshot.head.sections) {
    const bytes = snapshot.bytes.get(name) ?? new Uint8Array(0)
    let sum = 0
    for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
      const chunk = bytes.subarray(at, at + chunkBytes)
      sum = crc32(chunk, sum)
      yield chunk
    }
    if (bytes.byteLength % 8 !== 0) yield Buffer.alloc(8 - (bytes.byteLength % 8))
    checksums.writeUInt32LE(sum, index++ * 4)
  }
  checksums.writeUInt32LE(crc32(checksums.subarray(0, index * 4)), index * 4)
  yield checksums
}

/** Views into the bytes of a snapshot file, every checksum checked. @throws EngineError SNAPSHOT_DAMAGED */
export function decodeSnapshot(file: Uint8Array): Snapshot {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  check(buffer.byteLength > 20 && buffer.toString('latin1', 0, 8) === magic, 'it does not begin like a snapshot')
  const headBytes = buffer.readUInt32LE(8)
  check(16 + headBytes < buffer.byteLength, 'its head is cut off')
  const headText = buffer.subarray(16, 16 + headBytes)
  check(crc32(headText) === buffer.readUInt32LE(12), 'its head does not match its checksum')
  const head = parseHead(headText.toString('utf8'))
  const sumsAt = sectionsEnd(head, 16 + round8(headBytes))
  const count = head.sections.length
  check(buffer.byteLength === sumsAt + count * 4 + 4, 'its length is wrong')
  const sums = buffer.subarray(sumsAt, sumsAt + count * 4)
  check(crc32(sums) === buffer.readUInt32LE(sumsAt + count * 4), 'its checksums are damaged')
  const bytes = new Map<string, Uint8Array>()
  let at = 16 + round8(headBytes)
  head.sections.forEach((section, index) => {
    const view = file.subarray(at, at + section.bytes)
    check(crc32(view) === sums.readUInt32LE(index * 4), `column ${section.name} does not match its checksum`)
    bytes.set(section.name, view)
    at += round8(section.bytes)
  })
  return { head, bytes }
}

/** The head of a snapshot, of this version's format. @throws EngineError SNAPSHOT_DAMAGED */
export function parseHead(text: string): SnapshotHead {
  let head: SnapshotHead
  try {
    head = JSON.parse(text) as SnapshotHead
  } catch (thrown) {
    throw new EngineError('SNAPSHOT_DAMAGED', reasonOf(thrown), { cause: thrown })
  }
  check(head.format === recordFormat, `its format is ${head.format}, written by version ${head.version}`)
  return head
}

/** Where the sections end that begin at `from`. */
export function sectionsEnd(head: SnapshotHead, from: number): number {
  return head.sections.reduce((at, section) => at + round8(section.bytes), from)
}

/** Heads and sections are padded to this. */
export function round8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(round8(bytes.byteLength))
  whole.set(bytes)
  return whole
}

/** @throws EngineError SNAPSHOT_DAMAGED unless it holds */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new EngineError('SNAPSHOT_DAMAGED', `the snapshot cannot be used: ${what}`, { value: what })
}
