import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { type RamStore, ram } from '../../stores/ram.ts'
import { Deleted, File, Mark, Memory, Revision } from '../../systems/components.ts'
import { Vector } from '../../systems/eidolon/columns.ts'
import { recall } from '../../systems/recall.ts'
import { byHand, policy, steps } from '../support/embedding.ts'
import {
  alive,
  drained,
  found,
  gauge,
  line,
  noon_ms,
  order,
  remembering,
  removed,
  saved,
  tell,
  textAt,
  whole,
} from '../support/memory.ts'

const opened = (store: RamStore = ram()) => remembering(store)

/** Every text in the record. */
function recordOf(engine: Engine, store: RamStore): string {
  const texts: string[] = []
  for (const table of ['text', 'meta', 'key', 'sketch', 'vector', 'before', 'change']) {
    for (const row of store.keys(table)) texts.push(engine.read(table, row) ?? '')
  }
  return texts.join('\n').toLowerCase()
}

describe('An order to forget', () => {
  test('leaves nothing of the text, its keys, its examples or the past in the record', async () => {
    const store = ram()
    const engine = await opened(store)
    const secret = 'The courier Zacharias Quandt meets Ottilie Brandauer at https://mill.example/zanzibar on Monday.'
    await tell(engine, { text: secret, thread: 'secret-thread', title: 'Heronry' }, { text: 'The otter sleeps.' })
    await order(engine, 'forget', 1)
    await engine.dropPast()
    const journal = [...store.journal(0)].map(({ bytes }) => Buffer.from(bytes).toString('utf8')).join('\n')
    for (const word of ['quandt', 'brandauer', 'zanzibar', 'heronry', 'secret-thread', 'courier']) {
      expect(recordOf(engine, store)).not.toContain(word)
      expect(journal.toLowerCase()).not.toContain(word)
      expect(found(engine, word)).toEqual([])
    }
    expect(engine.world.of(Memory).deleted[1]).toBe(Deleted.forgotten)
    expect(alive(engine)).toEqual([2])
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('takes back the request for its vector, and what was in it with others is asked for again without it', async () => {
    const store = ram()
    const { adapter, asked, sent } = byHand()
    const engine = await remembering(store, { adapters: [adapter] })
    engine.publish(policy('m'))
    await tell(
      engine,
      { text: 'The courier Zacharias Quandt comes on Monday.' },
      { text: 'The otter sleeps by the mill.' },
    )
    await steps(engine, 3)
    expect(sent.map(({ texts }) => texts.length)).toEqual([2])
    await order(engine, 'forget', 1)
    await steps(engine, 3)
    expect(sent[1]?.texts.join()).toContain('otter')
    expect(sent[1]?.texts.join()).not.toContain('Quandt')
    const outbox = [...store.keys(ownTables.outbox)].map((key) => Buffer.from(store.read(ownTables.outbox, key)!))
    for (const bytes of outbox) expect(bytes.includes('Quandt')).toBe(false)
    asked.at(-1)!.done()
    await steps(engine, 3)
    expect(engine.world.rows(Vector)).toBe(1)
    await engine.dropPast()
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })

  test('what was forgotten and is said again a moment later is a memory of its own', async () => {
    const engine = await opened()
    const words = { text: 'The courier comes on Monday, as he said.', author: 'Ada' }
    await tell(engine, { ...words, id: 'one' })
    await order(engine, 'forget', 1)
    await tell(engine, { ...words, id: 'two' })
    expect(alive(engine)).toEqual([2])
    expect(textAt(engine, 2)).toBe(words.text)
    await engine.stop()
  })

  test('takes the keys of all chunks of a document with it, and leaves those that others mention', async () => {
    const store = ram()
    const engine = await opened(store)
    const chapter = `Zacharias Quandt went to Copenhagen. ${'He walked along the water for a long time. '.repeat(40)}\n\n`
    await saved(engine, 'novel.md', chapter.repeat(4))
    await tell(engine, { text: 'We fly to Copenhagen on Monday.' })
    expect(recordOf(engine, store)).toContain('quandt')
    await order(engine, 'forget', 1)
    expect(recordOf(engine, store)).not.toContain('quandt')
    expect(recordOf(engine, store)).toContain('copenhagen')
    await engine.stop()
  })

  test('lets a key have its name again when somebody else mentions it', async () => {
    const store = ram()
    const engine = await opened(store)
    await tell(engine, { text: 'Zacharias Quandt keeps bees.' })
    await order(engine, 'forget', 1)
    expect(recordOf(engine, store)).not.toContain('quandt')
    await tell(engine, { text: 'Today Zacharias Quandt came by.' })
    expect(recordOf(engine, store)).toContain('ent:zacharias quandt')
    await order(engine, 'forget', 2)
    expect(recordOf(engine, store)).not.toContain('quandt')
    await engine.stop()
  })

  test('takes all versions of a note with it, and what a sentinel kept of them', async () => {
    const store = ram()
    const engine = await opened(store)
    await saved(engine, 'diary.md', 'The quandt affair began in March.')
    await saved(engine, 'diary.md', 'The quandt affair began in April.')
    const kept = engine.world.append(Revision)
    engine.world.of(Revision).file[kept] = 1
    engine.world.of(File).revision[1] = kept
    await order(engine, 'forget', 2)
    expect(recordOf(engine, store)).not.toContain('quandt')
    expect([...engine.world.of(Memory).deleted.slice(1, 3)]).toEqual([Deleted.forgotten, Deleted.forgotten])
    expect([engine.world.of(File).memory_id[1], engine.world.of(File).revision[1]]).toEqual([0, 0])
    expect(gauge(engine, 'memories')).toBe(0)
    await engine.stop()
  })

  test('for an aggregate takes its examples with it, and the next message like it begins anew', async () => {
    const engine = await opened()
    const alert = (valve: string) => ({
      text: `Warning of the watcher: the valve ${valve} of the northern greenhouse did not answer in time, the pump was stopped, and somebody should look at the pressure.`,
      bot: true,
      author: 'watcher',
    })
    await tell(engine, alert('birch'), alert('cedar'), alert('daisy'))
    const [aggregate] = alive(engine)
    await order(engine, 'forget', aggregate!)
    for (const row of whole(engine)) expect(textAt(engine, row)).toBe('')
    await tell(engine, { ...alert('elder'), id: 'new' })
    expect(found(engine, 'which valve did not answer?')).toEqual(['new'])
    await engine.stop()
  })

  test('takes its vectors with it', async () => {
    const store = ram()
    const { adapter, asked } = byHand()
    const engine = await remembering(store, { adapters: [adapter] })
    engine.publish(policy('m'))
    await tell(engine, { text: 'The heron nests behind the mill.' }, { text: 'The otter sleeps under the bridge.' })
    await steps(engine, 3)
    for (const one of [...asked]) one.done()
    await steps(engine, 3)
    expect(engine.world.rows(Vector)).toBe(2)
    await order(engine, 'forget', 1)
    expect([engine.read('vector', 1), engine.read('vector', 2)?.length]).toEqual(['', expect.any(Number)])
    await engine.stop()
  })

  test('of what is unknown, or forgotten already, changes nothing', async () => {
    const engine = await opened()
    await tell(engine, { text: 'The heron nests behind the mill.' })
    await order(engine, 'forget', 1)
    for (const memory_id of [1, 2, 4_000_000_000]) await order(engine, 'forget', memory_id)
    expect(gauge(engine, 'memories')).toBe(0)
    for (const memory_id of [0, -1, 1.5]) {
      const refused = () => engine.publish({ type: 'memory.order', payload: { order: 'forget', memory_id } })
      expect(refused).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }))
    }
    await engine.stop()
  })
})

