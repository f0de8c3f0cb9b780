import { describe, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { ModelUse, minutesKept, Sample, SourceCount, samplesKept, sourcesNamed } from '../../systems/olympia/columns.ts'
import { countEvents } from '../../systems/olympia/counts.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import { historyOf } from '../../systems/olympia/history.ts'

const start_ms = 1_760_000_000_000

async function started(): Promise<Engine> {
  const engine = await createEngine({ ...mind(), store: ram(), drive: 'manual', clock: () => start_ms })
  await engine.start()
  await engine.step(start_ms)
  return engine
}

function said(type: string, payload: object, kind = 'fs', channel?: string): Parameters<typeof countEvents>[1][number] {
  return {
    id: '1',
    ts: 0,
    type,
    source: { kind, ...(channel === undefined ? {} : { channel }) },
    payload: { ...payload },
  }
}

describe('Gauges over time', () => {
  test('a ring of ticks goes round and its history stays in order', async () => {
    const engine = await started()
    for (let tick = 0; tick < (samplesKept + 5) * 20; tick++) await engine.step()
    await engine.stop()
    const { at_ms, gauges } = historyOf(engine, 'tick')
    expect(at_ms.length).toBe(samplesKept)
    expect(gauges['memories']!.length).toBe(samplesKept)
    expect(at_ms.every((time, at) => at === 0 || time > at_ms[at - 1]!)).toBe(true)
  })

  test('quiet ticks are sampled every twentieth; a tick that hears something is sampled', async () => {
    const engine = await started()
    for (let tick = 2; tick < 20; tick++) await engine.step()
    const before = engine.world.rows(Sample)
    engine.publish({ type: 'note.written', payload: { text: 'The heron stands in the water.' } })
    await engine.step()
    const { gauges } = historyOf(engine, 'tick')
    expect(engine.world.rows(Sample)).toBeGreaterThan(before)
    expect(gauges['memories']!.at(-1)).toBe(1)
    await engine.stop()
  })

  test('a minute in which something happened is said once, and what is said of it does not make the next one eventful', async () => {
    const engine = await started()
    const heard: number[] = []
    engine.on('olympia.sample', (event) => heard.push(event.payload['at_ms'] as number))
    engine.publish({ type: 'note.written', payload: { text: 'The heron stands in the water.' } })
    await engine.step(start_ms + 1_000)
    for (let minute = 1; minute < 6; minute++) {
      await engine.step(start_ms + minute * 60_000)
      await engine.step()
    }
    expect(heard).toEqual([start_ms + 60_000])
    expect(historyOf(engine, 'minute').at_ms.length).toBe(5)
    expect(minutesKept).toBe(1_440)
    await engine.stop()
  })

  test('models, tools and sources are counted, the last within a bound', async () => {
    const engine = await started()
    const { world } = engine
    const done = { effect_id: 1, content: '', model: 'm', finish: 'stop', tokens_in: 5, tokens_out: 7 }
    countEvents(world, [said('llm.chat.done', done)])
    countEvents(world, [said('llm.chat.failed', { effect_id: 2, code: 'SERVER', reason: 'r' })])
    for (const verdict of ['allow', 'ask', 'deny', 'invalid'])
      countEvents(world, [said('turn.called', { verdict }, 'world')])
    expect(gaugesOf(world)).toMatchObject({ calls_valid: 2, calls_refused: 1, calls_invalid: 1, tokens: 12 })
    const uses = world.of(ModelUse)
    expect([uses.calls[world.find(ModelUse, 'm')], uses.failed[world.find(ModelUse, 'unknown')]]).toEqual([1, 1])
    for (let channel = 0; channel < sourcesNamed + 10; channel++)
      countEvents(world, [said('x', {}, 'discord', `${channel}`)])
    expect(world.rows(SourceCount)).toBe(sourcesNamed + 1)
    expect(world.of(SourceCount).events[world.find(SourceCount, 'other')]).toBeGreaterThanOrEqual(10)
    await engine.stop()
  })

  test('the timeline gives the ticks after one, oldest first, at most the newest so many', async () => {
    const engine = await started()
    for (let tick = 2; tick <= 1_500; tick++) await engine.step()
    const all = engine.timeline(0, 5_000)
    expect(all.length).toBe(1_200)
    expect([all[0]![0], all.at(-1)![0]]).toEqual([301, 1_500])
    expect(all[0]!.length).toBe(2 + mind().systems.length)
    expect(engine.timeline(1_498, 200).map(([tick]) => tick)).toEqual([1_499, 1_500])
    expect(engine.timeline(0, 3).map(([tick]) => tick)).toEqual([1_498, 1_499, 1_500])
    expect(engine.timeline(1_500, 10)).toEqual([])
    await engine.stop()
  })
})
