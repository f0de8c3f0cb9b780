import { crc32 } from 'node:zlib'
import { EngineError } from '../../../engine/errors.ts'
import { arraysOf, blockPostings, Form, formOf, type Segment, windowsOf } from './segment.ts'

/**
 * A segment's file, all numbers little-endian as the arrays are:
 * `magic(8) | format, first, last, documents, terms, short bytes, blocks, postings, dense terms, vocabulary u32 | words f64 |
 * arrays, each padded to 8 bytes | CRC-32 of everything before u32`.
 */
const magic = 'PROMTXT1'
const format = 1
const headBytes = 56
const chunkBytes = 1 << 20

/**
 * The segment's file, chunk by chunk; checksums are computed as chunks are asked for, so that no moment is long.
 * @param vocabulary the version of what makes terms of words, unsigned 32 bits: terms of another are not comparable
 */
export function* encodeSegment(segment: Segment, vocabulary = 0): Generator<Uint8Array> {
  const { first, last, documents, terms, short, blockFirst, offsets, dense } = segment
  const head = Buffer.alloc(headBytes)
  head.write(magic, 0, 'latin1')
  const denseTerms = documents === 0 ? 0 : dense.length / documents
  const numbers = [
    format,
    first,
    last,
    documents,
    terms.length,
    short.length,
    blockFirst.length,
    offsets.length,
    denseTerms,
  ]
  for (const [index, number] of numbers.entries()) head.writeUInt32LE(number, 8 + index * 4)
  head.writeUInt32LE(vocabulary, 44)
  head.writeDoubleLE(segment.words, 48)
  let sum = crc32(head)
  yield head
  for (const array of arraysOf(segment)) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const chunk = bytes.subarray(at, at + chunkBytes)
      sum = crc32(chunk, sum)
      yield chunk
    }
    const padding = Buffer.alloc(round8(bytes.length) - bytes.length)
    if (padding.length === 0) continue
    sum = crc32(padding, sum)
    yield padding
  }
  const closing = Buffer.alloc(4)
  closing.writeUInt32LE(sum)
  yield closing
}

/**
 * The segment in a file: views into its bytes, nothing copied unless they begin at an odd place.
 * @throws EngineError SEGMENT_DAMAGED when anything in it is not as it was written, or its terms were made in another way
 */
export function decodeSegment(file: Uint8Array, vocabulary = 0): Segment {
  const bytes = file.byteOffset % 8 === 0 ? file : file.slice()
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  check(bytes.length > headBytes + 4 && buffer.toString('latin1', 0, 8) === magic, 'it does not begin like a segment')
  const read = (index: number) => buffer.readUInt32LE(8 + index * 4)
  check(read(0) === format, `its format is ${read(0)}, and this version knows ${format}`)
  check(read(9) === vocabulary, `its terms are of vocabulary ${read(9)}, not ${vocabulary}`)
  const segment = laidOver(bytes, read, buffer.readDoubleLE(48))
  const end = bytes.length - 4
  check(crc32(buffer.subarray(0, end)) === buffer.readUInt32LE(end), 'it does not match its checksum')
  checkRows(segment)
  checkBlocks(segment)
  checkTerms(segment)
  return segment
}

function laidOver(bytes: Uint8Array, read: (index: number) => number, words: number): Segment {
  const [first, last, documents, terms] = [read(1), read(2), read(3), read(4)]
  const [short, blocks, postings, denseTerms] = [read(5), read(6), read(7), read(8)]
  let at = headBytes
  const place = (count: number, size: number): [ArrayBuffer, number, number] => {
    const from = at
    at += round8(count * size)
    check(at <= bytes.length - 4, 'it is cut off')
    return [bytes.buffer as ArrayBuffer, bytes.byteOffset + from, count]
  }
  const numbers = (count: number) => new Uint32Array(...place(count, 4))
  const small = (count: number) => new Uint8Array(...place(count, 1))
  const segment = {
    ...{ first, last, documents, words },
    ...{ rows: numbers(documents), terms: numbers(terms), frequencies: numbers(terms), places: numbers(terms) },
    ...{ blockFirst: numbers(blocks), blockStart: numbers(blocks + 1), blockImpact: numbers(blocks) },
    denseImpact: numbers(denseTerms * windowsOf(documents)),
    offsets: new Uint16Array(...place(postings, 2)),
    ...{
      counts: small(postings),
      lengths: small(documents),
      dense: small(denseTerms * documents),
      short: small(short),
    },
  }
  check(at === bytes.length - 4, 'its length is wrong')
  return segment
}

function checkRows({ rows, first, last, documents, words }: Segment): void {
  check(documents > 0 && words >= 0 && Number.isInteger(words), 'its counts are wrong')
  check(first >= 1 && rows[0]! >= first && rows[documents - 1]! <= last, 'its rows leave its range')
  let ascending = true
  for (let at = 1; at < documents; at++) ascending = ascending && rows[at]! > rows[at - 1]!
  check(ascending, 'its rows do not ascend')
}

function checkBlocks({ blockFirst, blockStart, offsets, documents }: Segment): void {
  const blocks = blockFirst.length
  check(blockStart[0] === 0 && blockStart[blocks] === offsets.length, 'its blocks leave out postings')
  for (let block = 0; block < blocks; block++) {
    const start = blockStart[block]!
    const stop = blockStart[block + 1]!
    check(stop > start && stop - start <= blockPostings && stop <= offsets.length, 'a block has a wrong length')
    let ascending = offsets[start] === 0
    for (let at = start + 1; at < stop; at++) ascending = ascending && offsets[at]! > offsets[at - 1]!
    check(ascending && blockFirst[block]! + offsets[stop - 1]! < documents, 'a block leaves its segment')
  }
}

function checkTerms(segment: Segment): void {
  const { terms, frequencies, places, short, documents, blockFirst, blockStart, offsets } = segment
  let before = 0
  let shortAt = 0
  let block = 0
  let dense = 0
  for (let at = 0; at < terms.length; at++) {
    const frequency = frequencies[at]!
    const place = places[at]!
    check(terms[at]! > before && frequency >= 1 && frequency <= documents, 'its terms are not in order')
    before = terms[at]!
    const form = formOf(frequency, documents)
    if (form === Form.short) {
      check(
        place >= shortAt && place + frequency <= short.length && (shortAt > 0 || place === 0),
        'a list is misplaced',
      )
      shortAt = place + frequency
    } else if (form === Form.dense) {
      check(place === dense++, 'a dense term is misplaced')
    } else {
      check(place === block && block < blockFirst.length, 'a block is misplaced')
      const end = blockStart[block]! + frequency
      check(end <= offsets.length, 'a list of blocks is too long')
      for (let last = -1; blockStart[block]! < end; block++) {
        check(blockFirst[block]! > last, 'blocks do not ascend')
        last = blockFirst[block]! + offsets[blockStart[block + 1]! - 1]!
      }
      check(blockStart[block] === end, 'a list of blocks ends within one')
    }
  }
  check(block === blockFirst.length && dense * documents === segment.dense.length, 'postings belong to no term')
}

function round8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new EngineError('SEGMENT_DAMAGED', `the segment cannot be used: ${what}`, { value: what })
}
