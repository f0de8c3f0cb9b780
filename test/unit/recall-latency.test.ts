import { describe, expect, test } from 'vitest'
import { metricsOf } from '../../adapters/cli/metrics.ts'
import { histogram, metricsText } from '../../adapters/inspector/prometheus.ts'
import { Latency } from '../../adapters/search/latency.ts'
import { search } from '../../adapters/search.ts'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'

describe('The latency of recall', () => {
  test('is shown at /metrics, counted once for each recall that was answered', async () => {
    const memory = search()
    const engine = await createEngine({ ...mind(), store: ram(), adapters: [memory], drive: 'manual' })
    await engine.start()
    expect(metricsOf(engine)).toContain('\npromethean_recall_seconds_count 0\n')
    engine.publish({ type: 'note.written', payload: { text: 'The heron stands in the water.' } })
    await engine.step()
    await memory.recall('heron')
    await memory.recall('water')
    await expect(memory.recall('heron', { hits_max: -1 })).rejects.toMatchObject({ code: 'RECALL_OPTION' })
    const metrics = metricsOf(engine)
    await engine.stop()
    expect(metrics).toContain('\n# TYPE promethean_recall_seconds histogram\n')
    expect(metrics).toContain('\npromethean_recall_seconds_bucket{le="+Inf"} 2\n')
    expect(metrics).toContain('\npromethean_recall_seconds_count 2\n')
    expect(Number(/promethean_recall_seconds_sum (\S+)/.exec(metrics)?.[1])).toBeGreaterThan(0)
  })

  test('buckets are cumulative, bounds belong to them, and what took longer is in the last alone', () => {
    const latency = new Latency()
    for (const seconds of [0.0005, 0.001, 0.3, 60]) latency.add(seconds)
    const buckets = new Map(latency.buckets())
    expect([buckets.get(0.001), buckets.get(0.25), buckets.get(0.5), buckets.get(5)]).toEqual([2, 2, 3, 3])
    expect([latency.count, latency.sum_s]).toEqual([4, 60.3015])
  })

  test('a histogram has a bucket for every bound and one for all', () => {
    const text = metricsText([histogram('h_seconds', 'How long.', { buckets: [[0.5, 1]], sum: 2, count: 3 })])
    expect(text).toBe(
      '# HELP h_seconds How long.\n# TYPE h_seconds histogram\nh_seconds_bucket{le="0.5"} 1\n' +
        'h_seconds_bucket{le="+Inf"} 3\nh_seconds_sum 2\nh_seconds_count 3\n',
    )
  })
})
