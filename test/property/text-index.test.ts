import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, countOf } from '../../systems/eidolon/text-index/quantise.ts'
import { decodeSegment, encodeSegment, InvertedIndex, type QueryTerm } from '../../systems/eidolon/text-index.ts'

type Document = { readonly row: number; readonly terms: readonly number[] }

const k1 = 1.2
const b = 0.75
const step = 2 ** -32

/** BM25 as a textbook has it, over every document; counts and lengths in the index's steps. */
class Textbook {
  readonly documents: Document[] = []

  contributions(query: readonly QueryTerm[], document: Document): number[] {
    const words = this.documents.reduce((sum, { terms }) => sum + terms.length, 0)
    const average = words / this.documents.length || 1
    const length = countOf[codeOf(document.terms.length)]!
    return query.map(({ term, weight }) => {
      const df = this.documents.filter(({ terms }) => terms.includes(term)).length
      const count = document.terms.filter((other) => other === term).length
      if (count === 0) return 0
      const tf = countOf[codeOf(count)]!
      const idf = Math.log(1 + (this.documents.length - df + 0.5) / (df + 0.5))
      const gives = (weight * idf * (k1 + 1) * tf) / (tf + k1 * (1 - b + (b * length) / average))
      return Math.round(gives / step) * step
    })
  }

  search(query: readonly QueryTerm[], accept: (row: number) => boolean): { row: number; score: number }[] {
    return this.documents
      .map((document) => ({ row: document.row, score: sumOf(this.contributions(query, document)) }))
      .filter(({ row, score }) => score > 0 && accept(row))
      .sort((one, other) => other.score - one.score || one.row - other.row)
  }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

function restored(index: InvertedIndex, live_rows: number): InvertedIndex {
  const files = index.segments.map(({ name }) => Buffer.concat([...encodeSegment(index.segment(name)!)]))
  const again = new InvertedIndex({ live_rows })
  const chain = files.map((file) => decodeSegment(new Uint8Array(file)))
  expect(again.restore(chain.reverse())).toEqual([])
  return again
}

function addTo(index: InvertedIndex, { row, terms }: Document): void {
  index.add(row, Uint32Array.from([...terms, 77]), terms.length)
}

/** Hits may differ from the textbook where two scores are within rounding of each other, so scores are compared by place. */
function agrees(
  index: InvertedIndex,
  textbook: Textbook,
  query: QueryTerm[],
  k: number,
  accept: (row: number) => boolean,
) {
  const all = textbook.search(query, accept)
  const found = index.search(query, k, accept)
  expect(found.count).toBe(Math.min(k, all.length))
  const rows = [...found.rows]
  expect(new Set(rows).size).toBe(rows.length)
  const contributions = new Float64Array(found.count * query.length)
  index.score(query, found.rows, found.count, contributions)
  const exact = new Map(all.map(({ row, score }) => [row, score]))
  rows.forEach((row, at) => {
    const score = found.scores[at]!
    expect(Math.abs(score - all[at]!.score)).toBeLessThan(1e-8)
    expect(Math.abs(score - exact.get(row)!)).toBeLessThan(1e-8)
    expect(sumOf([...contributions.subarray(at * query.length, (at + 1) * query.length)])).toBe(score)
    const before = found.scores[at - 1] ?? Number.POSITIVE_INFINITY
    expect(before > score || (before === score && rows[at - 1]! < row)).toBe(true)
  })
}

const term = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom(0xffffffff, 0x80000000, 0x7fffffff, 2654435769) },
)
const terms = fc.array(term, { maxLength: 12 })
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('add' as const), gap: fc.integer({ min: 1, max: 9 }), terms }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('many' as const), count: fc.integer({ min: 1, max: 40 }), terms }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('seal' as const) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('merge' as const), budget: fc.integer({ min: 1, max: 200 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restore' as const) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('forget' as const), which: fc.nat() }) },
)
const queries = fc.array(fc.record({ term, weight: fc.constantFrom(0, 0.5, 1, 2.25) }), { maxLength: 6 })

describe('The text index', () => {
  test('finds what an exhaustive search finds, whatever happened to it', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 25 }),
        fc.constantFrom(1, 3, 10, 64),
        fc.array(fc.tuple(queries, fc.constantFrom(0, 1, 3, 10, 1000), fc.constantFrom(1, 2, 3)), {
          minLength: 1,
          maxLength: 4,
        }),
        (actions, live_rows, asked) => {
          const textbook = new Textbook()
          let index = new InvertedIndex({ live_rows })
          let row = 0
          const add = (document: Document) => {
            textbook.documents.push(document)
            addTo(index, document)
          }
          const forget = (which: number) => {
            const at = which % Math.max(1, textbook.documents.length)
            if (textbook.documents.length === 0) return
            const { row } = textbook.documents[at]!
            textbook.documents[at] = { row, terms: [] }
            index.forget(row)
          }
          for (const step of actions) {
            if (step.act === 'add') {
              row += step.gap
              add({ row, terms: step.terms })
            } else if (step.act === 'many')
              for (let many = 0; many < step.count; many++) add({ row: ++row, terms: step.terms.slice(many % 3) })
            else if (step.act === 'seal') index.seal()
            else if (step.act === 'merge') index.mergeStep(step.budget)
            else if (step.act === 'forget') forget(step.which)
            else {
              while (index.forgetting) index.mergeStep(1_000)
              index = restored(index, live_rows)
              for (const document of textbook.documents) if (document.row > index.newest) addTo(index, document)
            }
          }
          while (index.forgetting) index.mergeStep(50)
          expect(index.documents).toBe(textbook.documents.length)
          expect(index.newest).toBe(row)
          for (const [query, k, part] of asked) agrees(index, textbook, query, k, (candidate) => candidate % part === 0)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('whose words were forgotten is the one that never had them, to the last byte', () => {
    fc.assert(
      fc.property(
        fc.array(terms, { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (texts, gone) => {
          const rows = new Set(gone.map((each) => 1 + (each % texts.length)))
          const [index, never] = [new InvertedIndex({ live_rows: 64 }), new InvertedIndex({ live_rows: 64 })]
          for (const [at, list] of texts.entries()) {
            addTo(index, { row: at + 1, terms: list })
            addTo(never, { row: at + 1, terms: rows.has(at + 1) ? [] : list })
          }
          for (const row of rows) index.forget(row)
          while (index.forgetting) index.mergeStep(3)
          for (const each of [index, never]) each.seal()
          const bytesOf = (each: InvertedIndex): Buffer[] =>
            each.segments.map(({ name }) => Buffer.concat([...encodeSegment(each.segment(name)!)]))
          expect(bytesOf(index)).toEqual(bytesOf(never))
        },
      ),
    )
  })

  test('counts documents with a term over all its parts', () => {
    fc.assert(
      fc.property(fc.array(terms, { maxLength: 40 }), (texts) => {
        const index = new InvertedIndex({ live_rows: 7 })
        for (const [at, list] of texts.entries()) addTo(index, { row: at + 1, terms: list })
        for (const asked of [1, 2, 12, 0xffffffff]) {
          const df = texts.filter((list) => list.includes(asked)).length
          expect(index.frequency(asked)).toBe(df)
          expect(index.idf(asked)).toBe(Math.log(1 + (texts.length - df + 0.5) / (df + 0.5)))
        }
      }),
    )
  })
})
