import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { flat } from '../../stores/flat.ts'
import { ram } from '../../stores/ram.ts'
import { Memory } from '../../systems/components.ts'
import { recompute } from '../../systems/recall/recompute.ts'
import { settings } from '../../systems/recall/settings.ts'
import { lanesOf, type RecallOptions, recall } from '../../systems/recall.ts'
import { found, noon_ms, order, remembering, tell } from '../support/memory.ts'

const day_ms = 86_400_000

/** Notes and talk about a mill, in which every filter has something to let through and something to keep out. */
async function mill(): Promise<Engine> {
  const engine = await remembering(ram())
  const note = { type: 'note.written', kind: 'note', channel: '', author: '' } as const
  await tell(
    engine,
    { ...note, id: 'mill', title: 'Holm Mill', text: 'Holm Mill is a watermill on the Ribe, built by Karen Brandt.' },
    {
      ...note,
      id: 'brandt',
      title: 'Karen Brandt',
      text: 'Karen Brandt was born in Tarm and learned carpentry there.',
    },
    {
      ...note,
      id: 'tarm',
      title: 'Tarm',
      text: 'Tarm is a town in the west, on the railway to Varde.',
      tags: ['town'],
    },
    { id: 'asked', text: 'Did you repair the sluice of the watermill?', thread: 'repairs', author: 'Ada' },
    {
      id: 'answered',
      text: 'Yes, on Monday, with oak boards.',
      thread: 'repairs',
      author: 'Ben',
      ts: noon_ms + day_ms,
    },
    { id: 'valve', text: 'The valve of the pump leaks again.', channel: 'garden', author: 'Ben', tags: ['pump'] },
    { id: 'timeless', text: 'Nobody knows when the pump was bought.', ts: 0 },
  )
  return engine
}

const ids = (engine: Engine, query: string, options: RecallOptions = {}): string[] =>
  recall(engine, query, options).hits.map(({ id }) => id)

describe('What is found', () => {
  test('by its words, by the question it answers, and along the names it shares', async () => {
    const engine = await mill()
    expect(found(engine, 'leaking valve')[0]).toBe('valve')
    expect(found(engine, 'who repaired the sluice?').slice(0, 2)).toContain('answered')
    const hit = recall(engine, 'Where was the builder of Holm Mill born?').hits.find(({ id }) => id === 'brandt')
    expect(hit?.lanes).toContain('walk')
    expect(hit?.path).toEqual(['note 1', 'ent:karen brandt', 'note 2'])
    await engine.stop()
  })

  test('by who said it, when the query names nobody and nothing else', async () => {
    const engine = await mill()
    expect(ids(engine, 'Ben').slice(0, 2).sort()).toEqual(['answered', 'valve'])
    expect(ids(engine, 'what about Ada?').slice(0, 2)).toContain('asked')
    expect(recall(engine, 'who is ben').answered).toBe(true)
    for (const hit of recall(engine, 'Ben', { explain: true }).hits) {
      expect(recompute(hit.explanation!).score).toBeCloseTo(hit.score, 9)
    }
    await engine.stop()
  })

  test('and what is not known is said not to be', async () => {
    const engine = await mill()
    expect(recall(engine, 'leaking valve of the pump').answered).toBe(true)
    const unknown = recall(engine, 'orbital period of Neptune')
    expect(unknown.answered).toBe(false)
    expect(unknown.confidence).toBeLessThan(settings.answered)
    await engine.stop()
  })

  test('nothing for an empty query, one of stop words, and in an empty memory', async () => {
    const engine = await mill()
    for (const query of ['', '   ', 'the of and', '?!']) {
      expect(recall(engine, query)).toMatchObject({ answered: false, hits: [] })
    }
    await engine.stop()
    const empty = await remembering(ram())
    expect(recall(empty, 'mill')).toMatchObject({ answered: false, confidence: 0, hits: [] })
    await empty.stop()
  })

  test('whatever the query: 100,000 characters, or more hits than there are memories', async () => {
    const engine = await mill()
    expect(ids(engine, `valve ${'x'.repeat(100_000)}`)[0]).toBe('valve')
    expect(ids(engine, `valve ${'pump '.repeat(20_000)}`)).toContain('valve')
    const all = ids(engine, 'mill pump valve Tarm', { hits_max: 1000 })
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBeLessThanOrEqual(7)
    for (const hits_max of [0, 1.5, 1001, Number.NaN]) {
      expect(() => recall(engine, 'mill', { hits_max })).toThrow(expect.objectContaining({ code: 'RECALL_OPTION' }))
    }
    await engine.stop()
  })
})

