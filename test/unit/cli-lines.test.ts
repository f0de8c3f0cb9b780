import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, blocksOf } from '../../adapters/cli/ingest/blocks.ts'
import { Findings } from '../../adapters/cli/ingest/findings.ts'
import { type LineRead, readLine } from '../../adapters/cli/ingest/line.ts'
import { load } from '../../adapters/cli/ingest/loader.ts'
import { rulesOf } from '../../adapters/cli/ingest/rules.ts'
import { readTime } from '../../adapters/cli/ingest/time.ts'
import { createEngine, type Engine } from '../../engine/engine.ts'
import type { Event } from '../../engine/flow/event.ts'
import { ram } from '../../stores/ram.ts'
import { ChatSaid, NoteWritten } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'

const now_ms = Date.UTC(2026, 0, 31)
const rules = { ...rulesOf(mind(), 4096), now_ms }

async function blocks(chunks: readonly string[], line_bytes_max = 1000): Promise<Block[]> {
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const found: Block[] = []
  for await (const block of blocksOf(source(), line_bytes_max)) found.push(block)
  return found
}

function read(text: string): LineRead {
  return readLine(Buffer.from(text), text, rules)
}
const note = (more: object): string => JSON.stringify({ type: 'note.written', payload: { text: 'Compost.' }, ...more })

describe('a stream is cut into runs of whole lines', () => {
  test('however it is cut into chunks, the lines are the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 9 })),
        fc.array(fc.nat(40), { maxLength: 9 }),
        async (list, cuts) => {
          const text = list.map((line) => line.replaceAll('\n', ' ')).join('\n')
          const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length]
          const chunks = places.slice(1).map((end, at) => text.slice(places[at], end))
          const whole = (await blocks(chunks)).map(({ lines }) => lines?.toString() ?? '')
          expect(whole.slice(0, -1).every((each) => each.endsWith('\n'))).toBe(true)
          // A text cut inside a character of two units would not be the same bytes.
          fc.pre(chunks.every((chunk) => chunk.isWellFormed()))
          expect(whole.join('')).toBe(text)
        },
      ),
    )
  })

  test('a line over the limit is counted and not kept, and the next one is whole', async () => {
    const found = await blocks(['ab\n', 'x'.repeat(1500), 'x'.repeat(1500), 'xy\ncd\n', 'e'.repeat(2000)])
    expect(found.map(({ lines, overlong_bytes }) => lines?.toString() ?? overlong_bytes)).toEqual([
      'ab\n',
      3002,
      'cd\n',
      2000,
    ])
  })
})

describe('a time', () => {
  test.each([
    [undefined, 0, ''],
    [null, 0, ''],
    [0, 0, ''],
    [1_700_000_000_000, 1_700_000_000_000, ''],
    [1000, 1000, ''],
    [1_700_000_000_000.5, 1_700_000_000_000, 'TIME_ROUNDED'],
    [1_700_000_000, 1_700_000_000_000, 'TIME_SECONDS'],
    [1_700_000_000.25, 1_700_000_000_250, 'TIME_SECONDS'],
    [1_700_000_000_000_000, 1_700_000_000_000, 'TIME_MICROSECONDS'],
    ['2023-05-08T13:56:00Z', 1_683_554_160_000, 'TIME_TEXT'],
    ['1700000000', 1_700_000_000_000, 'TIME_TEXT'],
    [' ', 0, 'TIME_TEXT'],
  ])('%j is %d %s', (given, ts, code) => {
    expect(readTime(given, now_ms)).toEqual({ ts, code })
  })

  test.each([
    [-1, 'TIME_PAST'],
    ['1969-07-20', 'TIME_PAST'],
    [now_ms + 86_400_001, 'TIME_FUTURE'],
    [Date.UTC(9999, 0, 1), 'TIME_FUTURE'],
    ['9999-12-31', 'TIME_FUTURE'],
    [Number.NaN, 'TIME_INVALID'],
    [Number.POSITIVE_INFINITY, 'TIME_INVALID'],
    ['yesterday', 'TIME_INVALID'],
    ['12', 'TIME_INVALID'],
    [true, 'TIME_INVALID'],
    [{}, 'TIME_INVALID'],
  ])('%j is refused: %s', (given, code) => {
    expect(readTime(given, now_ms)).toMatchObject({ ts: undefined, code })
  })

  test('whatever is given, it is a whole number that may have been, or a refusal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.string(), fc.date().map(String), fc.anything()), (given) => {
        const { ts } = readTime(given, now_ms)
        if (ts !== undefined) expect(Number.isInteger(ts) && ts >= 0 && ts <= now_ms + 86_400_000).toBe(true)
      }),
    )
  })
})

