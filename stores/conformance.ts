import type { Commit, Store } from '../engine/record/store.ts'

/** The parts of a test runner that the suite needs; vitest, jest and node:test with `expect` all have them. */
export type TestApi = {
  describe(name: string, body: () => void): void
  test(name: string, body: () => Promise<void>): void
  expect(actual: unknown): Expectation
}

export type Expectation = {
  toEqual(expected: unknown): void
  toBe(expected: unknown): void
  toBeGreaterThan(expected: number): void
}

/** A store to be tested, and how to close and open the same bytes again. */
export type Subject = {
  /** Not open yet. */
  readonly store: Store
  /** Closes the store and gives one over the same bytes, not open yet. */
  reopen(): Promise<Store>
  destroy(): Promise<void>
}

const tables = ['text', 'meta'] as const
const beyond32Bits = 0x1_0000_0000

/**
 * What every store must pass, for any test runner.
 * @param make a new, empty store for each test
 */
export function storeConformance(name: string, make: () => Promise<Subject>, api: TestApi): void {
  const { describe, test, expect } = api
  const scenario = (title: string, body: (subject: Subject) => Promise<void>) =>
    test(title, async () => {
      const subject = await make()
      try {
        await body(subject)
      } finally {
        await subject.destroy()
      }
    })

  describe(`${name} conforms to Store`, () => {
    records(scenario, expect)
    refusals(scenario, expect)
    journal(scenario, expect)
    snapshots(scenario, expect)
    life(scenario, expect)
  })
}

type Scenario = (title: string, body: (subject: Subject) => Promise<void>) => void
type Expect = TestApi['expect']

function records(scenario: Scenario, expect: Expect): void {
  scenario('a new store is empty', async ({ store }) => {
    expect(await store.open(tables)).toEqual({ tick: 0, warnings: [] })
    expect([store.count('text'), store.journalCount()]).toEqual([0, 0])
    expect([[...store.keys('text')], [...store.journal(0)], [...store.snapshots()]]).toEqual([[], [], []])
    expect(store.read('text', 1)).toBe(undefined)
    expect(await store.loadSnapshot(1)).toBe(undefined)
  })

  scenario('what a commit wrote is there when it resolves', async ({ store }) => {
    await store.open(tables)
    await store.commit(commitOf(1, [put('text', 7, 'seven'), put('meta', 7, '{}'), put('text', 0xffff_ffff, 'last')]))
    expect(text(store.read('text', 7))).toBe('seven')
    expect(text(store.read('meta', 7))).toBe('{}')
    expect(text(store.read('text', 0xffff_ffff))).toBe('last')
    expect([store.count('text'), store.count('meta'), store.journalCount()]).toEqual([2, 1, 1])
    expect(store.bytes()).toBeGreaterThan(0)
    store.verify()
  })

  scenario('records are overwritten and removed, the last write of a commit counting', async ({ store }) => {
    await store.open(tables)
    await store.commit(
      commitOf(1, [put('text', 1, 'old'), put('text', 2, 'gone'), put('text', 3, 'a'), put('text', 3, 'b')]),
    )
    await store.commit(commitOf(2, [put('text', 1, 'new'), put('text', 2, null), put('text', 9, null)]))
    expect([1, 2, 3].map((key) => text(store.read('text', key)))).toEqual(['new', undefined, 'b'])
    expect([...store.keys('text')]).toEqual([1, 3])
    expect(store.count('text')).toBe(2)
  })

  scenario('keys come in ascending order of numbers', async ({ store }) => {
    await store.open(tables)
    const keys = [65_536, 1, 0xffff_ffff, 256, 2, 0x8000_0000, 255]
    await store.commit(
      commitOf(
        1,
        keys.map((key) => put('text', key, String(key))),
      ),
    )
    expect([...store.keys('text')]).toEqual(keys.toSorted((a, b) => a - b))
  })

  scenario('many keys come complete and in order', async ({ store }) => {
    await store.open(tables)
    const keys = Array.from({ length: 9000 }, (_, index) => index + 1)
    await store.commit(
      commitOf(
        1,
        keys.toReversed().map((key) => put('meta', key, '')),
      ),
    )
    expect([...store.keys('meta')]).toEqual(keys)
    expect(store.count('meta')).toBe(9000)
  })

  scenario('bytes of any length come back as they were, and are the reader’s to keep', async ({ store }) => {
    await store.open(tables)
    const large = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) & 255)
    const part = large.subarray(1000, 3000)
    await store.commit(
      commitOf(1, [
        { table: 'text', key: 1, bytes: large },
        put('text', 2, ''),
        { table: 'text', key: 3, bytes: part },
      ]),
    )
    const first = store.read('text', 1)
    expect(Buffer.compare(first ?? Buffer.alloc(0), large)).toBe(0)
    expect(store.read('text', 2)?.byteLength).toBe(0)
    expect(Buffer.compare(store.read('text', 3) ?? Buffer.alloc(0), part)).toBe(0)
    first?.fill(0)
    await store.commit(commitOf(2, [put('text', 4, 'more')]))
    expect(Buffer.compare(store.read('text', 1) ?? Buffer.alloc(0), large)).toBe(0)
  })

  scenario('what the caller does with its buffers after a commit does not matter', async ({ store }) => {
    await store.open(tables)
    const bytes = Buffer.from('kept')
    const entry = Buffer.from('entry')
    await store.commit({ tick: 1, entry, puts: [{ table: 'text', key: 1, bytes }] })
    bytes.fill(0)
    entry.fill(0)
    expect(text(store.read('text', 1))).toBe('kept')
    expect([...store.journal(1)].map((found) => text(found.bytes))).toEqual(['entry'])
  })
}

