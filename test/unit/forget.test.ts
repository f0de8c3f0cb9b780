import { describe, expect, test } from 'vitest'
import { createEngine, type Engine, type Store } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { recall } from '../../systems/recall.ts'

const said = (id: string, text: string) => ({
  type: 'chat.message',
  id,
  ts: 1_700_000_000_000,
  source: { kind: 'chat', thread: 'talk', author: 'Ada' },
  payload: { text },
})

async function opened(store: Store): Promise<Engine> {
  const engine = await createEngine({ ...mind(), store, drive: 'manual' })
  await engine.start()
  return engine
}

function journalText(store: Store): string {
  return [...store.journal(0)].map(({ bytes }) => Buffer.from(bytes).toString('utf8')).join('\n')
}

describe('a forgotten memory', () => {
  test('leaves no text in records, recall or the journal, and what remains replays', async () => {
    const store = ram()
    const engine = await opened(store)
    engine.publish(said('1', 'The heron nests behind the Zanzibar mill.'))
    engine.publish(said('2', 'The otter sleeps under the bridge.'))
    await engine.step()
    const [hit] = recall(engine, 'where does the heron nest?').hits
    engine.publish({ type: 'memory.order', payload: { order: 'forget', memory_id: hit!.memory_id } })
    await engine.step()
    await engine.dropPast()

    expect(recall(engine, 'where does the heron nest?').hits.map(({ id }) => id)).not.toContain('1')
    expect(engine.read('text', hit!.memory_id)).toBe('')
    expect(journalText(store)).not.toContain('heron')
    const keys = Array.from({ length: store.count('key') }, (_, index) => engine.read('key', index + 1))
    expect(keys.join(' ')).not.toContain('zanzibar')

    engine.publish(said('1', 'The heron nests behind the Zanzibar mill.'))
    await engine.step()
    expect(recall(engine, 'heron').hits.map(({ id }) => id)).not.toContain('1')
    expect((await engine.replay()).identical).toBe(true)
    await engine.stop()

    const again = await opened(store)
    expect(recall(again, 'where does the otter sleep?').hits[0]?.id).toBe('2')
    expect(recall(again, 'heron').hits.map(({ id }) => id)).not.toContain('1')
    await again.stop()
  })
})
