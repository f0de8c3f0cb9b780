import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAheadBlocks, unread } from '../../adapters/cli/ingest/ahead.ts'
import { blocksOf } from '../../adapters/cli/ingest/blocks.ts'
import { load } from '../../adapters/cli/ingest/loader.ts'
import { rulesOf } from '../../adapters/cli/ingest/rules.ts'
import type { Event } from '../../engine/flow/event.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { type Readings, readAhead, readAheadOf } from '../../systems/memory/ahead.ts'
import { noon_ms, remembering } from '../support/memory.ts'

const rules = rulesOf(mind(), 65_536)

/** Sentences of names, paths, numbers, questions and other scripts, and now and then something quite different. */
const text = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.constantFrom(...words()), { maxLength: 60 }).map((list) => list.join(' ')) },
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constant('Long ago. '.repeat(2000)),
)
function words(): string[] {
  return 'Ada met Charles Babbage in London yesterday? docs/a.md failed: timeout 42 https://example.org/x 東京 über readWords #garden 2023-05-07 Mrs. Smith said: no! ERR_FULL'.split(
    ' ',
  )
}
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        type: fc.constantFrom('chat.message', 'note.written', 'discord.message.new'),
        id: fc.nat(30).map(String),
        ts: fc.constantFrom(0, noon_ms, noon_ms + 5000),
        source: fc.record({ kind: fc.constantFrom('chat', 'file'), author: fc.constantFrom('Ada', 'Bob') }),
        payload: fc.oneof(
          fc.record({ text }),
          fc.record({
            text,
            title: fc.constantFrom('', 'Charles'),
            tags: fc.array(fc.constantFrom('build', '#x'), { maxLength: 3 }),
          }),
        ),
      })
      .map((event) => JSON.stringify(event)),
  },
  fc.constantFrom('', 'no json', '{"type":"chat.message"}'),
)

async function worldOf(
  lines: readonly string[],
  ahead: boolean,
): Promise<{ digest: string; mark: object; taken: number }> {
  const bytes = Buffer.from(lines.join('\n'))
  const engine = await remembering(ram())
  const known = readAheadOf(engine.world)
  let taken = 0
  const { take } = known
  known.take = (draft) => {
    const reading = take.call(known, draft)
    if (reading !== undefined) taken++
    return reading
  }
  const readings = ahead ? (structuredClone(readAhead(lines.map(eventIn))) as Readings) : undefined
  await load(engine, bytes, rules, { readings, now_ms: noon_ms })
  await engine.step()
  await engine.step()
  return { digest: engine.digest(), mark: engine.mark(), taken }
}

function eventIn(given: string): Event | undefined {
  if (!given.includes('payload')) return undefined
  return JSON.parse(given) as Event
}

test('whoever reads a text, and whenever, the world is the same to the last bit', async () => {
  let taken = 0
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 40 }), async (lines) => {
      const here = await worldOf(lines, false)
      const there = await worldOf(lines, true)
      taken += there.taken
      expect([there.digest, there.mark]).toEqual([here.digest, here.mark])
      expect(here.taken).toBe(0)
    }),
    { numRuns: 60 },
  )
  expect(taken).toBeGreaterThan(100)
})

test('blocks come in their order, read by the thread or not, and every line has its own reading', async () => {
  const lines = Array.from({ length: 900 }, (_, at) =>
    JSON.stringify({ type: 'note.written', id: `n${at}`, ts: noon_ms, payload: { text: `Note ${at} about Charles.` } }),
  )
  const source = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < lines.length; at += 90) yield Buffer.from(`${lines.slice(at, at + 90).join('\n')}\n`)
  }
  const plain: string[] = []
  for await (const { block } of unread(blocksOf(source(), 1000))) plain.push(String(block.lines))
  const read: string[] = []
  let byThread = 0
  for await (const { block, readings } of readAheadBlocks(blocksOf(source(), 1000), rules)) {
    read.push(String(block.lines))
    if (readings === undefined) continue
    byThread++
    expect(readings.has).toHaveLength(90)
    expect(readings.has.every((has) => has === 1)).toBe(true)
  }
  expect(read).toEqual(plain)
  expect(byThread).toBeGreaterThan(0)
}, 20_000)
