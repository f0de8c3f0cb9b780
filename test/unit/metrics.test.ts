import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { metricsOf } from '../../adapters/cli/metrics.ts'
import { byLabel, metricsText, single } from '../../adapters/inspector/prometheus.ts'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'

const promtool = spawnSync('promtool', ['--version']).status === 0

async function text(): Promise<string> {
  const engine = await createEngine({ ...mind(), store: ram(), drive: 'manual', clock: () => 1_760_000_000_000 })
  await engine.start()
  engine.publish({ type: 'note.written', payload: { text: 'The heron stands in the water.' } })
  await engine.step()
  const metrics = metricsOf(engine)
  await engine.stop()
  return metrics
}

describe('Metrics', () => {
  test('say what the world holds and what each system takes, each name once', async () => {
    const metrics = await text()
    expect(metrics).toContain('\npromethean_memories 1\n')
    expect(metrics).toMatch(/\npromethean_system_seconds_total\{system="memory"\} \d/)
    const names = [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({ name, type }))
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length)
    for (const { name, type } of names)
      expect(name!.endsWith('_total'), name).toBe(type === 'counter' && !name!.startsWith('process_start'))
    for (const line of metrics.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[\d.e+-]+)$/)
    }
  })

  test.skipIf(!promtool)('pass `promtool check metrics` (skipped where promtool is not installed)', async () => {
    expect(execFileSync('promtool', ['check', 'metrics'], { input: await text(), encoding: 'utf8' })).toBe('')
  })

  test('labels and help cannot break out of their line; a metric without samples is left out', () => {
    const hostile = 'a"} 1\nevil 2\\'
    expect(
      metricsText([byLabel('a', 'gauge', hostile, 'of', [[hostile, 1]]), byLabel('b', 'gauge', 'none', 'of', [])]),
    ).toBe('# HELP a a"} 1\\nevil 2\\\\\n# TYPE a gauge\na{of="a\\"} 1\\nevil 2\\\\"} 1\n')
    expect(metricsText([single('x', 'gauge', 'h', Number.POSITIVE_INFINITY)])).toContain('x +Inf')
  })
})