describe('What was forgotten', () => {
  test('stays forgotten when it is delivered again, before and after a restart', async () => {
    const store = ram()
    let engine = await opened(store)
    const said = line({ text: 'The heron nests behind the mill.', id: 'heron' })
    await tell(engine, said, { text: 'The otter sleeps.' })
    await order(engine, 'forget', 1)
    await tell(engine, said)
    await engine.dropPast()
    await engine.stop()
    engine = await opened(store)
    await tell(engine, said)
    expect([alive(engine), found(engine, 'heron mill'), textAt(engine, 1)]).toEqual([[2], [], ''])
    await engine.stop()
  })

  test('stays forgotten when its file is looked at again, goes and comes back; a new content is remembered', async () => {
    const engine = await opened()
    const text = 'The heron nests behind the mill.'
    await saved(engine, 'heron.md', text)
    await order(engine, 'forget', 1)
    await saved(engine, 'heron.md', text)
    await removed(engine, 'heron.md')
    await saved(engine, 'heron.md', text)
    expect([alive(engine), found(engine, 'heron'), gauge(engine, 'memories')]).toEqual([[], [], 0])
    await saved(engine, 'heron.md', `${text} It has three young.`)
    expect([found(engine, 'heron'), gauge(engine, 'memories')]).toEqual([['heron.md'], 1])
    await engine.stop()
  })

  test('gives nothing away through what was said beside it', async () => {
    const engine = await opened()
    await tell(
      engine,
      { text: 'When do we leave?', thread: 'trip', author: 'Ben' },
      { text: 'Quandt wants us at the Zanzibar mill by nine.', thread: 'trip' },
      { text: 'Fine.', thread: 'trip', author: 'Ben' },
    )
    await order(engine, 'forget', 2)
    expect(found(engine, 'quandt zanzibar mill')).toEqual([])
    expect(recall(engine, 'quandt zanzibar mill').answered).toBe(false)
    await engine.stop()
  })

  test.each([0, 1, 2])('as the operator asks for it, recovers from a crash after step %i', async (steps_done) => {
    const store = ram()
    const { adapter, asked } = byHand()
    let engine = await remembering(store, { adapters: [adapter] })
    const prose = (more: string): string =>
      `${Array.from({ length: 90 }, (_, n) => `The heron of day ${n} stood in the reeds by pond ${n * 7}.`).join(' ')}${more}`
    engine.publish(policy('m'))
    await saved(engine, 'v1.md', prose(''))
    await saved(engine, 'v2.md', prose(' Indeed.'))
    await steps(engine, 3)
    expect(asked.length, 'texts have been read').toBeGreaterThan(0)
    const ways = [() => order(engine, 'hide', 1), () => engine.snapshot(), () => order(engine, 'forget', 1)]
    for (const way of ways.slice(0, steps_done + 1)) await way()
    const families = [...engine.world.of(Memory).family]
    store.crash()
    engine = await remembering(store, { adapters: [byHand().adapter] })
    expect([...engine.world.of(Memory).family]).toEqual(families)
    expect(found(engine, 'heron reeds')).toEqual(['v2.md'])
    await order(engine, 'forget', 1)
    await engine.dropPast()
    expect(textAt(engine, 1)).toBe('')
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()
  })
})

