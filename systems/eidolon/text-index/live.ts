import { codeOf } from './quantise.ts'

/**
 * The part of the index that takes new documents. Terms stand in one open-addressed table of records, four numbers each:
 * the term, the first cell of its postings, the next free cell, and how many documents hold it. The place in the table is
 * the upper bits of the mixed term, so that the records are very nearly in order already when they are to be sealed.
 *
 * A posting is one number, `ordinal << 16 | count`. A term's only posting stands in its record; more are a chain of chunks in one
 * pool, of 4, 8, … up to 128 cells, and the last cell of a full one names the next. Which chunk is full follows from the number of
 * postings alone. Memory is slow and arithmetic is not: one reach into the table and one into the pool is all that a word costs.
 */
const recordSize = 4
const headField = 1
const nextField = 2
const frequencyField = 3
const firstTableBits = 14
const cellsMin = 4
const cellsMax = 128
const termsMax = 1 << 20
const postingsMax = 1 << 24
/** Postings in all chunks smaller than the largest. */
const postingsBefore = 119

/** For so many postings that fill their chunks exactly: the cells of the next chunk; else 0. */
const cellsAfter = cellsTable()

/**
 * The number under which the index keeps a term: another for each, spread over all 32 bits, and 0 only for 0. So terms that are
 * no good hashes do not crowd one place.
 */
export function mixed(term: number): number {
  return Math.imul(term, 0x9e3779b1) >>> 0
}

/** Takes documents one at a time, and gives their postings back term by term. */
export class LivePart {
  /** Row of each document, by its ordinal. */
  readonly rows: Uint32Array
  /** Length of each document, as a code. */
  readonly lengths: Uint8Array
  readonly rowsMax: number
  documents = 0
  /** Words of all documents. */
  words = 0
  /** Distinct terms. */
  terms = 0
  #table: Uint32Array<ArrayBuffer> = new Uint32Array(recordSize << firstTableBits)
  #shift = 32 - firstTableBits
  #pool: Uint32Array<ArrayBuffer> = new Uint32Array(1 << 16)
  #poolUsed = 0
  #places = new Uint32Array(256)

  /** @param rowsMax documents until it is full, at most 65,536 */
  constructor(rowsMax: number) {
    this.rowsMax = rowsMax
    this.rows = new Uint32Array(rowsMax)
    this.lengths = new Uint8Array(rowsMax)
  }

  /** Whether it must be sealed before the next document. */
  get full(): boolean {
    return this.documents === this.rowsMax || this.terms > termsMax || this.#poolUsed > postingsMax
  }

  /** Bytes of its arrays. */
  get bytes(): number {
    return this.#table.byteLength + this.#pool.byteLength + this.rows.byteLength + this.lengths.byteLength
  }

  /** Takes one document; it must not be full. */
  add(row: number, terms: Uint32Array, count: number): void {
    this.#reserve(count)
    const places = this.#places
    const table = this.#table
    let length = 0
    for (let index = 0; index < count; index++) {
      const term = mixed(terms[index]!)
      if (term === 0) continue
      const at = this.#place(term)
      if (table[at] === 0) {
        table[at] = term
        this.terms++
      }
      places[length++] = at
    }
    for (let index = 0; index < length; index++) this.#put(places[index]!)
    this.rows[this.documents] = row
    this.lengths[this.documents] = codeOf(length)
    this.words += length
    this.documents++
  }

  /** The record of a mixed term, or -1. */
  find(term: number): number {
    const at = this.#place(term)
    return this.#table[at] === term ? at : -1
  }

  /** How many documents hold the term of a record. */
  frequency(record: number): number {
    return record < 0 ? 0 : this.#table[record + frequencyField]!
  }

  /** Copies the postings of a record, ascending, and says how many they are. */
  copy(record: number, into: Uint32Array): number {
    const count = this.#table[record + frequencyField]!
    let at = this.#table[record + headField]!
    if (count === 1) {
      into[0] = at
      return 1
    }
    const pool = this.#pool
    let filled = 0
    for (let cells = cellsMin; filled < count; cells = Math.min(cells * 2, cellsMax)) {
      const end = at + Math.min(cells - 1, count - filled)
      while (at < end) into[filled++] = pool[at++]!
      if (filled < count) at = pool[at]!
    }
    return count
  }

