import { afterEach, expect, test, vi } from 'vitest'
import { allTools } from '../../adapters/tools.ts'
import { LockedBy, Session, Subscription } from '../../systems/agents/columns.ts'
import { defaultAgent, defaultSession } from '../../systems/agents/policy.ts'
import { filterTextOf } from '../../systems/agents/sessions.ts'
import { Memory, Trust } from '../../systems/components.ts'
import type { Filter } from '../../systems/events.ts'
import { type Bench, bench, cleared, noon_ms } from '../support/tools.ts'

afterEach(cleared)

const isPrivate = (session: string): boolean => session === 'duck/diary'
const opened = () => bench(allTools({ isPrivate }))

async function said(at: Bench, channel: string, text: string, kind = 'operator'): Promise<number> {
  await at.engine.ingest({
    type: 'chat.message',
    ts: noon_ms,
    source: { kind, channel, author: 'operator' },
    payload: { text },
  })
  return at.engine.world.rows(Memory)
}

test('memory.remember stores under the session, believed no more than what was read, once for a key', async () => {
  const at = await opened()
  const args = { text: 'The heron nests by the north weir.', title: 'Heron', tags: ['birds'] }
  const first = await at.json('memory.remember', args, { key: 'k1', trust: 'bot' })
  const row = Number(first['memory_id'])
  expect(first).toEqual({ memory_id: row, remembered: true, known_before: false })
  expect(at.engine.world.of(Memory).trust[row]).toBe(Trust.bot)
  expect(JSON.parse(at.engine.read('meta', row)!)).toMatchObject({
    id: 'k1',
    source: { kind: 'tool', channel: 'duck/chat', author: 'duck' },
  })
  const rows = at.engine.world.rows(Memory)
  expect(await at.json('memory.remember', args, { key: 'k1', trust: 'bot' })).toEqual({ ...first, known_before: true })
  const spaced = { text: 'The heron  nests by the north weir. ' }
  expect(await at.json('memory.remember', spaced, { trust: 'bot' })).toMatchObject({ memory_id: row })
  expect(at.engine.world.rows(Memory)).toBe(rows)
  expect(await at.call('memory.remember', { text: '  ' })).toMatchObject({ failed: true })
})

test('memory.remember does not say done when nothing can be read back', async () => {
  const at = await opened()
  const args = { text: 'The kingfisher has left.' }
  const { memory_id } = await at.json('memory.remember', args, { key: 'k' })
  await at.json('memory.forget', { memory_id: Number(memory_id) })
  expect(await at.call('memory.remember', args, { key: 'k' })).toMatch(/^TOOL_UNVERIFIED/)
})

test('memory.recall finds with sources; another session sees nothing of a private one', async () => {
  const at = await opened()
  await said(at, 'duck/chat', 'The otter ate seven trout.')
  await said(at, 'duck/diary', 'The otter told me a secret about trout.')
  await said(at, 'duck/diary', 'On Discord an otter met a trout.', 'discord')
  const hits = async (session: string) => {
    const { hits: found } = await at.json('memory.recall', { query: 'otter trout', k: 10 }, { session })
    return (found as { text: string }[]).map(({ text }) => text).sort()
  }
  expect(await hits('duck/chat')).toEqual(['On Discord an otter met a trout.', 'The otter ate seven trout.'])
  expect(await hits('duck/diary')).toHaveLength(3)
  const {
    hits: [hit],
  } = (await at.json('memory.recall', { query: 'seven trout', k: 1 })) as { hits: object[] }
  expect(Object.keys(hit!)).toEqual(['memory_id', 'id', 'title', 'when', 'source', 'text', 'path'])
  expect(hit).toMatchObject({ when: new Date(noon_ms).toISOString(), source: { kind: 'operator' } })
  expect(await at.call('memory.recall', { query: 'otter', kinds: ['nonsense'] })).toMatch(/^RECALL_OPTION/)
  expect(await at.call('memory.recall', { query: 'otter', k: 51 })).toMatch(/^TOOL_ARGUMENTS/)
})

