import { describe, expect, test } from 'vitest'
import { search } from '../../adapters/search.ts'
import type { Adapter } from '../../engine/flow/adapter.ts'
import type { Engine } from '../../engine/index.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { Compaction, Plan, PlanState, Question } from '../../systems/compact/columns.ts'
import { Deleted, Memory, MemoryKind, Trust } from '../../systems/components.ts'
import { DiscordChannel } from '../../systems/discord/columns.ts'
import { compacting, conversation, day_ms, pass, planStates, tellDays } from '../support/compact.ts'
import {
  alive,
  drained,
  found,
  gauge,
  line,
  noon_ms,
  order,
  remembering,
  tell,
  textAt,
  whole,
} from '../support/memory.ts'

const later_ms = noon_ms + 60 * day_ms

/** An engine with its own search, and some days of talk that nobody needs any more. */
async function talked(days = 3, store: RamStore = ram(), adapters: readonly Adapter[] = [search()]): Promise<Engine> {
  const engine = await remembering(store, { adapters })
  await tellDays(engine, days)
  return engine
}

function summaries(engine: Engine): number[] {
  const { kind } = engine.world.of(Memory)
  return alive(engine).filter((row) => kind[row] === MemoryKind.summary)
}

function membersOf(engine: Engine, plan: number): number[] {
  return JSON.parse(engine.read('plan', plan) ?? '[]') as number[]
}

/** Everything a memory is, in columns and records. */
function stateOf(engine: Engine): string {
  const columns = engine.world.of(Memory)
  const names = [
    'deleted',
    'pinned',
    'replaced_by',
    'usage_total',
    'thread',
    'channel',
    'author',
    'first_edge',
  ] as const
  const rows = whole(engine).filter((row) => columns.kind[row] !== MemoryKind.summary)
  return JSON.stringify(
    rows.map((row) => [row, ...names.map((name) => columns[name][row]), textAt(engine, row), engine.read('meta', row)]),
  )
}

async function undo(engine: Engine, plan: number): Promise<void> {
  engine.publish({ type: 'compact.order', source: { kind: 'operator' }, payload: { order: 'undo', plan } })
  await drained(engine)
}