test('a secret is remembered, and its text never goes to whoever embeds', async () => {
  const { adapter, asked, sent } = byHand()
  const engine = await remembering(ram(), { adapters: [adapter] })
  engine.publish(policy('m'))
  await tell(
    engine,
    { text: 'The database of the mill: password = hunter2heron', id: 'secret' },
    { text: `Ada's token is ghp_${'a1'.repeat(18)}`, title: 'Token' },
    { text: 'The heron needs no password.' },
  )
  for (let round = 0; round < 4; round++) {
    await steps(engine, 3, 60_000)
    for (const one of [...asked]) one.done()
  }
  expect(sent.flatMap(({ texts }) => texts)).toEqual(['The heron needs no password.'])
  expect(Array.from(engine.world.of(Memory).marks.slice(1, 4), (bits) => bits & Mark.secret)).toEqual([32, 32, 0])
  expect(found(engine, 'database of the mill')[0]).toBe('secret')
  expect((await engine.replay()).identical).toBe(true)
  await engine.stop()
})

describe('A pin', () => {
  test('is set and taken back, of a document by any of its chunks', async () => {
    const engine = await opened()
    await tell(engine, { text: 'The heron nests behind the mill. '.repeat(200), ts: noon_ms })
    const { pinned, chunks } = engine.world.of(Memory)
    expect(chunks[1]).toBeGreaterThan(1)
    await order(engine, 'pin', 3)
    expect([...pinned.slice(1, 4)]).toEqual([1, 0, 0])
    await order(engine, 'unpin', 1)
    expect(pinned[1]).toBe(0)
    await order(engine, 'pin', 999)
    await drained(engine)
    await engine.stop()
  })
})