function refusals(scenario: Scenario, expect: Expect): void {
  scenario('keys that are no keys, and tables nobody named, are refused', async ({ store }) => {
    await store.open(tables)
    for (const key of [0, -1, 1.5, 0x1_0000_0000, Number.NaN]) {
      expect(await codeOf(() => store.read('text', key))).toBe('STORE_KEY')
      expect(await codeOf(() => store.commit(commitOf(1, [put('text', 1, 'x'), put('text', key, 'x')])))).toBe(
        'STORE_KEY',
      )
    }
    expect(await codeOf(() => store.read('nobody', 1))).toBe('STORE_KEY')
    expect(await codeOf(() => store.commit(commitOf(1, [put('text', 1, 'x'), put('nobody', 1, 'x')])))).toBe(
      'STORE_KEY',
    )
    expect(await codeOf(() => store.commit(commitOf(-1, [])))).toBe('STORE_KEY')
    expect([store.count('text'), store.journalCount()]).toEqual([0, 0])
    await store.commit(commitOf(1, [put('text', 1, 'right')]))
    expect(text(store.read('text', 1))).toBe('right')
  })

  scenario('a commit does not overtake one that failed before it', async ({ store }) => {
    await store.open(tables)
    const wrong = codeOf(() => store.commit(commitOf(1, [put('text', 0, 'x')])))
    const behind = codeOf(() => store.commit(commitOf(2, [put('text', 2, 'x')])))
    expect([await wrong, await behind]).toEqual(['STORE_KEY', 'STORE_KEY'])
    expect(store.journalCount()).toBe(0)
    await store.commit(commitOf(1, [put('text', 1, 'again')]))
    expect([...store.journal(0)].map((entry) => entry.tick)).toEqual([1])
  })
}

