import { afterEach, describe, expect, test, vi } from 'vitest'
import { World } from '../../engine/world/world.ts'
import { ram } from '../../stores/ram.ts'
import { Content, Edge, Key, Mark, Memory } from '../../systems/components.ts'
import { keysMax } from '../../systems/memory/mentions.ts'
import { recall } from '../../systems/recall.ts'
import {
  alive,
  drained,
  found,
  gauge,
  type Line,
  line,
  noon_ms,
  remembering,
  saved,
  tell,
  textAt,
  whole,
} from '../support/memory.ts'

const opened = () => remembering(ram())

describe('Strange texts', () => {
  test.each<[string, string]>([
    ['NUL and control characters', 'before\u0000after \u0007\u001b[31mred\u001b[0m heron'],
    ['lone surrogates', 'heron \ud83e and \udd8a alone'],
    ['names of the prototype', '__proto__ constructor toString hasOwnProperty heron'],
    ['invisible and reversed text', 'her\u200bon heron \u202egnirts \u{e0041}\u{e0042}'],
    ['combining marks without end', `heron ${'e\u0301'.repeat(5_000)}`],
    ['nothing but blanks and a word', `\n\n\t \u00a0 heron \u3000`],
  ])('%s are kept as they are, and found', async (_what, text) => {
    const engine = await opened()
    await tell(engine, {
      text,
      id: 'strange',
      title: text.slice(0, 40),
      tags: ['__proto__', text.slice(0, 20)],
      author: '__proto__',
      thread: 'constructor',
    })
    expect(found(engine, 'heron')).toEqual(['strange'])
    expect(textAt(engine, 1).toWellFormed()).toBe(text.toWellFormed())
    expect(({} as { heron?: unknown }).heron).toBeUndefined()
    const meta = JSON.parse(engine.read('meta', 1)!)
    expect([meta.source.author, meta.source.thread]).toEqual(['__proto__', 'constructor'])
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('that are invisible or disguised are marked as such, and others are not', async () => {
    const engine = await opened()
    const hidden = ['her\u200bon', 'a \u202eheron', 'heron \u{e0041}\u{e0042}', 'a h\u0435ron']
    await tell(
      engine,
      ...hidden.map((text): Line => ({ text })),
      { text: 'a heron' },
      { text: 'der Übergang, naïve, 語', id: 'other' },
    )
    const { marks } = engine.world.of(Memory)
    expect(Array.from(marks.slice(1, 7), (bits) => bits & Mark.hidden_text)).toEqual([8, 8, 8, 8, 0, 0])
    expect(found(engine, 'heron').filter((id) => id !== 'other')).toHaveLength(5)
    await engine.stop()
  })

  test('as ids, channels and paths are only ever hashed: no text is a key of the store', async () => {
    const store = ram()
    const engine = await remembering(store)
    const strange = ['', '\u0000', '__proto__', 'constructor', '\ud800', 'x'.repeat(4_000), '../../etc/passwd', '\n']
    await tell(
      engine,
      ...strange.map((id, n): Line => ({ text: `heron ${n} of many`, id: `i${id}`, channel: `c${id}`, thread: id })),
    )
    expect(alive(engine)).toHaveLength(strange.length)
    for (const table of ['text', 'meta', 'key']) for (const row of store.keys(table)) expect(row).toBeTypeOf('number')
    await engine.stop()
  })

  test('an event without any words makes no memory', async () => {
    const engine = await opened()
    await tell(engine, { text: '' }, { text: '', title: '' })
    expect(whole(engine)).toEqual([])
    await tell(engine, { text: '\u0000\n \u200b' })
    expect(found(engine, '\u0000')).toEqual([])
    await engine.stop()
  })
})

describe('Strange times', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, '2026-01-31' as never])('%s is refused at the edge', async (ts) => {
    const engine = await opened()
    expect(() => engine.publish(line({ text: 'When?', ts }))).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID' }),
    )
    expect(engine.status().refused).toBe(1)
    await engine.stop()
  })

  test.each([-62_135_596_800_000, 0, 1, 951_782_400, 2_147_483_648_000, 253_402_300_799_999])(
    '%d is kept, and nothing becomes NaN',
    async (ts) => {
      const engine = await opened()
      await tell(
        engine,
        { text: 'The heron came yesterday, on 2023-05-07.', ts, bot: true },
        { text: 'The heron came.', ts },
      )
      const memory = engine.world.of(Memory)
      expect([memory.happened_at_ms[1], memory.happened_at_ms[2]]).toEqual([ts, ts])
      for (const name of ['happened_at_ms', 'stored_at_ms', 'copied_at_ms', 'usage_decayed', 'usage_at_ms'] as const) {
        expect(memory[name].subarray(0, 3).some(Number.isNaN)).toBe(false)
      }
      const { hits } = recall(engine, 'heron', { from_ms: 1, to_ms: Number.MAX_SAFE_INTEGER })
      expect(hits).toHaveLength(ts <= 0 ? 0 : 2)
      await engine.stop()
    },
  )
})

