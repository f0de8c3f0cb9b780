import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { EngineError } from '../../engine/errors.ts'
import { orWhenMissing, replaceFile } from '../lmdb/files.ts'
import { VectorColumn } from './column.ts'

const magic = Buffer.from('PROMVEC1', 'latin1')
const headBytesMax = 65_536

/** What a saved column says about itself. */
type Head = {
  readonly model: string
  readonly dimensions: number
  readonly count: number
  /** CRC-32 of labels and components. */
  readonly crc: number
  /** SHA-256 of the graph that was saved with it, in hex; empty when there is none. */
  readonly graph: string
  /** How many of the first vectors are in that graph. */
  readonly built: number
}

/** A column as it was saved, and the graph that belongs to it. */
export type Saved = { readonly column: VectorColumn; readonly graph: string; readonly built: number }

/** A column as it was at one moment. */
export type ColumnCopy = { readonly dimensions: number; readonly labels: Uint32Array; readonly cells: Int8Array }

/** Copies a column, so that it may change while it is saved. */
export function copyOf(column: VectorColumn): ColumnCopy {
  return { dimensions: column.dimensions, labels: column.labels.slice(), cells: column.cells.slice() }
}

/** Saves a column in one file: magic, length and CRC-32 of the head, the head as JSON, labels, components. */
export async function saveColumn(
  path: string,
  copy: ColumnCopy,
  about: Pick<Head, 'model' | 'graph' | 'built'>,
): Promise<void> {
  const labels = bytesOf(copy.labels)
  const cells = bytesOf(copy.cells)
  const { dimensions } = copy
  const crc = crc32(cells, crc32(labels))
  const head: Head = {
    model: about.model,
    dimensions,
    count: copy.labels.length,
    crc,
    graph: about.graph,
    built: about.built,
  }
  const text = Buffer.from(JSON.stringify(head))
  const front = Buffer.alloc(16)
  magic.copy(front)
  front.writeUInt32LE(text.length, 8)
  front.writeUInt32LE(crc32(text), 12)
  await replaceFile(path, [Buffer.concat([front, text]), labels, cells])
}

/**
 * Reads a saved column; undefined when there is no such file.
 * @throws EngineError INDEX_DAMAGED when anything about it is not as it was written, or it is of other vectors
 */
export async function loadColumn(path: string, model: string, dimensions: number): Promise<Saved | undefined> {
  const bytes = await orWhenMissing(readFile(path), undefined)
  if (bytes === undefined) return undefined
  const { head, from } = headOf(bytes, path)
  if (head.model !== model || head.dimensions !== dimensions) {
    throw damaged(path, `it holds ${head.dimensions} dimensions of ${head.model}, not ${dimensions} of ${model}`)
  }
  const { count } = head
  const middle = from + 4 * count
  if (bytes.length !== middle + count * dimensions) throw damaged(path, `it has ${bytes.length} bytes`)
  if (crc32(bytes.subarray(from)) !== head.crc) throw damaged(path, 'its checksum does not match')
  const labels = new Uint32Array(count)
  for (let index = 0; index < count; index++) labels[index] = bytes.readUInt32LE(from + 4 * index)
  const column = new VectorColumn(dimensions)
  column.appendCells(labels, new Int8Array(bytes.buffer, bytes.byteOffset + middle, count * dimensions))
  return { column, graph: head.graph, built: head.built }
}

/** The error of a file that cannot be used. */
export function damaged(path: string, what: string): EngineError {
  return new EngineError('INDEX_DAMAGED', `${path} is not used: ${what}`, { value: path })
}

function headOf(bytes: Buffer, path: string): { head: Head; from: number } {
  if (bytes.length < 16 || !bytes.subarray(0, 8).equals(magic)) throw damaged(path, 'it is no saved vector index')
  const length = bytes.readUInt32LE(8)
  const text = bytes.subarray(16, 16 + length)
  if (length > headBytesMax || text.length !== length || crc32(text) !== bytes.readUInt32LE(12)) {
    throw damaged(path, 'its head is damaged')
  }
  // The checksum matches, so these are the bytes that were written here, and they have this shape.
  return { head: JSON.parse(text.toString()) as Head, from: 16 + length }
}

/** The bytes of an array of its own, little endian on every machine Node runs on. */
function bytesOf(array: Uint32Array | Int8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