function journal(scenario: Scenario, expect: Expect): void {
  scenario('the journal keeps the order of ticks beyond 32 bits', async (subject) => {
    const { store } = subject
    await store.open(tables)
    const ticks = [
      1,
      255,
      256,
      beyond32Bits - 1,
      beyond32Bits,
      beyond32Bits + 1,
      2 * beyond32Bits,
      Number.MAX_SAFE_INTEGER,
    ]
    for (const tick of ticks.toReversed()) await store.commit(commitOf(tick, []))
    expect([...store.journal(0)].map((entry) => entry.tick)).toEqual(ticks)
    expect([...store.journal(0)].map((entry) => text(entry.bytes))).toEqual(ticks.map((tick) => `entry ${tick}`))
    expect([...store.journal(256, beyond32Bits)].map((entry) => entry.tick)).toEqual([
      256,
      beyond32Bits - 1,
      beyond32Bits,
    ])
    expect([...store.journal(257, beyond32Bits - 2)]).toEqual([])
    expect(store.journalCount()).toBe(ticks.length)
    const again = await subject.reopen()
    expect((await again.open(tables)).tick).toBe(Number.MAX_SAFE_INTEGER)
  })

  scenario('a long journal is read lazily and while it grows', async ({ store }) => {
    await store.open(tables)
    for (let tick = 1; tick <= 600; tick++) await store.commit(commitOf(tick, []))
    const reader = store.journal(1, 600)[Symbol.iterator]()
    expect(reader.next().value?.tick).toBe(1)
    await store.commit(commitOf(601, []))
    const rest: number[] = []
    for (let step = reader.next(); step.done !== true; step = reader.next()) rest.push(step.value.tick)
    expect(rest).toEqual(Array.from({ length: 599 }, (_, index) => index + 2))
  })

  scenario('truncation removes the tail and nothing else', async (subject) => {
    const { store } = subject
    await store.open(tables)
    for (let tick = 1; tick <= 6; tick++) await store.commit(commitOf(tick * 2, [put('text', tick, 'kept')]))
    await store.truncateJournal(7)
    await store.truncateJournal(100)
    expect([...store.journal(0)].map((entry) => entry.tick)).toEqual([2, 4, 6])
    expect([store.journalCount(), store.count('text')]).toEqual([3, 6])
    const again = await subject.reopen()
    expect((await again.open(tables)).tick).toBe(6)
  })

  scenario('the past is dropped up to a snapshot, which can be recovered from', async (subject) => {
    const { store } = subject
    await store.open(tables)
    for (let tick = 1; tick <= 8; tick++) {
      await store.commit(commitOf(tick, [put('text', tick, 'kept')]))
      if (tick === 3 || tick === 6) await store.saveSnapshot(tick, [new Uint8Array([tick])])
    }
    await store.dropPast(6)
    expect([...store.journal(0)].map((entry) => entry.tick)).toEqual([6, 7, 8])
    expect(store.snapshots()).toEqual([6])
    expect(store.count('text')).toBe(8)
    const again = await subject.reopen()
    expect((await again.open(tables)).tick).toBe(8)
    expect([...again.journal(0)].map((entry) => entry.tick)).toEqual([6, 7, 8])
  })

  scenario('a commit without an entry writes records alone', async ({ store }) => {
    await store.open(tables)
    await store.commit(commitOf(3, []))
    await store.commit({ tick: 3, entry: null, puts: [put('text', 1, 'mended')] })
    await store.commit({ tick: 3, entry: null, puts: [] })
    expect(text(store.read('text', 1))).toBe('mended')
    expect([...store.journal(0)].map((entry) => text(entry.bytes))).toEqual(['entry 3'])
  })

  scenario('commits asked for at once keep their order', async ({ store }) => {
    await store.open(tables)
    const done: number[] = []
    const ticks = Array.from({ length: 40 }, (_, index) => index + 1)
    await Promise.all(
      ticks.map(async (tick) => {
        await store.commit(commitOf(tick, [put('text', 1, String(tick)), put('meta', tick, 'x')]))
        done.push(tick)
      }),
    )
    expect(done).toEqual(ticks)
    expect(text(store.read('text', 1))).toBe('40')
    expect([store.count('meta'), store.journalCount()]).toEqual([40, 40])
  })
}