describe('a line', () => {
  test('is taken with its own id, and with nothing that an event does not have', () => {
    const given = { id: 'D1:1', ts: 5, source: { kind: 'chat', author: 'Ada' }, extra: 1 }
    expect(read(note(given))).toEqual({
      event: {
        id: 'D1:1',
        ts: 5,
        type: 'note.written',
        source: { kind: 'chat', author: 'Ada' },
        payload: { text: 'Compost.' },
      },
      refusal: undefined,
      changes: [],
    })
  })

  test('without an id has one made of its bytes, the same every time', () => {
    const first = read(note({})).event
    expect(first).toMatchObject({ id: expect.stringMatching(/^line-[0-9a-f]{32}$/), ts: 0, source: { kind: 'file' } })
    expect(read(note({})).event).toEqual(first)
    expect(read(note({ ts: 1 })).event?.id).not.toBe(first?.id)
  })

  test.each([
    ['{"type": "note.wri', 'NOT_JSON'],
    ['[]', 'NOT_EVENT'],
    ['7', 'NOT_EVENT'],
    ['null', 'NOT_EVENT'],
    ['{"payload": {}}', 'NOT_EVENT'],
    [note({ type: 'note.eaten' }), 'EVENT_TYPE_UNKNOWN'],
    [note({ type: 'memory.order' }), 'TYPE_NOT_ALLOWED'],
    [note({ type: 'config.set' }), 'TYPE_NOT_ALLOWED'],
    [note({ type: 'clock.set' }), 'TYPE_NOT_ALLOWED'],
    [note({ type: 'llm.chat.done' }), 'TYPE_NOT_ALLOWED'],
    [note({ payload: { text: '', title: '' } }), 'EMPTY'],
    [note({ ts: -5 }), 'TIME_PAST'],
    [note({ ts: 253_402_300_799_000 }), 'TIME_FUTURE'],
    [note({ ts: 'soon' }), 'TIME_INVALID'],
    [note({ id: {} }), 'ID_INVALID'],
    [note({ id: 'x'.repeat(1025) }), 'ID_INVALID'],
    ['{"type": "note.written", "payload": {"text": "a", "__proto__": {"admin": true}}}', 'MEMBER_FORBIDDEN'],
    ['{"type": "note.written", "payload": {"text": "a", "\\u005f_proto__": 1}}', 'MEMBER_FORBIDDEN'],
    ['{"type": "note.written", "payload": {"text": "a", "_\\u0000_proto__": 1}}', 'MEMBER_FORBIDDEN'],
    [`{"type": "note.written", "payload": {"text": "\\u0041", "a": ${'['.repeat(99)}${']'.repeat(99)}}}`, 'TOO_DEEP'],
  ])('%s is refused: %s', (text, code) => {
    expect(read(text)).toMatchObject({ event: undefined, refusal: { code, reason: expect.stringMatching(/./) } })
  })

  test('with halves of characters and NULs is taken without them, and that is said', () => {
    const { event, changes } = read(
      '{"type":"note.written","payload":{"text":"a\\ud800b\\u0000c","\\udc00":"😀 \\u00e9"}}',
    )
    expect(event?.payload).toEqual({ text: 'a\uFFFDbc', '\uFFFD': '😀 é' })
    expect(changes.map(({ code }) => code)).toEqual(['LONE_SURROGATE', 'NUL_REMOVED'])
    expect(read(note({ payload: { text: 'the member __proto__ of an object' } })).changes).toEqual([])
  })

  test('says where it was cut or read otherwise', () => {
    const tags = Array.from({ length: 100_000 }, (_, at) => `tag ${at}`)
    const cut = read(note({ payload: { text: 'a', tags } }))
    expect(cut.event?.payload['tags']).toEqual(tags.slice(0, 256))
    expect(cut.changes).toEqual([{ code: 'TAGS_CUT', reason: expect.stringContaining('100000 tags') }])
    const long = read(note({ payload: { text: `one ${'x'.repeat(1_000_000)} two` } }))
    expect(long.changes).toEqual([{ code: 'WORD_CUT', reason: expect.stringContaining('1000000 characters') }])
    expect(read(note({ id: 12 }))).toMatchObject({ event: { id: '12' }, changes: [{ code: 'ID_NUMBER' }] })
    expect(read(note({ ts: 1_700_000_000 })).changes).toMatchObject([{ code: 'TIME_SECONDS' }])
  })

  test('never throws, and never makes an event of a type that is not for a file', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { event, refusal } = read(text)
        expect(event === undefined).toBe(refusal !== undefined)
        expect(event === undefined || rules.types.has(event.type)).toBe(true)
      }),
    )
  })
})