describe('A filter', () => {
  const query = 'watermill sluice valve pump town Holm Mill bought oak boards'
  const cases: readonly [string, RecallOptions, readonly string[]][] = [
    ['kind', { kinds: ['note'] }, ['brandt', 'mill', 'tarm']],
    ['tag', { tags: ['pump'] }, ['valve']],
    ['tags, all of them', { tags: ['pump', 'town'] }, []],
    ['channel', { channel: 'garden' }, ['valve']],
    ['thread', { thread: 'repairs' }, ['answered', 'asked']],
    ['author', { author: 'Ben' }, ['answered', 'valve']],
    ['author, and a channel', { author: 'Ben', channel: 'garden' }, ['valve']],
    ['time, from', { from_ms: noon_ms + 1 }, ['answered']],
    ['a name nobody has', { author: 'Zoe' }, []],
  ]
  test.each(cases)('lets through exactly what it names: %s', async (_, options, expected) => {
    const engine = await mill()
    expect(ids(engine, query, { ...options, hits_max: 100 }).sort()).toEqual(expected)
    await engine.stop()
  })

  test('of time keeps out what has none, and ends before its end', async () => {
    const engine = await mill()
    expect(ids(engine, query, { to_ms: noon_ms + day_ms, hits_max: 100 })).not.toContain('timeless')
    expect(ids(engine, query, { to_ms: noon_ms + day_ms, hits_max: 100 })).not.toContain('answered')
    expect(ids(engine, query, { from_ms: noon_ms, to_ms: noon_ms + 1 })).not.toContain('answered')
    expect(ids(engine, 'when was the pump bought')).toContain('timeless')
    await engine.stop()
  })

  test('that nobody knows is refused by name', async () => {
    const engine = await mill()
    const refused = expect.objectContaining({ code: 'RECALL_OPTION' })
    expect(() => recall(engine, 'mill', { kinds: ['postcard'] })).toThrow(refused)
    expect(() => recall(engine, 'mill', { circuit: 'no such' })).toThrow(refused)
    expect(() => recall(engine, 'mill', { from_ms: Number.NaN })).toThrow(refused)
    await engine.stop()
  })
})

describe('One hit', () => {
  const page = (version: string): string =>
    `${version}. ${Array.from({ length: 60 }, (_, at) => `Line ${at} tells how the pump ${at * 7} is primed.`).join(' ')}`

  test('for a document of many parts, with the part that answers', async () => {
    const engine = await remembering(ram())
    const parts = Array.from({ length: 120 }, (_, at) => `## Step ${at}\n\nTurn screw ${at} and wait a while.`)
    parts[90] = '## Step 90\n\nThe turquoise lamp means that the boiler is dry.'
    await tell(engine, { type: 'note.written', kind: 'note', id: 'manual', title: 'Manual', text: parts.join('\n\n') })
    expect(engine.world.of(Memory).chunks[1]).toBeGreaterThan(1)
    const { hits } = recall(engine, 'turquoise lamp boiler')
    expect(hits.map(({ id }) => id)).toEqual(['manual'])
    expect(hits[0]?.text).toContain('turquoise')
    await engine.stop()
  })

  test('for a family of near duplicates, with the others named', async () => {
    const engine = await remembering(ram())
    const note = { type: 'note.written', kind: 'note' } as const
    for (const version of ['1', '2', '3']) {
      await tell(engine, { ...note, id: `v${version}`, title: 'Priming the pump', text: page(`Version ${version}`) })
    }
    const { hits } = recall(engine, 'how is the pump primed')
    expect(hits).toHaveLength(1)
    expect(hits[0]?.family).toHaveLength(2)
    expect([hits[0]!.id, ...hits[0]!.family.map(({ id }) => id)].sort()).toEqual(['v1', 'v2', 'v3'])
    await engine.stop()
  })

  test('says in words where it came from, and its score can be made anew from its explanation', async () => {
    const engine = await mill()
    const { hits } = recall(engine, 'Where was the builder of Holm Mill born?', { explain: true })
    expect(hits.length).toBeGreaterThan(2)
    for (const { score, parts, lanes, path, explanation } of hits) {
      expect(lanes.length).toBeGreaterThan(0)
      expect(path.length % 2).toBe(1)
      expect(recompute(explanation!).score).toBeCloseTo(score, 9)
      for (const { from } of parts) expect(from).toBeDefined()
    }
    expect(recall(engine, 'mill').hits[0]).not.toHaveProperty('explanation')
    await engine.stop()
  })

  test('is gone when its memory is hidden or forgotten', async () => {
    const engine = await mill()
    await order(engine, 'hide', 2)
    await order(engine, 'forget', 6)
    expect(ids(engine, 'Where was the builder of Holm Mill born? Karen Brandt')).not.toContain('brandt')
    expect(ids(engine, 'leaking valve of the pump')).not.toContain('valve')
    await engine.stop()
  })
})

test('A vector brings what no word does, and its part is explained like the others', async () => {
  const engine = await mill()
  const vector = Float32Array.of(1, 0)
  const query = 'trains'
  expect(ids(engine, query, { vector })).toEqual([])
  const meant = flat({ dimensions: 2, model: 'test' })
  for (let row = 1; row <= engine.world.rows(Memory); row++) meant.add(row, Float32Array.of(row === 3 ? 1 : 0.1, 1))
  lanesOf(engine.world).canonical = meant
  const { hits } = recall(engine, query, { vector, explain: true })
  expect(hits[0]).toMatchObject({ id: 'tarm', lanes: ['canonical'], path: ['note 3'] })
  for (const { score, explanation } of hits) expect(recompute(explanation!).score).toBeCloseTo(score, 9)
  expect(ids(engine, query, { vector, kinds: ['discord'] })).not.toContain('tarm')
  await engine.stop()
})

test('Settings are given for one recall and change nothing after it', async () => {
  const engine = await mill()
  const query = 'Where was the builder of Holm Mill born?'
  const before = recall(engine, query)
  const still = recall(engine, query, {}, { ...settings, walkers_max: 0 })
  expect(still.hits.every(({ lanes }) => !lanes.includes('walk'))).toBe(true)
  expect(recall(engine, query).hits).toEqual(before.hits)
  await engine.stop()
})
