import { setImmediate as nextTurn } from 'node:timers/promises'
import { createEngine, type Engine } from '../engine/index.ts'
import { lmdb } from '../stores/lmdb.ts'
import { Memory } from '../systems/components.ts'
import { mind } from '../systems/index.ts'
import { corpusOf } from './corpus.ts'
import { type Concern, type Row, type Scale, withFolder } from './support.ts'

const seed = 7

/** Going back into a long run: the middle of it, the first tick of something, and what snapshots cost the run itself. */
export const travel: Concern = {
  name: 'travel',
  about:
    'a run of 100,000 memories, or with --full a million: its middle again, bisect, a fork, the pause of its snapshots',
  run: (scale) => withFolder((folder) => measure(folder, scale)),
}

async function measure(folder: string, scale: Scale): Promise<Row[]> {
  const count = scale.rows(scale.full || scale.smoke ? 1_000_000 : 100_000)
  const live = await lived(folder, count)
  const engine = await createEngine({ ...mind(), store: lmdb(folder), drive: 'manual' })
  try {
    const rows = [pauseRow(live), ...(await middleRows(engine, live)), await forkRow(engine)]
    // What is promised is promised of a million.
    return scale.full ? rows : rows.map(({ goal: _, met: __, ...row }) => row)
  } finally {
    await engine.stop()
  }
}

type Lived = { readonly count: number; readonly middle: number; readonly pause_ms: number; readonly took_ms: number }

/** A run that takes its snapshots as it goes, and one at its end. */
async function lived(folder: string, count: number): Promise<Lived> {
  const engine = await createEngine({ ...mind(), store: lmdb(folder) })
  const corpus = corpusOf(seed)
  await engine.start()
  const began = performance.now()
  let middle = 0
  engine.on('memory.stored', () => {
    if (middle === 0 && engine.world.rows(Memory) >= count / 2) middle = engine.tick
  })
  for (let index = 0; index < count; index++) {
    const event = corpus.event(index)
    while (!engine.publish(event)) await engine.room()
    if (index % 100_000 === 99_999) process.stderr.write(`  ${index + 1} events after ${seconds(began).toFixed(1)} s\n`)
  }
  await engine.flushed()
  const took_ms = performance.now() - began
  // One that is asked for, beside those that were due.
  await engine.snapshot()
  const pause_ms = engine.timings().snapshot_pause_ms
  if (engine.world.rows(Memory) < count)
    throw new Error(`only ${engine.world.rows(Memory)} of ${count} memories were made`)
  await engine.stop()
  return { count, middle, pause_ms, took_ms }
}

function pauseRow({ count, pause_ms }: Lived): Row {
  const detail = `the longest of the run, up to ${count} memories`
  return { name: 'snapshot pause', value: pause_ms, unit: 'ms', goal: '< 50', met: pause_ms < 50, detail }
}

/** The middle from where the record's own snapshots let it begin, then a little before and after, from what that visit has left. */
async function middleRows(engine: Engine, { middle, took_ms }: Lived): Promise<Row[]> {
  const far = await timed(engine, middle)
  const near = [await timed(engine, middle), await timed(engine, middle + 1)]
  const worst = near.reduce((a, b) => (a.took_s > b.took_s ? a : b))
  const live = `tick ${middle} from the snapshot of tick ${far.from_tick}; live the whole run took ${(took_ms / 1000).toFixed(1)} s`
  const again = `${worst.memories} memories, replayed from tick ${worst.from_tick}, where the first visit left a keyframe if it was long`
  const met = worst.took_s < 2
  return [
    { name: 'replay --at, first', value: far.took_s, unit: 's', detail: live },
    { name: 'replay --at', value: worst.took_s, unit: 's', goal: '< 2', met, detail: again },
    await bisectRow(engine, middle),
  ]
}

async function timed(engine: Engine, tick: number): Promise<{ took_s: number; from_tick: number; memories: number }> {
  const began = performance.now()
  const { from_tick, core } = await engine.visit(tick, () => nextTurn())
  return { took_s: seconds(began), from_tick, memories: core.world.rows(Memory) }
}

/** A tick half-way into the 32 after the middle. */
async function bisectRow(engine: Engine, middle: number): Promise<Row> {
  const range = { from: middle, to: Math.min(engine.tick, middle + 32) }
  const wanted = Math.ceil((range.from + range.to) / 2)
  const began = performance.now()
  const found = await engine.past.firstWhere({ ...range, holds: ({ tick }) => tick >= wanted })
  if (found?.tick !== wanted) throw new Error('another tick was found')
  const detail = `by halving the ${range.to - range.from} ticks after the middle, ${found.asked} of them asked`
  return { name: 'bisect', value: seconds(began), unit: 's', detail }
}

async function forkRow(engine: Engine): Promise<Row> {
  const began = performance.now()
  const tick = engine.snapshots().at(-1) ?? 1
  const { effects, until } = await engine.past.fork({ tick, change: [] })
  if (effects.only_fork_count > 0) throw new Error('the same run differs from itself')
  return {
    name: 'fork',
    value: seconds(began),
    unit: 's',
    detail: `from tick ${tick} to ${until}, recorded and forked run`,
  }
}

function seconds(began: number): number {
  return (performance.now() - began) / 1000
}