test('memory.pin and memory.forget act on what is there, and on no other session that keeps to itself', async () => {
  const at = await opened()
  const memory_id = await said(at, 'duck/chat', 'The bell rings at six.')
  const secret = await said(at, 'duck/diary', 'I do not like the bell.')
  const { pinned, deleted } = at.engine.world.of(Memory)
  expect(await at.json('memory.pin', { memory_id, pin: true })).toEqual({ memory_id, pinned: true })
  expect(pinned[memory_id]).toBe(1)
  await at.json('memory.pin', { memory_id, pin: false })
  expect(pinned[memory_id]).toBe(0)
  for (const other of [secret, 999_999]) {
    const problem = { failed: true, text: `there is no memory ${other}` }
    expect(await at.call('memory.pin', { memory_id: other, pin: true })).toMatchObject(problem)
    expect(await at.call('memory.forget', { memory_id: other })).toMatchObject(problem)
  }
  expect(deleted[secret]).toBe(0)
  expect(await at.json('memory.forget', { memory_id })).toMatchObject({ hidden: true })
  expect(deleted[memory_id]).not.toBe(0)
  expect(await at.call('memory.forget', { memory_id })).toMatchObject({ failed: true })
})

test('time.now is the time of the world', async () => {
  const at = await opened()
  await said(at, 'duck/chat', 'What time is it?')
  expect(await at.json('time.now', {})).toEqual({ iso: '2025-10-09T08:53:20.000Z', weekday: 'Thursday', ms: noon_ms })
})

test('session.subscribe asks for its own session only, and says so when it was refused', async () => {
  const wishes: object[] = []
  const filters = [{ filter: { channel: 'locked', kind: 'x' }, locked: true }]
  const at = await bench(allTools({ filters: () => filters }))
  at.engine.on('session.subscription', ({ source, payload }) => wishes.push({ source, payload }))
  const filter = { channel: 'news' }
  expect(await at.call('session.subscribe', { filter })).toMatchObject({ failed: true })
  expect(await at.call('session.unsubscribe', { filter: { kind: 'x', channel: 'locked' } })).toMatchObject({
    failed: true,
    text: 'this filter is locked',
  })
  filters.push({ filter: { channel: 'news', kind: 'discord' }, locked: false })
  const asked = { channel: 'news', kind: 'discord' }
  expect(await at.json('session.subscribe', { filter: asked })).toEqual({ done: 'add', filter: asked })
  await vi.waitFor(() => expect(wishes).toHaveLength(2))
  const source = { kind: 'tool', channel: 'duck/chat', author: 'duck' }
  expect(wishes[0]).toEqual({ source, payload: { session: 'duck/chat', order: 'add', filter } })
  expect(await at.call('session.subscribe', { filter: {} })).toMatch(/^TOOL_ARGUMENTS/)
  expect(await at.call('session.subscribe', { filter, session: 'duck/diary' })).toMatch(/^TOOL_ARGUMENTS/)
})

test('a tool cannot take back what the policy locked, nor hear more than the envelope lets it', async () => {
  let at: Bench | undefined
  const filtersOf = (session: string) => {
    const { engine } = at!
    const { session: of, ended, locked_by } = engine.world.of(Subscription)
    const own = engine.world.find(Session, session)
    const rows = Array.from({ length: engine.world.rows(Subscription) }, (_, row) => row + 1)
    return rows
      .filter((row) => of[row] === own && ended[row] === 0)
      .map((row) => {
        const filter: Filter = JSON.parse(filterTextOf(engine, row)!)
        return { filter, locked: locked_by[row] !== LockedBy.session }
      })
  }
  at = await bench(allTools({ filters: filtersOf }))
  const locked = { kind: 'discord', channel: 'ops' }
  const session = { ...defaultSession, name: 'chat', filters: [locked], envelope: [{ kind: 'discord' }] }
  const policy = JSON.parse(JSON.stringify({ agents: [{ ...defaultAgent, name: 'duck', sessions: [session] }] }))
  await at.engine.ingest({ type: 'config.set', source: { kind: 'config' }, payload: { policy } })
  const before = filtersOf('duck/chat')
  expect(before.map(({ filter }) => filter)).toContainEqual(locked)
  const refused = { failed: true }
  expect(await at.call('session.unsubscribe', { filter: locked })).toMatchObject(refused)
  for (const filter of [{ kind: 'operator' }, { type: '*' }, { kind: 'fs', path: '**' }]) {
    expect(await at.call('session.subscribe', { filter })).toMatchObject(refused)
  }
  expect(filtersOf('duck/chat')).toEqual(before)
  const news = { kind: 'discord', channel: 'news' }
  expect(await at.json('session.subscribe', { filter: news })).toMatchObject({ done: 'add' })
  expect(filtersOf('duck/chat')).toHaveLength(before.length + 1)
  expect(await at.json('session.unsubscribe', { filter: news })).toMatchObject({ done: 'remove' })
  expect(filtersOf('duck/chat')).toEqual(before)
})
