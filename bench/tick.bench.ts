import { Bench } from 'tinybench'
import type { Tick } from '../engine/system.ts'
import { Core } from '../engine/tick.ts'
import { Awake, Fading, Memory } from '../systems/components.ts'
import { decay } from '../systems/decay.ts'
import { mind } from '../systems/index.ts'
import { wake } from '../systems/memory/usage.ts'
import { type Concern, type Row, type Scale, statsFrom } from './support.ts'

/** Ticks with nothing to do over a large world, and usage fading against the bare loop. */
export const tick: Concern = {
  name: 'tick',
  about: 'idle ticks over a million memories; fading of ten thousand awake ones',
  run: async (scale) => [...idle(scale), ...(await fading(scale))],
}

function freshCore(): Core {
  return new Core(mind(), { read: () => undefined, backoff_max_ms: 1000 })
}

function idle(scale: Scale): Row[] {
  const core = freshCore()
  core.apply([])
  const rows = scale.rows(1_000_000)
  for (let row = 0; row < rows; row++) core.world.append(Memory)
  const samples = new Float64Array(scale.rows(10_000))
  for (let warm = 0; warm < 2000; warm++) core.apply([])
  for (let index = 0; index < samples.length; index++) {
    const began = performance.now()
    core.apply([])
    samples[index] = (performance.now() - began) * 1000
  }
  const stats = statsFrom(samples)
  const met = stats.p50 < 10
  return [{ name: 'idle tick', value: stats.p50, unit: 'µs p50', goal: '< 10', met, detail: `${rows} rows`, stats }]
}

async function fading(scale: Scale): Promise<Row[]> {
  const core = freshCore()
  const awake = scale.rows(10_000)
  core.apply([])
  for (let row = 1; row <= awake; row++) wake(core.world, core.world.append(Memory), 0)
  core.world.settle()
  const ids = core.world.each(Awake)
  const { memory_id } = core.world.of(Awake)
  const { usage_decayed } = core.world.of(Memory)
  core.world.of(Fading).slept_at_ms[1] = Number.MAX_SAFE_INTEGER
  let now_ms = 0
  const bare = () => bareLoop(ids, memory_id, usage_decayed, 0.999_999)
  const system = () => {
    now_ms += 60_000
    decay.run({ world: core.world, now_ms } as Tick)
  }
  // The compiler and the machine both change speed while this runs: each is given its fastest round, so that a slow
  // baseline flatters nobody.
  const fastest = { bare: Number.POSITIVE_INFINITY, system: Number.POSITIVE_INFINITY }
  for (let round = 0; round < (scale.smoke ? 3 : 25); round++) {
    const bench = new Bench({ time: 0, iterations: scale.smoke ? 20 : 300, warmupTime: 0, warmupIterations: 10 })
    bench.add('bare', bare).add('system', system)
    await bench.run()
    const [first, second] = bench.tasks.map(({ result }) =>
      result.state === 'completed' ? result.latency.p50 : Number.NaN,
    )
    fastest.bare = Math.min(fastest.bare, first!)
    fastest.system = Math.min(fastest.system, second!)
    usage_decayed.fill(1)
  }
  const ratio = fastest.system / fastest.bare
  const detail = `${(fastest.system * 1000).toFixed(1)} µs against ${(fastest.bare * 1000).toFixed(1)} µs for ${awake} memories`
  return [{ name: 'usage fading', value: ratio, unit: '× bare loop', goal: '<= 1.5', met: ratio <= 1.5, detail }]
}

/** The same rows, the same arithmetic, nothing else. */
function bareLoop(ids: Uint32Array, memory_id: Uint32Array, usage: Float32Array, factor: number): void {
  for (let index = 0; index < ids.length; index++) usage[memory_id[ids[index]!]!]! *= factor
}
