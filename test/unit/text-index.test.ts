import { describe, expect, test } from 'vitest'
import { codeOf, countOf } from '../../systems/eidolon/text-index/quantise.ts'
import { Form, formOf } from '../../systems/eidolon/text-index/segment.ts'
import {
  decodeSegment,
  encodeSegment,
  InvertedIndex,
  type QueryTerm,
  type Segment,
} from '../../systems/eidolon/text-index.ts'

/** Numbers that look like chance and are the same in every run. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

/** Documents whose words follow Zipf: word 1 in most of them, words about `vocabulary` hardly ever. */
function corpus(documents: number, vocabulary: number, seed: number): Uint32Array[] {
  const chance = dice(seed)
  return Array.from({ length: documents }, () => {
    const words = 3 + Math.floor(chance() * 20)
    return Uint32Array.from({ length: words }, () => Math.ceil(Math.exp(chance() * Math.log(vocabulary))))
  })
}

function indexOf(documents: readonly Uint32Array[], live_rows: number): InvertedIndex {
  const index = new InvertedIndex({ live_rows })
  for (const [at, terms] of documents.entries()) index.add(at * 2 + 1, terms, terms.length)
  return index
}

function mergeAll(index: InvertedIndex, budget = 100_000): void {
  while (index.mergeStep(budget));
}

function queryOf(...terms: number[]): QueryTerm[] {
  return terms.map((term, at) => ({ term, weight: 1 + at / 4 }))
}

function filesOf(index: InvertedIndex): Uint8Array[] {
  return index.segments.map(({ name }) => new Uint8Array(Buffer.concat([...encodeSegment(index.segment(name)!)])))
}

function segmentsOf(index: InvertedIndex): Segment[] {
  return filesOf(index).map((file) => decodeSegment(file))
}