describe('A pass', () => {
  test('puts a summary in place of each old conversation, and what was said in it is found by it', async () => {
    const engine = await talked()
    const before = gauge(engine, 'memories')
    await compacting(engine)
    await pass(engine, later_ms)
    expect(planStates(engine)).toEqual([PlanState.kept, PlanState.kept, PlanState.kept])
    expect(summaries(engine)).toHaveLength(3)
    expect(alive(engine)).toEqual(summaries(engine))
    expect(gauge(engine, 'memories')).toBe(before - 24 + 3)
    const [first] = summaries(engine)
    const text = textAt(engine, first!)
    expect(text.split('\n').every((line) => /^- (Ada|Melanie): /.test(line))).toBe(true)
    expect(found(engine, 'the telescope in Turin')).toContain('summary/1')
    const { units_before, units_after } = engine.world.of(Plan)
    expect(units_after[1]).toBeLessThan(units_before[1]! / 2)
    const { trust, thread, replaced_by } = engine.world.of(Memory)
    expect(trust[first!]).toBe(Trust.person)
    for (const member of membersOf(engine, 1)) {
      expect(replaced_by[member]).toBe(first)
      expect(thread[member]).toBe(thread[first!])
    }
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('leaves alone what is young, pinned, used, secret, or said in a locked channel', async () => {
    const engine = await talked(1)
    await order(engine, 'pin', 2)
    engine.publish({ type: 'memory.used', payload: { memory_ids: [3] } })
    await tell(engine, {
      ...conversation('session 0', 0)[0]!,
      text: 'The password is hunter2: password=Xk29!fjq0aZ',
      id: 'secret',
    })
    await compacting(engine)
    await pass(engine, noon_ms + 13 * day_ms)
    expect(planStates(engine), 'nothing is old enough').toEqual([])
    await pass(engine, noon_ms + 15 * day_ms)
    expect(membersOf(engine, 1)).toEqual([1, 4, 5, 6, 7, 8])
    await engine.stop()
  })

  test('keeps what MCP clients said apart: one of them may be private', async () => {
    const engine = await talked(0)
    const said = [...conversation('desk', 0), ...conversation('desk', 0)].map((each, at) =>
      line({ ...each, text: `${each.text} Thing ${at}.`, kind: 'mcp', author: at % 2 === 0 ? 'diary' : 'reader' }),
    )
    await tell(engine, ...said)
    await compacting(engine)
    await pass(engine, later_ms)
    const [summary] = summaries(engine)
    const { source } = JSON.parse(engine.read('meta', summary!) ?? '{}') as { source: object }
    expect(source).toMatchObject({ kind: 'mcp', author: 'diary' })
    expect(textAt(engine, summary!)).not.toMatch(/reader:/)
    await engine.stop()
  })

  test('leaves nothing out of a locked channel', async () => {
    const engine = await talked(1)
    const channels = [{ id: '7', name: 'general', locked: true, embed: 'all', speak: 'never' }]
    engine.publish({ type: 'config.set', payload: { policy: { compact: {}, discord: { channels } } } })
    const seen = { channel: '7', state: 'caught_up', name: 'general' }
    engine.publish({ type: 'discord.channel', source: { kind: 'discord', channel: '7' }, payload: seen })
    await drained(engine)
    expect(engine.world.rows(DiscordChannel)).toBe(1)
    await pass(engine, later_ms)
    expect(planStates(engine)).toEqual([])
    await engine.stop()
  })

  test('is off until the policy wants it, and ends when it wants it no more', async () => {
    const engine = await talked(1)
    await engine.step(later_ms)
    for (let n = 0; n < 20; n++) await engine.step()
    expect(engine.world.rows(Plan)).toBe(0)
    await compacting(engine)
    await engine.step()
    engine.publish({ type: 'config.set', payload: { policy: {} } })
    await pass(engine, later_ms + 1_000)
    expect(summaries(engine)).toEqual([])
    expect(alive(engine)).toHaveLength(8)
    await engine.stop()
  })

  test('an order that does not come from the operator changes nothing', async () => {
    const engine = await talked(1)
    await compacting(engine)
    await pass(engine, later_ms)
    const payload = { order: 'undo', plan: 1 }
    engine.publish({ type: 'compact.order', source: { kind: 'chat' }, payload })
    engine.publish({
      type: 'memory.restored',
      source: { kind: 'chat' },
      payload: { plan: 1, memory_id: summaries(engine)[0]!, memory_ids: [1] },
    })
    await drained(engine)
    expect(planStates(engine)).toEqual([PlanState.kept])
    expect(summaries(engine)).toHaveLength(1)
    await engine.stop()
  })
})

describe('Taking back', () => {
  test('gives every byte back, and the same group is left alone from then on', async () => {
    const engine = await talked(2)
    const before = stateOf(engine)
    const alive_before = alive(engine)
    const memories = gauge(engine, 'memories')
    await compacting(engine)
    await pass(engine, later_ms)
    expect(stateOf(engine)).not.toBe(before)
    await undo(engine, 1)
    await undo(engine, 2)
    expect(stateOf(engine)).toBe(before)
    expect(alive(engine)).toEqual(alive_before)
    expect(gauge(engine, 'memories')).toBe(memories)
    expect(planStates(engine)).toEqual([PlanState.undone, PlanState.undone])
    await pass(engine, later_ms + 2 * day_ms)
    expect(planStates(engine)).toHaveLength(2)
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('a round after which the last questions find less is taken back', async () => {
    const lost = new Set<number>()
    let asked = 0
    const blind: Adapter = {
      name: 'blind',
      effects: {
        'memory.recall': () => {
          const hit = { id: 'x', memory_id: 5, score: 1, lanes: [], path: [], text: '', title: '' }
          // Found before the round, and neither itself nor what stands for it after it.
          return asked++ === 0
            ? { answered: true, confidence: 1, hits: [hit] }
            : { answered: true, confidence: 1, hits: [...lost] }
        },
      },
    } as unknown as Adapter
    const engine = await talked(1, ram(), [blind])
    const before = stateOf(engine)
    await compacting(engine)
    engine.publish({ type: 'memory.used', payload: { memory_ids: [], query: 'what about the loom?' } })
    await drained(engine)
    expect(engine.world.rows(Question)).toBe(1)
    const checked: unknown[] = []
    engine.on('compact.checked', ({ payload }) => void checked.push(payload))
    await pass(engine, later_ms)
    expect(asked).toBe(2)
    expect(checked).toEqual([{ first: 1, last: 1, questions: 1, found: 1, kept: 0, accepted: false }])
    expect(planStates(engine)).toEqual([PlanState.refused])
    expect(stateOf(engine)).toBe(before)
    await engine.stop()
  })

  test('a round after which they find the same, or the summary instead, stands', async () => {
    const engine = await talked(2)
    await compacting(engine)
    engine.publish({ type: 'memory.used', payload: { memory_ids: [], query: 'the telescope in Turin' } })
    await pass(engine, later_ms)
    expect(planStates(engine)).toEqual([PlanState.kept, PlanState.kept])
    const { found: before, kept } = engine.world.of(Compaction)
    expect(before[1]).toBeGreaterThan(4)
    expect(kept[1]).toBe(before[1])
    await engine.stop()
  })
})

describe('Forgetting', () => {
  const recordOf = (engine: Engine, store: RamStore): string =>
    ['text', 'meta', 'key', 'summary', 'plan']
      .flatMap((table) => [...store.keys(table)].map((row) => engine.read(table, row) ?? ''))
      .join('\n')

  /** A summary that quotes the ninth of its members. */
  async function quoted(): Promise<{ engine: Engine; store: RamStore }> {
    const store = ram()
    const engine = await talked(1, store)
    await tell(engine, {
      ...conversation('session 0', 0)[0]!,
      text: 'Zacharias Quandt keeps the herons of Zanzibar in Ghent.',
      id: 'quandt',
    })
    await compacting(engine)
    await pass(engine, later_ms)
    return { engine, store }
  }

  test('a memory takes the summary that quotes it along, and gives the others back', async () => {
    const { engine, store } = await quoted()
    const [summary] = summaries(engine)
    expect(textAt(engine, summary!)).toContain('Quandt')
    await order(engine, 'forget', 9)
    await engine.dropPast()
    expect(summaries(engine)).toEqual([])
    expect(alive(engine)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(planStates(engine)).toEqual([PlanState.forgotten])
    for (const word of ['quandt', 'zanzibar']) expect(recordOf(engine, store).toLowerCase()).not.toContain(word)
    expect(engine.world.of(Memory).deleted[summary!]).toBe(Deleted.forgotten)
    expect((await engine.replay()).identical).toBe(true)
    await pass(engine, later_ms + 2 * day_ms)
    expect(summaries(engine), 'what is left is put together again').toHaveLength(1)
    await engine.stop()
  })

  test('has nothing to take along where nobody compacts: no question is kept', async () => {
    const engine = await talked(1)
    engine.publish({ type: 'memory.used', payload: { memory_ids: [], query: 'the loom' } })
    await drained(engine)
    expect(engine.world.rows(Question)).toBe(0)
    await engine.stop()
  })

  test('takes the questions along that may quote it', async () => {
    const store = ram()
    const engine = await talked(1, store)
    await compacting(engine)
    for (const query of ['who is Zacharias Quandt?', 'the loom']) {
      engine.publish({ type: 'memory.used', payload: { memory_ids: [], query } })
    }
    await drained(engine)
    expect(engine.read('question', 1)).toContain('Quandt')
    await order(engine, 'forget', 1)
    for (const row of [1, 2]) expect(engine.read('question', row)).toBe('')
    engine.publish({ type: 'memory.used', payload: { memory_ids: [], query: 'the loom' } })
    await drained(engine)
    expect(engine.read('question', 3)).toBe('the loom')
    await pass(engine, later_ms)
    expect(planStates(engine)).toEqual([PlanState.kept])
    await engine.dropPast()
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('a memory takes summaries along that were taken back long ago', async () => {
    const { engine, store } = await quoted()
    await undo(engine, 1)
    await order(engine, 'forget', 9)
    expect(recordOf(engine, store).toLowerCase()).not.toContain('quandt')
    await engine.stop()
  })

  test('a summary takes what it stands for along', async () => {
    const store = ram()
    const engine = await talked(1, store)
    await compacting(engine)
    await pass(engine, later_ms)
    await order(engine, 'forget', summaries(engine)[0]!)
    expect(alive(engine)).toEqual([])
    expect(gauge(engine, 'memories')).toBe(0)
    expect(recordOf(engine, store)).not.toContain('telescope')
    await engine.stop()
  })
})

describe('Purging', () => {
  const recordOf = (engine: Engine, store: RamStore): string =>
    ['text', 'meta'].flatMap((table) => [...store.keys(table)].map((row) => engine.read(table, row) ?? '')).join('\n')

  /** What the desk does, step by step: the order alone. */
  async function ordered(engine: Engine, before_ms: number, kind = 'operator'): Promise<void> {
    engine.publish({ type: 'compact.order', source: { kind }, payload: { order: 'purge', before_ms } })
    await drained(engine)
  }

  test('leaves the summary alone of what was put in place long enough ago, and what was said is known again', async () => {
    const store = ram()
    const engine = await talked(1, store)
    const lines = conversation('session 0', 0).map((each) => line(each))
    await tell(engine, ...lines)
    await compacting(engine)
    await pass(engine, later_ms)
    const [summary] = summaries(engine)
    const stood = membersOf(engine, 1)
    await ordered(engine, later_ms - 1)
    await ordered(engine, later_ms + day_ms, 'chat')
    expect(planStates(engine)).toEqual([PlanState.kept])
    await engine.snapshot()
    await ordered(engine, later_ms + day_ms)
    expect(planStates(engine)).toEqual([PlanState.purged])
    for (const member of stood) expect(textAt(engine, member)).toBe('')
    expect(textAt(engine, summary!)).not.toBe('')
    expect(alive(engine)).toEqual([summary])
    expect(recordOf(engine, store)).not.toContain(
      'you know how it goes with these things, it is what it is. I took the kayak number 00',
    )
    await undo(engine, 1)
    expect(alive(engine)).toEqual([summary])
    await tell(engine, ...lines)
    expect(whole(engine), 'what comes again is not news').toHaveLength(stood.length + 1)
    await engine.dropPast()
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('a crash right after it leaves a record that recovers', async () => {
    const store = ram()
    const engine = await talked(2, store)
    await compacting(engine)
    await pass(engine, later_ms)
    await engine.snapshot()
    await ordered(engine, later_ms + day_ms)
    const digest = engine.digest()
    store.crash()
    const again = await remembering(store, { adapters: [search()] })
    expect(again.digest()).toBe(digest)
    expect(planStates(again)).toEqual([PlanState.purged, PlanState.purged])
    await again.stop()
  })
})

describe('A model', () => {
  const model = (answer: (rows: readonly number[]) => string): Adapter => ({
    name: 'model',
    effects: {
      'llm.chat': async (request) => {
        const { messages } = request as { messages: { content: { messages: { id: number }[] } }[] }
        const rows = messages[1]!.content.messages.map(({ id }) => id)
        return { content: answer(rows), model: 'm', finish: 'stop' }
      },
    },
  })
  const summary = (sources: readonly number[]): string =>
    JSON.stringify({
      topic: 'Travels',
      bullets: [{ text: 'Ada took a kayak to Lisbon.', sources }],
      decisions: ['Sell the loom'],
      open_loops: [],
      patterns: [],
      entities: ['Lisbon'],
    })

  test('words the summary, when it keeps to the schema', async () => {
    const engine = await talked(1, ram(), [search(), model((rows) => summary(rows.slice(0, 2)))])
    await compacting(engine, { model: true })
    await pass(engine, later_ms)
    expect(engine.world.of(Plan).by_model[1]).toBe(1)
    expect(textAt(engine, summaries(engine)[0]!)).toContain('- Ada took a kayak to Lisbon.\nDecided: Sell the loom')
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test.each([
    ['names a memory of nobody knows where', summary([999])],
    ['is no JSON', 'I am sorry, Dave.'],
    [
      'has no bullets',
      JSON.stringify({ topic: 'x', bullets: [], decisions: [], open_loops: [], patterns: [], entities: [] }),
    ],
  ])('that %s is not believed: the summary is made of the memories', async (_, answer) => {
    const engine = await talked(1, ram(), [search(), model(() => answer)])
    await compacting(engine, { model: true })
    await pass(engine, later_ms)
    expect(engine.world.of(Plan).by_model[1]).toBe(0)
    expect(planStates(engine)).toEqual([PlanState.kept])
    await engine.stop()
  })

  test('is not waited for when it was told of something that is forgotten meanwhile', async () => {
    const store = ram()
    const silent: Adapter = { name: 'model', effects: { 'llm.chat': () => new Promise(() => undefined) } }
    const engine = await talked(1, store, [search(), silent])
    await compacting(engine, { model: true })
    for (let left = 200; planStates(engine)[0] !== PlanState.asked && left > 0; left--) await engine.step(later_ms)
    await order(engine, 'forget', 1)
    expect(planStates(engine)).toEqual([PlanState.dropped])
    for (const key of store.keys(ownTables.outbox))
      expect(Buffer.from(store.read(ownTables.outbox, key)!).includes('kayak number 00')).toBe(false)
    await engine.dropPast()
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('that is away changes nothing', async () => {
    const engine = await talked(1)
    await compacting(engine, { model: true })
    await pass(engine, later_ms)
    expect(planStates(engine)).toEqual([PlanState.kept])
    await engine.stop()
  })
})