function snapshots(scenario: Scenario, expect: Expect): void {
  scenario('the two newest snapshots are kept, newest first', async (subject) => {
    const { store } = subject
    await store.open(tables)
    for (const tick of [5, 30, beyond32Bits]) await store.saveSnapshot(tick, [Buffer.from(`world ${tick}`)])
    expect([...store.snapshots()]).toEqual([beyond32Bits, 30])
    expect(await store.loadSnapshot(5)).toBe(undefined)
    expect(text(await store.loadSnapshot(30))).toBe('world 30')
    const again = await subject.reopen()
    await again.open(tables)
    expect([...again.snapshots()]).toEqual([beyond32Bits, 30])
    expect(text(await again.loadSnapshot(beyond32Bits))).toBe(`world ${beyond32Bits}`)
  })

  scenario('chunks are joined, may share one buffer, and load into a buffer of their own', async ({ store }) => {
    await store.open(tables)
    function* chunks() {
      const shared = new Uint8Array(1000)
      for (let index = 0; index < 20; index++) yield shared.fill(index).subarray(0, 1000 - index)
    }
    await store.saveSnapshot(1, chunks())
    await store.saveSnapshot(2, [])
    const expected = [...chunks()].flatMap((chunk, index) => new Array<number>(chunk.length).fill(index))
    const loaded = await store.loadSnapshot(1)
    expect(loaded?.byteOffset).toBe(0)
    expect(loaded?.byteLength).toBe(loaded?.buffer.byteLength)
    expect(Buffer.compare(loaded ?? Buffer.alloc(0), Uint8Array.from(expected))).toBe(0)
    expect((await store.loadSnapshot(2))?.byteLength).toBe(0)
  })

  scenario('parts of a snapshot are read to where the caller wants them', async ({ store }) => {
    await store.open(tables)
    await store.saveSnapshot(1, [Buffer.from('0123456789')])
    const into = Buffer.from('----------')
    expect(await store.readSnapshot(1, 2, into.subarray(1, 5))).toBe(4)
    expect(into.toString()).toBe('-2345-----')
    expect(await store.readSnapshot(1, 8, into.subarray(5))).toBe(2)
    expect(into.toString()).toBe('-234589---')
    expect(await store.readSnapshot(1, 99, into)).toBe(0)
    expect(await store.readSnapshot(1, 0, into.subarray(0, 0))).toBe(0)
    expect(await store.readSnapshot(2, 0, into)).toBe(undefined)
    expect(into.toString()).toBe('-234589---')
  })

  scenario('a snapshot that fails leaves the older ones', async ({ store }) => {
    await store.open(tables)
    await store.saveSnapshot(1, [Buffer.from('one')])
    function* broken() {
      yield Buffer.from('half')
      throw new Error('the world is on fire')
    }
    expect((await codeOf(() => store.saveSnapshot(2, broken()))) === '').toBe(false)
    expect([...store.snapshots()]).toEqual([1])
    await store.saveSnapshot(2, [Buffer.from('two')])
    await store.saveSnapshot(2, [Buffer.from('two again')])
    expect([...store.snapshots()]).toEqual([2, 1])
    expect(text(await store.loadSnapshot(2))).toBe('two again')
  })
}

function life(scenario: Scenario, expect: Expect): void {
  scenario('everything is there after closing and opening, and new tables can be named', async (subject) => {
    const { store } = subject
    await store.open(tables)
    await store.commit(commitOf(1, [put('text', 1, 'one')]))
    void store.commit(commitOf(2, [put('text', 2, 'closing waits for this')]))
    const again = await subject.reopen()
    expect(await again.open([...tables, 'later'])).toEqual({ tick: 2, warnings: [] })
    expect([1, 2].map((key) => text(again.read('text', key)))).toEqual(['one', 'closing waits for this'])
    expect([...again.journal(1)].map((entry) => text(entry.bytes))).toEqual(['entry 1', 'entry 2'])
    await again.commit(commitOf(3, [put('later', 1, 'three')]))
    expect(text(again.read('later', 1))).toBe('three')
  })

  scenario('a store that is not open refuses', async (subject) => {
    const { store } = subject
    expect(await codeOf(() => store.read('text', 1))).toBe('ENGINE_STATE')
    expect(await codeOf(() => store.commit(commitOf(1, [])))).toBe('ENGINE_STATE')
    expect(await codeOf(() => store.open(['journal']))).toBe('STORE_KEY')
    expect(await codeOf(() => store.open(['../x']))).toBe('STORE_KEY')
    await store.open(tables)
    await store.close()
    await store.close()
    expect(await codeOf(() => store.count('text'))).toBe('ENGINE_STATE')
    expect(await codeOf(() => store.commit(commitOf(1, [])))).toBe('ENGINE_STATE')
  })
}

function put(table: string, key: number, content: string | null) {
  return { table, key, bytes: content === null ? null : new TextEncoder().encode(content) }
}

function commitOf(tick: number, puts: Commit['puts']): Commit {
  return { tick, entry: new TextEncoder().encode(`entry ${tick}`), puts }
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** The code of what was thrown, its message when it has none, or an empty string. */
async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return ''
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
  }
}
