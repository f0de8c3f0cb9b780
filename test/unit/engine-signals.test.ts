import { describe, expect, test } from 'vitest'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { remembering, tell } from '../support/memory.ts'

const texts = Array.from({ length: 300 }, (_, n) => ({ text: `Line ${n} of many, about heron ${n * 7}.` }))

async function long() {
  const engine = await remembering(ram(), { limits: { batch_max: 1 } })
  await tell(engine, ...texts)
  return engine
}

describe('A signal', () => {
  test('ends a replay and a visit in the middle, and the engine lives on', async () => {
    const engine = await long()
    const reason = new Error('never mind')
    for (const work of [
      (signal: AbortSignal) => engine.replay({ signal }),
      (signal: AbortSignal) => engine.visit(engine.tick, { signal }),
    ]) {
      const abort = new AbortController()
      const begun = work(abort.signal)
      setImmediate(() => abort.abort(reason))
      await expect(begun).rejects.toBe(reason)
    }
    expect((await engine.replay({ signal: new AbortController().signal })).identical).toBe(true)
    await tell(engine, { text: 'It goes on.' })
    await engine.stop()
  })

  test('that was aborted before lets nothing begin', async () => {
    const engine = await createEngine({ ...mind(), store: ram() })
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(engine.start({ signal })).rejects.toThrow('too late')
    await engine.start()
    await expect(engine.snapshot({ signal })).rejects.toThrow('too late')
    await engine.stop()
  })

  test('ends waiting for an adapter that does not start; the engine can be stopped', async () => {
    const hangs = { name: 'hangs', start: () => new Promise<void>(() => undefined) }
    const engine = await createEngine({ ...mind(), store: ram(), adapters: [hangs] })
    const abort = new AbortController()
    const started = engine.start({ signal: abort.signal })
    abort.abort(new Error('it takes too long'))
    await expect(started).rejects.toThrow('it takes too long')
    await engine.stop()
    expect(engine.health).toBe('stopped')
  })
})