/** Every hit there is, by adding up what `score` tells of every row. */
function exhaustive(index: InvertedIndex, query: readonly QueryTerm[]): { row: number; score: number }[] {
  const rows = Uint32Array.from({ length: index.newest }, (_, at) => at + 1)
  const told = new Float64Array(rows.length * query.length)
  index.score(query, rows, rows.length, told)
  return [...rows]
    .map((row, at) => ({ row, score: query.reduce((sum, _, term) => sum + told[at * query.length + term]!, 0) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score || one.row - other.row)
}

function found(index: InvertedIndex, query: readonly QueryTerm[], k: number, accept?: (row: number) => boolean) {
  const hits = index.search(query, k, accept)
  return [...hits.rows].map((row, at) => ({ row, score: hits.scores[at]! }))
}

describe('Counts in a byte', () => {
  test('are exact below 64, ascend, and stay within a thirtieth', () => {
    let before = -1
    for (let count = 0; count < 240_000; count = count < 70 ? count + 1 : Math.ceil(count * 1.01)) {
      const code = codeOf(count)
      expect(code).toBeGreaterThanOrEqual(before)
      before = code
      if (count < 64) expect(countOf[code]).toBe(count)
      else expect(Math.abs(countOf[code]! - count) / count).toBeLessThan(0.04)
    }
    expect(codeOf(0xffffffff)).toBe(254)
  })
})

describe('Twelve thousand documents', () => {
  const documents = corpus(12_000, 4000, 7)
  const layouts: [string, () => InvertedIndex][] = [
    ['all live', () => indexOf(documents, 65_536)],
    ['in many segments', () => indexOf(documents, 700)],
    [
      'merged',
      () => {
        const index = indexOf(documents, 700)
        mergeAll(index)
        return index
      },
    ],
    [
      'in one segment',
      () => {
        const index = indexOf(documents, 65_536)
        index.seal()
        return index
      },
    ],
    [
      'restored from files',
      () => {
        const index = indexOf(documents, 3000)
        index.seal()
        mergeAll(index)
        const again = new InvertedIndex()
        again.restore(segmentsOf(index))
        return again
      },
    ],
  ]
  const queries = [
    queryOf(1, 2, 3, 4, 5, 6),
    queryOf(1, 30, 90, 700, 3000),
    queryOf(7, 7, 11),
    queryOf(3999, 3998, 2500),
    queryOf(20, 21, 22, 23, 24, 25),
    queryOf(1),
    queryOf(60),
    queryOf(123_456_789),
    [],
  ]
  const live = indexOf(documents, 65_536)
  const expected = queries.map((query) => exhaustive(live, query))

  test.each(layouts)('are found alike: %s', (_name, make) => {
    const index = make()
    expect(index.documents).toBe(12_000)
    expect(index.newest).toBe(23_999)
    for (const [at, query] of queries.entries()) {
      for (const k of [1, 10, 400, 20_000]) expect(found(index, query, k)).toEqual(expected[at]!.slice(0, k))
      const some = (row: number) => row % 3 === 0
      expect(found(index, query, 50, some)).toEqual(expected[at]!.filter(({ row }) => some(row)).slice(0, 50))
      if (at % 2 === 0) expect(exhaustive(index, query)).toEqual(expected[at])
    }
  })

  test('take all three forms', () => {
    const index = indexOf(documents, 65_536)
    index.seal()
    const [{ name } = { name: '' }] = index.segments
    const segment = index.segment(name)!
    const forms = [...segment.frequencies].map((frequency) => formOf(frequency, segment.documents))
    expect(new Set(forms)).toEqual(new Set([Form.short, Form.blocks, Form.dense]))
  })

  test('stay few segments, none written twice without need', () => {
    const index = new InvertedIndex({ live_rows: 100 })
    documents.forEach((terms, at) => {
      index.add(at + 1, terms, terms.length)
      if (at % 100 === 0) mergeAll(index)
      expect(index.segments.length).toBeLessThanOrEqual(13)
    })
    expect(
      index.segments.map(({ documents }) => documents).reduce((sum, many) => sum + many, index.liveDocuments),
    ).toBe(12_000)
    const firsts = index.segments.map(({ first }) => first)
    expect(firsts).toEqual([1, ...index.segments.slice(0, -1).map(({ last }) => last + 1)])
  })

  test('give the same bytes however they were merged', () => {
    const one = indexOf(documents.slice(0, 2000), 500)
    const other = indexOf(documents.slice(0, 2000), 500)
    one.seal()
    other.seal()
    mergeAll(one, 1)
    mergeAll(other)
    expect(one.segments).toHaveLength(1)
    expect(filesOf(one)).toEqual(filesOf(other))
  })

  test('any flipped bit and any cut of a file is noticed', () => {
    const index = indexOf(documents.slice(0, 3000), 65_536)
    index.seal()
    const [file = new Uint8Array()] = filesOf(index)
    const chance = dice(99)
    const damaged = (bytes: Uint8Array) => expect(() => decodeSegment(bytes)).toThrow(/^SEGMENT_DAMAGED/)
    for (let round = 0; round < 300; round++) {
      const at = round < 64 ? round : Math.floor(chance() * file.length)
      const bytes = file.slice()
      bytes[at]! ^= 1 << Math.floor(chance() * 8)
      damaged(bytes)
    }
    for (const length of [0, 1, 55, 56, 64, file.length - 8, file.length - 1]) damaged(file.slice(0, length))
    damaged(new Uint8Array([...file, 0, 0, 0, 0, 0, 0, 0, 0]))
    damaged(new Uint8Array(1000))
    expect(() => decodeSegment(file, 2)).toThrow(/^SEGMENT_DAMAGED/)
    const odd = new Uint8Array(file.length + 3)
    odd.set(file, 3)
    expect(decodeSegment(odd.subarray(3)).documents).toBe(3000)
  })
})

describe('Edges', () => {
  test('a word in every row, equal scores: smaller rows first', () => {
    const index = new InvertedIndex({ live_rows: 1000 })
    for (let row = 1; row <= 5500; row++) index.add(row, Uint32Array.of(5, 6), 2)
    expect(found(index, queryOf(5), 3).map(({ row }) => row)).toEqual([1, 2, 3])
    mergeAll(index)
    const hits = index.search(queryOf(5, 6), 400)
    expect([...hits.rows]).toEqual(Array.from({ length: 400 }, (_, at) => at + 1))
    expect(new Set(hits.scores).size).toBe(1)
    expect(hits.scores[0]).toBeGreaterThan(0)
  })

  test('a row of 60,000 terms, and one of the same word 70,000 times', () => {
    const index = new InvertedIndex()
    const many = Uint32Array.from({ length: 60_000 }, (_, at) => at + 1)
    index.add(1, many, many.length)
    index.add(2, new Uint32Array(70_000).fill(9), 70_000)
    index.add(3, Uint32Array.of(9, 60_000), 2)
    const before = [queryOf(9), queryOf(60_000), queryOf(31_337)].map((query) => found(index, query, 10))
    expect(before.map((hits) => hits.map(({ row }) => row))).toEqual([[2, 3, 1], [3, 1], [1]])
    index.seal()
    expect([queryOf(9), queryOf(60_000), queryOf(31_337)].map((query) => found(index, query, 10))).toEqual(before)
  })

  test('the largest hash and the largest row are like any other; 0 is no term', () => {
    const index = new InvertedIndex()
    index.add(4, Uint32Array.of(0xffffffff, 0, 0), 3)
    index.add(0xffffffff, Uint32Array.of(0xffffffff, 1), 2)
    for (let round = 0; round < 2; round++) {
      expect(found(index, queryOf(0xffffffff), 5).map(({ row }) => row)).toEqual([4, 0xffffffff])
      expect(index.frequency(0xffffffff)).toBe(2)
      expect([index.frequency(0), found(index, queryOf(0), 5).length]).toEqual([0, 0])
      index.seal()
    }
  })

  test('documents of one cluster of terms do not slow the table down', () => {
    const index = new InvertedIndex()
    const terms = new Uint32Array(100)
    for (let row = 1; row <= 2000; row++) {
      for (let at = 0; at < 100; at++) terms[at] = (row * 100 + at) * 4096
      index.add(row, terms, 100)
    }
    expect(found(index, queryOf(1500 * 100 * 4096), 5).map(({ row }) => row)).toContain(1500)
  })

  test('nothing in it, nothing asked, no room for hits', () => {
    const index = new InvertedIndex()
    expect(index.search(queryOf(1), 10).count).toBe(0)
    index.seal()
    expect(index.segments).toEqual([])
    index.add(1, Uint32Array.of(1), 1)
    index.add(2, new Uint32Array(0), 0)
    expect([index.search([], 10).count, index.search(queryOf(1), 0).count, index.documents]).toEqual([0, 0, 2])
    expect(index.search(queryOf(1), 1_000_000_000).rows).toEqual(Uint32Array.of(1))
  })

  test('wrong use is refused', () => {
    const index = new InvertedIndex()
    index.add(7, Uint32Array.of(1), 1)
    for (const row of [7, 6, 0, -1, 8.5, Number.NaN, 2 ** 32]) {
      expect(() => index.add(row, Uint32Array.of(1), 1)).toThrow(/^LIMIT_INVALID/)
    }
    for (const k of [-1, 1.5, Number.NaN]) expect(() => index.search(queryOf(1), k)).toThrow(/^LIMIT_INVALID/)
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => index.search([{ term: 1, weight }], 1)).toThrow(/^LIMIT_INVALID/)
    }
    for (const options of [{ k1: 0 }, { k1: Number.NaN }, { b: 2 }, { live_rows: 0 }, { live_rows: 70_000 }]) {
      expect(() => new InvertedIndex(options)).toThrow(/^LIMIT_INVALID/)
    }
    expect(() => index.restore([])).toThrow(/^ENGINE_STATE/)
  })

  test('what is restored is the longest chain from row 1; the rest is told to be of no use', () => {
    const index = new InvertedIndex({ live_rows: 10 })
    for (let row = 1; row <= 50; row++) index.add(row, Uint32Array.of(row % 5, 8), 2)
    index.seal()
    const parts = segmentsOf(index)
    mergeAll(index)
    const [whole] = segmentsOf(index)
    const again = new InvertedIndex()
    expect(again.restore([...parts, whole!])).toHaveLength(parts.length)
    expect(again.segments.map(({ name, saved }) => [name, saved])).toEqual([['text-1-50', true]])
    const holed = new InvertedIndex()
    const dropped = holed.restore(parts.filter((_, at) => at !== 2))
    expect([holed.newest, dropped.map(({ first }) => first)]).toEqual([20, [31, 41]])
    holed.add(21, Uint32Array.of(8), 1)
    expect(holed.documents).toBe(21)
  })

  test('tuning changes the scores and nothing else', () => {
    const plain = new InvertedIndex({ b: 0 })
    plain.add(1, Uint32Array.of(1, 2, 3, 4, 5, 6), 6)
    plain.add(2, Uint32Array.of(1), 1)
    const [first, second] = found(plain, queryOf(1), 2)
    expect(first!.score).toBe(second!.score)
    const long = new InvertedIndex({ b: 1, k1: 2 })
    long.add(1, Uint32Array.of(1, 2, 3, 4, 5, 6), 6)
    long.add(2, Uint32Array.of(1), 1)
    expect(found(long, queryOf(1), 2).map(({ row }) => row)).toEqual([2, 1])
  })
})
