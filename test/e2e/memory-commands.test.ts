import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Summary } from '../../adapters/cli/ingest/summary.ts'
import { cleanUp, linesOf, Place } from '../support/daemon.ts'
import { asLines, conversation } from '../support/kitchen.ts'

afterEach(cleanUp)

/** Each command is a process of its own; on a busy machine a dozen of them take a while. */
const patience_ms = 120_000

function kitchen(): { place: Place; file: string } {
  const place = new Place()
  const file = join(place.folder, 'kitchen.jsonl')
  writeFileSync(file, asLines(conversation))
  return { place, file }
}

async function ingested(place: Place, ...files: string[]): Promise<Summary> {
  return (await place.json(['ingest', ...files])) as unknown as Summary
}

test('ingest takes a file in once, recall finds it, and replay knows it', { timeout: patience_ms }, async () => {
  const { place, file } = kitchen()
  const none = { refused: [], refused_count: 0, changed_count: 0, no_room: 0, pending: { lexical: 0, vectors: 0 } }
  expect(await ingested(place, file)).toMatchObject({ ...none, files: 1, lines: 5, read: 5, stored: 5, duplicates: 0 })
  expect(await ingested(place, file)).toMatchObject({ ...none, read: 5, stored: 0, duplicates: 5 })
  const queries = join(place.folder, 'queries.jsonl')
  writeFileSync(queries, '{"query": "blue bowl"}\n\nnot json\n{"query": "rye flour", "gold": ["n1"]}\n')
  const done = await place.run(['recall', '--queries', queries, '-k', '1', '--json'])
  expect(done).toMatchObject({ code: 65, err: `${queries}:3: not {"query": "<text>"}\n` })
  const lines = linesOf(done.out)
  expect(lines).toMatchObject([
    {
      query: 'blue bowl',
      answered: true,
      hits: [{ id: 'k3', memory_id: 3, text: expect.stringContaining('blue bowl') }],
    },
    { query: 'rye flour', answered: true, hits: [{ id: 'n1' }] },
  ])
  const [hit] = lines[0]!['hits'] as object[]
  expect(Object.keys(hit!).sort()).toEqual(['id', 'lanes', 'memory_id', 'path', 'score', 'text'])
  const asked = await place.run(['ask', 'who broke the blue bowl?'])
  expect(asked).toMatchObject({ code: 0, err: '' })
  expect(asked.out).toMatch(/^“I broke the blue bowl this morning\.”\n {2}— Ada, kitchen · k3 · 2026-01-31 · #3/)
  const other = await place.run(['ask', 'which submarine telescope did Zebulon calibrate?'])
  expect(other.out).toMatch(/^Nothing found/)
  const out = join(place.folder, 'all.jsonl')
  expect(await place.json(['memory', 'export', '--out', out])).toEqual({ out, memories: 5 })
  expect(linesOf(readFileSync(out, 'utf8'))).toEqual(conversation)
  expect((await place.run(['explain', 'k3'])).out).toMatch(
    /^ {2}author:ada +in its metadata +2 mentions, also #1 When/m,
  )
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true, memories: 5 })
})

test('what is wrong in a file is refused by name, and the rest goes in', { timeout: patience_ms }, async () => {
  const { place, file } = kitchen()
  const hostile = join(place.folder, 'hostile.jsonl')
  const bad = [
    'no json',
    '{"type":"memory.order","payload":{"order":"forget","memory_id":1}}',
    '{"type":"note.written","payload":{"text":"a","__proto__":{"admin":true}}}',
    JSON.stringify({ type: 'note.written', ts: 253_402_300_799_000, payload: { text: 'from the year 9999' } }),
    JSON.stringify({ type: 'note.written', payload: { text: 'x'.repeat(9_000_000) } }),
    JSON.stringify({ type: 'note.written', ts: 1_700_000_000, payload: { text: 'the last one is \u001b[31mright' } }),
  ]
  writeFileSync(hostile, `${bad.join('\n')}\n`)
  const done = await place.run(['ingest', file, hostile, '--json'])
  expect(done).toMatchObject({ code: 65, err: '' })
  const summary = JSON.parse(done.out) as Summary
  expect(summary).toMatchObject({ files: 2, lines: 11, read: 6, stored: 6, refused_count: 5, changed_count: 1 })
  expect(summary.refused.map((finding) => [finding.file, finding.line, finding.code])).toEqual([
    [hostile, 1, 'NOT_JSON'],
    [hostile, 2, 'TYPE_NOT_ALLOWED'],
    [hostile, 3, 'MEMBER_FORBIDDEN'],
    [hostile, 4, 'TIME_FUTURE'],
    [hostile, 5, 'LINE_TOO_LONG'],
  ])
  const told = await place.run(['ingest', hostile])
  expect(told.code).toBe(65)
  expect(told.out).toMatch(/^refused 5: LINE_TOO_LONG 1, MEMBER_FORBIDDEN 1, NOT_JSON 1, TIME_FUTURE 1, TYPE_/m)
  expect(told.out).toContain(`${hostile}:5: LINE_TOO_LONG: it has `)
  const shown = await place.run(['recall', 'the last one'])
  expect(shown.out).toContain('the last one is \\u{1b}[31mright')
  expect(shown.out).not.toContain('\u001b')
})

test('what makes no sense is told before anything is opened', { timeout: patience_ms }, async () => {
  const place = new Place()
  expect(await place.run(['ingest'])).toMatchObject({ code: 64 })
  expect(await new Place().run(['recall']), 'before there is a record').toMatchObject({ code: 64 })
  expect(await place.run(['ingest', join(place.folder, 'none.jsonl')])).toMatchObject({ code: 65 })
  expect(await place.run(['recall', 'x', '--kind', 'song'])).toMatchObject({ code: 64 })
  expect(await place.run(['memory', 'sing', '3'])).toMatchObject({ code: 64 })
  expect(await place.run(['memory', 'show', '3'])).toMatchObject({ code: 65 })
  expect(await place.run(['eval', place.notes])).toMatchObject({ code: 65 })
})

test('a running daemon gives the same answers as its record', { timeout: patience_ms }, async () => {
  const { place, file } = kitchen()
  place.note('garden.md', '# Garden\n\nTomatoes want lime against blossom end rot.\n')
  const daemon = await place.start()
  await daemon.settled(({ memories }) => memories === 1)
  expect(await ingested(place, file)).toMatchObject({ read: 5, stored: 5, pending: { lexical: 0 } })
  expect(await ingested(place, file)).toMatchObject({ stored: 0, duplicates: 5 })
  const recall = ['recall', 'what do tomatoes want against rot?', '--explain']
  const live = await place.json(recall)
  expect(live).toMatchObject({ answered: true, hits: [{ id: 'garden.md' }] })
  const audit = await place.json(['audit'])
  expect(await place.json(['memory', 'pin', 'garden.md'])).toMatchObject({ done: true })
  const refused = await place.run(['recall', 'x', '--circuit', 'nowhere'])
  expect(refused).toMatchObject({ code: 64, err: expect.stringContaining('circuit') })
  expect(await daemon.stop()).toMatchObject({ code: 0 })
  expect(await place.json(recall)).toEqual(live)
  expect(await place.json(['audit'])).toEqual(audit)
  expect(await place.json(['memory', 'show', 'garden.md'])).toMatchObject({
    pinned: true,
    text: expect.stringContaining('Tomatoes want lime'),
  })
})