describe('Too much', () => {
  test('of text: a message of eight megabytes is cut into parts, one of more is refused', async () => {
    const engine = await opened()
    const text = `${'The quick brown fox jumps over the lazy dog. '.repeat(180_000)}The heron at the end.`
    await tell(engine, { text, id: 'huge' })
    expect(found(engine, 'heron')).toEqual(['huge'])
    expect(textAt(engine, 1).length).toBe(text.length)
    const more = line({ text: text + text.slice(0, 400_000) })
    expect(() => engine.publish(more)).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }))
    await engine.stop()
  })

  test('without a blank: a word of a million characters is no word, and costs no more than any text', async () => {
    const engine = await opened()
    await tell(engine, { text: `heron ${'x'.repeat(1_000_000)} otter`, id: 'long' }, { text: 'é'.repeat(300_000) })
    expect(found(engine, 'heron')).toEqual(['long'])
    expect(found(engine, 'otter')).toEqual(['long'])
    expect(found(engine, 'x'.repeat(100_000))).toBeDefined()
    await engine.stop()
  })

  test('of tags and mentions: a memory keeps the most useful, and what it drops is counted', async () => {
    const engine = await opened()
    const tags = Array.from({ length: 100_000 }, (_, n) => `tag-${n}`)
    await tell(engine, { text: 'The heron.', tags, id: 'tagged' })
    const kept = (JSON.parse(engine.read('meta', 1)!) as { tags: string[] }).tags
    expect(kept.length).toBeLessThanOrEqual(64)
    expect(engine.world.of(Memory).edges[1]).toBeLessThanOrEqual(keysMax)
    expect(gauge(engine, 'keys_dropped')).toBeGreaterThan(99_000)
    const dropped = gauge(engine, 'keys_dropped')
    await tell(engine, {
      text: Array.from({ length: 300 }, (_, n) => `Ms Name${n} Family${n} came.`)
        .join(' ')
        .slice(0, 1_900),
    })
    expect(gauge(engine, 'keys_dropped')).toBeGreaterThan(dropped)
    expect(found(engine, 'heron')[0]).toBe('tagged')
    await engine.stop()
  })

  test('of one key: everything is said in one channel, and a walk still ends', async () => {
    const engine = await opened()
    for (let n = 0; n < 3_000; n++) {
      const event = line({
        text: `Entry ${n} about the ${n % 50 === 7 ? 'heron' : 'otter'} of pond ${n}.`,
        ts: noon_ms + n * 60_000,
      })
      while (!engine.publish(event)) await engine.step()
    }
    await tell(engine)
    const first = recall(engine, 'heron of pond', { hits_max: 20 })
    expect(first.hits).toHaveLength(20)
    expect(recall(engine, 'heron of pond', { hits_max: 20 })).toEqual(first)
    await engine.stop()
  })
})

describe('No room', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** Lets a table take only so many rows. */
  function limit(name: string, rows_max: number): void {
    const { room } = World.prototype
    vi.spyOn(World.prototype, 'room').mockImplementation(function (this: World, archetype) {
      const left = room.call(this, archetype)
      return archetype.name === name ? Math.min(left, rows_max - this.rows(archetype)) : left
    })
  }

  test.each([
    [Memory.name, 5],
    [Edge.name, 90],
    [Key.name, 90],
  ])(
    'in %s: what does not fit is refused and counted, nothing is half done, and the agent goes on',
    async (name, rows_max) => {
      limit(name, rows_max)
      const engine = await opened()
      const said = Array.from({ length: 12 }, (_, n) =>
        line({ text: `The heron of pond ${n} met Ada Lovelace${n}.`, author: `Ada ${n}` }),
      )
      await tell(engine, ...said)
      const kept = alive(engine).length
      expect(kept).toBeGreaterThan(0)
      expect(gauge(engine, 'refused')).toBe(said.length - kept)
      expect(gauge(engine, 'memories')).toBe(kept)
      expect(engine.status().health).toBe('ok')
      for (const table of [Memory, Edge, Key])
        if (table.name === name) expect(engine.world.rows(table)).toBeLessThanOrEqual(rows_max)
      const rows = [Memory, Edge, Key].map((table) => engine.world.rows(table))
      await tell(engine, ...said)
      expect(
        [Memory, Edge, Key].map((table) => engine.world.rows(table)),
        'nor when it is delivered again',
      ).toEqual(rows)
      expect(found(engine, 'heron pond', 100)).toHaveLength(kept)
      expect((await engine.replay()).identical).toBe(true)
      await engine.stop()
    },
  )

  test('a document goes in with all its parts or not at all', async () => {
    limit(Memory.name, 6)
    const engine = await opened()
    await tell(engine, { text: 'The heron nests behind the mill. '.repeat(600) }, { text: 'The otter sleeps.' })
    expect(alive(engine)).toEqual([1])
    expect(textAt(engine, 1)).toBe('The otter sleeps.')
    expect([gauge(engine, 'refused'), engine.world.rows(Memory)]).toEqual([1, 1])
    await engine.stop()
  })

  test('for what was said lately, bands or copies: memories still go in', async () => {
    for (const [name, rows_max] of [
      [Content.name, 2],
      ['Band', 3],
      ['Copy', 1],
    ] as const) {
      limit(name, rows_max)
      const engine = await opened()
      const prose = Array.from({ length: 90 }, (_, n) => `The heron of day ${n} stood by pond ${n * 7}.`).join(' ')
      for (let n = 0; n < 5; n++) {
        await tell(engine, { text: `Message ${n} of the heron.` }, { text: `Message ${n} of the heron.` })
        await saved(engine, `${n}.md`, `${prose} ${n}`)
      }
      expect(alive(engine).length).toBeGreaterThanOrEqual(10)
      expect(gauge(engine, 'refused')).toBe(0)
      await drained(engine)
      await engine.stop()
      vi.restoreAllMocks()
    }
  })

  test('for an example of a flood: it is counted all the same', async () => {
    limit(Memory.name, 2)
    const engine = await opened()
    const alert = (valve: string): Line => ({
      text: `Warning of the watcher: the valve ${valve} of the northern greenhouse did not answer in time, the pump was stopped, and somebody should look at the pressure.`,
      bot: true,
      author: 'watcher',
    })
    await tell(engine, ...['birch', 'cedar', 'daisy', 'elder'].map(alert))
    expect([alive(engine), gauge(engine, 'refused'), engine.world.of(Memory).copies[1]]).toEqual([[1], 0, 3])
    await engine.stop()
  })
})