describe('findings', () => {
  test('are all counted, and the first hundred kept, with the lines of the whole file', () => {
    const part = new Findings()
    for (let line = 1; line <= 150; line++) part.add({ line, code: line % 2 === 0 ? 'B' : 'A', reason: '' })
    const whole = new Findings()
    whole.merge({ count: 1, by_code: { A: 1 }, first: [{ line: 3, code: 'A', reason: '' }] }, 'f', 0)
    whole.merge(part.data(), 'f', 10)
    const { count, by_code, first } = whole.data()
    expect({ count, by_code, kept: first.length }).toEqual({ count: 151, by_code: { A: 76, B: 75 }, kept: 100 })
    expect(first[1]).toEqual({ file: 'f', line: 11, code: 'A', reason: '' })
  })
})

describe('loading', () => {
  async function loaded(bytes: Buffer, heard: Event[], limits = {}): Promise<{ engine: Engine; result: object }> {
    const types = { events: [NoteWritten, ChatSaid], effects: [] }
    const engine = await createEngine({ ...types, archetypes: [], systems: [], records: [], store: ram(), limits })
    engine.on('*', (event) => heard.push(event))
    await engine.start()
    const result = await load(engine, bytes, rulesOf(types, 4096))
    await engine.flushed()
    return { engine, result }
  }

  test('puts in what is right, names what is not, and goes on', async () => {
    const heard: Event[] = []
    const lines = [
      Buffer.from('\uFEFF'),
      Buffer.from(`${note({ id: 'one' })}\r\n`),
      Buffer.from('\n   \n'),
      Buffer.from('{"type":\n'),
      Buffer.from(`${note({ payload: { text: 7 } })}\n`),
      Buffer.from(`${note({ source: 'me' })}\n`),
      Buffer.from(`${note({ payload: undefined })}\n`),
      Buffer.from(`${note({ payload: { text: 'x'.repeat(4100) } })}\n`),
      Buffer.concat([Buffer.from('{"type":"note.written","id":"bytes","payload":{"text":"a'), Buffer.from([0xff])]),
      Buffer.from('b"}}\n'),
      Buffer.from(note({ id: 'last' })),
    ]
    const { engine, result } = await loaded(Buffer.concat(lines), heard)
    expect(result).toMatchObject({
      lines: 10,
      read: 3,
      refused: {
        count: 5,
        by_code: { NOT_JSON: 1, EVENT_INVALID: 3, LINE_TOO_LONG: 1 },
        first: [{ line: 4 }, { line: 5 }, { line: 6 }, { line: 7 }, { line: 8 }],
      },
      changed: { count: 1, first: [{ line: 9, code: 'NOT_UTF8' }] },
    })
    const notes = heard.filter(NoteWritten.is)
    expect(notes.map(({ id, payload }) => [id, payload['text']])).toEqual([
      ['one', 'Compost.'],
      ['bytes', 'a\uFFFDb'],
      ['last', 'Compost.'],
    ])
    await engine.stop()
  })

  test('waits where the world has no room, and loses nothing', async () => {
    const heard: Event[] = []
    const text = Array.from({ length: 500 }, (_, at) => note({ id: `n${at}` })).join('\n')
    const { engine, result } = await loaded(Buffer.from(text), heard, { inbox_max: 8, batch_max: 4 })
    expect(result).toMatchObject({ lines: 500, read: 500, refused: { count: 0 } })
    expect(heard.filter(NoteWritten.is).map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_, at) => `n${at}`))
    await engine.stop()
  })
})