  /** The records of all terms, by term. */
  sorted(): Uint32Array {
    const table = this.#table
    const records = new Uint32Array(this.terms)
    let count = 0
    for (let record = 0; record < table.length; record += recordSize) {
      const term = table[record]!
      if (term === 0) continue
      let at = count++
      while (at > 0 && table[records[at - 1]!]! > term) {
        records[at] = records[at - 1]!
        at--
      }
      records[at] = record
    }
    return records
  }

  /** The term of a record. */
  term(record: number): number {
    return this.#table[record]!
  }

  /** Forgets everything, and keeps its room. */
  clear(): void {
    this.#table.fill(0)
    this.#poolUsed = 0
    this.documents = 0
    this.words = 0
    this.terms = 0
  }

  /** Where the record of a term is, or would be. */
  #place(term: number): number {
    const table = this.#table
    const mask = table.length - 1
    let at = (term >>> this.#shift) * recordSize
    for (;;) {
      const found = table[at]!
      if (found === term || found === 0) return at
      at = (at + recordSize) & mask
    }
  }

  /** One more occurrence in the present document. */
  #put(record: number): void {
    const table = this.#table
    const ordinal = this.documents
    const frequency = table[record + frequencyField]!
    if (frequency === 0) {
      table[record + headField] = (ordinal << 16) | 1
    } else {
      const next = table[record + nextField]!
      const last = frequency === 1 ? table[record + headField]! : this.#pool[next - 1]!
      if (last >>> 16 === ordinal) {
        // Sixteen bits hold the count; a word that comes more often than that counts no more.
        if ((last & 0xffff) === 0xffff) return
        if (frequency === 1) table[record + headField] = last + 1
        else this.#pool[next - 1] = last + 1
        return
      }
      this.#append(record, frequency, next)
    }
    table[record + frequencyField] = frequency + 1
  }

  #append(record: number, frequency: number, next: number): void {
    const table = this.#table
    let cell = next
    const cells = frequency === 1 ? cellsMin : nextCells(frequency)
    if (cells > 0) {
      cell = this.#take(cells)
      if (frequency === 1) {
        this.#pool[cell] = table[record + headField]!
        table[record + headField] = cell++
      } else {
        this.#pool[next] = cell
      }
    }
    this.#pool[cell] = (this.documents << 16) | 1
    table[record + nextField] = cell + 1
  }

  /** Makes room for the words of one document, so that no record moves while it is taken. */
  #reserve(count: number): void {
    while ((this.terms + count) * recordSize * 2 > this.#table.length) this.#rehash()
    if (count > this.#places.length) this.#places = new Uint32Array(count * 2)
  }

  #take(cells: number): number {
    const start = this.#poolUsed
    this.#poolUsed += cells
    if (this.#poolUsed > this.#pool.length) {
      const larger = new Uint32Array(this.#pool.length * 2)
      larger.set(this.#pool)
      this.#pool = larger
    }
    return start
  }

  #rehash(): void {
    const old = this.#table
    this.#table = new Uint32Array(old.length * 2)
    this.#shift--
    for (let from = 0; from < old.length; from += recordSize) {
      if (old[from] === 0) continue
      const at = this.#place(old[from]!)
      for (let field = 0; field < recordSize; field++) this.#table[at + field] = old[from + field]!
    }
  }
}

function nextCells(frequency: number): number {
  if (frequency <= postingsBefore) return cellsAfter[frequency]!
  return (frequency - postingsBefore) % (cellsMax - 1) === 0 ? cellsMax : 0
}

function cellsTable(): Uint8Array {
  const table = new Uint8Array(postingsBefore + 1)
  let filled = 0
  for (let cells = cellsMin; filled < postingsBefore; cells *= 2) {
    filled += cells - 1
    table[filled] = Math.min(cells * 2, cellsMax)
  }
  return table
}
