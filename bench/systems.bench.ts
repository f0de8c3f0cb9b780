import { Bench } from 'tinybench'
import { defaultSystems } from '../systems/index.ts'
import { type Concern, type Row, type Scale, statsOf } from './support.ts'
import { BenchWorld } from './systems/world.ts'

/** Every system of the mind and the whole tick, in worlds of three sizes: with nothing to do, and in a busy tick. */
export const systems: Concern = {
  name: 'systems',
  about: 'each system and the whole tick at 1,000, 100,000 and 1,000,000 memories; a busy tick has 64 events',
  run: async (scale) => {
    const rows: Row[] = []
    for (const memories of [1_000, 100_000, 1_000_000]) rows.push(...(await at(scale.rows(memories), scale)))
    return rows
  },
}

async function at(memories: number, scale: Scale): Promise<Row[]> {
  const world = new BenchWorld(memories)
  const size = sizeName(memories)
  const idle = new Float64Array(scale.rows(5_000))
  for (let warm = 0; warm < 500; warm++) world.tick([])
  for (let n = 0; n < idle.length; n++) idle[n] = world.tick([])
  const ticks = Math.max(60, scale.rows(300))
  const whole = new Float64Array(ticks)
  const each = defaultSystems.map(() => new Float64Array(ticks))
  for (let n = -20; n < ticks; n++) {
    const took_ms = world.tick(world.busy())
    if (n < 0) continue
    whole[n] = took_ms
    each.forEach((samples, index) => {
      samples[n] = world.took_ms[index]!
    })
  }
  return [
    await rowOf(`${size}, idle tick`, idle),
    await rowOf(`${size}, busy tick`, whole),
    ...(await Promise.all(defaultSystems.map(({ name }, index) => rowOf(`${size}, ${name}`, each[index]!)))),
  ]
}

/** The figures of a row are tinybench's, of samples that were taken inside of one tick after another. */
async function rowOf(name: string, samples: Float64Array): Promise<Row> {
  const bench = new Bench({ time: 0, iterations: samples.length, warmup: false })
  let n = 0
  bench.add(name, () => ({ overriddenDuration: samples[n++ % samples.length]! }))
  await bench.run()
  const stats = statsOf(bench.tasks[0]!, 1000)
  return { name, value: stats.p50, unit: 'µs p50', stats }
}

function sizeName(memories: number): string {
  return memories >= 1_000_000 ? `${memories / 1_000_000}M` : memories >= 1_000 ? `${memories / 1_000}k` : `${memories}`
}
