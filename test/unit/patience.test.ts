import { expect, it } from 'vitest'
import { virtual } from '../../adapters/clock.ts'
import { createEngine, EffectFailure, type Payload } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Patience } from '../../systems/components.ts'
import { FsFileCreated } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'

const stat = { path: 'a.md', size_bytes: 4, modified_ms: 1, changed_ms: 1 }
const proposal = { title: 'A', slug: 'a', description: 'A.', tags: ['a'] }

/** A note that needs a proposal, and a model that is away until it is not. */
async function world(code: string) {
  const clock = virtual(Date.UTC(2026, 0, 31))
  const model = { away: true, asked: 0 }
  const read = async (): Promise<Payload> => ({ ...stat, hash: 'a'.repeat(64), text: 'text', links: 1 })
  const chat = async (): Promise<Payload> => {
    model.asked++
    if (model.away) throw new EffectFailure(code, 'the model is away')
    return { content: JSON.stringify(proposal), model: 'test', finish: 'stop' }
  }
  const adapters = [{ name: 'outside', effects: { 'fs.read': read, 'llm.chat': chat } }]
  const engine = await createEngine({ ...mind(), store: ram(), adapters, clock, drive: 'manual' })
  await engine.start()
  engine.publish({ type: FsFileCreated.name, payload: stat })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    for (let steps = 0; steps < 20; steps++) {
      await engine.step(clock())
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await pass(0)
  return { engine, model, pass, gauges: () => gaugesOf(engine.world) }
}

it('tries a note again when the model was away, with growing pauses', async () => {
  const { engine, model, pass, gauges } = await world('NETWORK')
  expect(gauges().sentinels_failed).toBe(1)
  expect(engine.quiet).toBe(true)
  const asked = model.asked
  await pass(20_000)
  expect(model.asked, 'not before half a minute').toBe(asked)
  await pass(90_000)
  expect(model.asked).toBe(asked + 1)
  expect(engine.world.each(Patience).length).toBe(1)
  model.away = false
  await pass(200_000)
  expect(gauges()).toMatchObject({ sentinels_failed: 0, sentinels_proposed: 1 })
  expect(engine.world.each(Patience).length).toBe(0)
  expect((await engine.replay()).identical).toBe(true)
  await engine.stop()
})

it('leaves alone what somebody has to mend', async () => {
  const { engine, model, pass, gauges } = await world('AUTH')
  await pass(4_000_000)
  expect(model.asked).toBe(1)
  expect(gauges().sentinels_failed).toBe(1)
  await engine.stop()
})
