import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { World } from '../engine/world/world.ts'
import { Input, Overflow, Session } from '../systems/agents/columns.ts'
import { boundQueue, dequeue, enqueue } from '../systems/agents/queue.ts'
import { archetypes } from '../systems/components.ts'
import { start } from './memory/children.ts'
import type { Measured } from './route/measure.ts'
import { type Concern, type Row, type Scale, statsFrom } from './support.ts'

/** Events find their sessions by an index, whatever the number of sessions; others try them one by one. */
export const route: Concern = {
  name: 'route',
  about: 'events to sessions of ten filters each: 10, 100 and 100,000 sessions, half of the events for two of them',
  run: measure,
}

const few = 100

async function measure(scale: Scale): Promise<Row[]> {
  const many = scale.rows(100_000)
  const events = scale.rows(100_000)
  const least = await of('../route/ours.ts', 10, events)
  const small = await of('../route/ours.ts', few, events)
  const large = await of('../route/ours.ts', many, events)
  const ratio = large.miss_ns / least.miss_ns
  const missed = `${large.miss_ns.toFixed(0)} ns against ${least.miss_ns.toFixed(0)} ns with 10 sessions; ${small.miss_ns.toFixed(0)} ns with ${few}`
  return [
    rateRow(`${few} sessions`, small, 3_000_000),
    rateRow(`${many} sessions`, large, 1_000_000),
    { name: 'for nobody', value: ratio, unit: '× 10 sessions', goal: '<= 2', met: ratio <= 2, detail: missed },
    ...(scale.peers ? await besides({ small, large, many, scale }) : []),
    queueRow(scale),
  ]
}

async function besides(ours: Ours): Promise<Row[]> {
  return [
    ...(await peerRows('naive', '../route/naive.ts', ours)),
    ...(await peerRows('rxjs', '../peers/rxjs.ts', ours)),
    ...(await peerRows('eventemitter3', '../peers/eventemitter3.ts', ours)),
  ]
}

function rateRow(name: string, { mixed_ns }: Measured, goal: number): Row {
  const rate = 1e9 / mixed_ns
  return {
    name,
    value: rate,
    unit: 'events/s',
    goal: `>= ${goal}`,
    met: rate >= goal,
    detail: `${mixed_ns.toFixed(0)} ns an event`,
  }
}

async function of(file: string, sessions: number, events: number): Promise<Measured> {
  const child = start(file, [String(sessions), String(events)])
  const measured = await child.said<Measured>('measured')
  await child.ended()
  return measured
}

type Ours = { readonly small: Measured; readonly large: Measured; readonly many: number; readonly scale: Scale }

/** How many times as long a peer needs. It is given fewer events where each takes it milliseconds. */
async function peerRows(name: string, file: string, { small, large, many, scale }: Ours): Promise<Row[]> {
  const installed = file.includes('/peers/')
    ? fileURLToPath(new URL(`./peers/node_modules/${name}`, import.meta.url))
    : ''
  if (installed !== '' && !existsSync(installed)) {
    process.stderr.write(`  ${name} is left out: npm ci --prefix bench/peers installs it\n`)
    return []
  }
  const near = await of(file, few, scale.rows(20_000))
  const far = await of(file, many, 20)
  const line = (sessions: number, theirs: Measured, ours: Measured): Row => ({
    name: `${name}, ${sessions}`,
    value: theirs.mixed_ns / ours.mixed_ns,
    unit: '× our time',
    detail: `${(1e9 / theirs.mixed_ns).toFixed(0)} events/s; for nobody ${(theirs.miss_ns / ours.miss_ns).toFixed(0)} × our time`,
  })
  return [line(few, near, small), line(many, far, large)]
}

/** An input into one of many queues and out again, which comes on top for each session that an event is for. */
function queueRow(scale: Scale): Row {
  const world = new World(archetypes)
  const sessions = scale.rows(100_000)
  for (let at = 1; at <= sessions; at++) boundQueue(world, world.appendKeyed(Session, `a/${at}`), 256, Overflow.block)
  const input = world.append(Input)
  const now = { world, now_ms: 1 }
  const samples = new Float64Array(scale.rows(2000))
  const each = 500
  for (let round = 0; round < samples.length; round++) {
    const began = performance.now()
    for (let at = 0; at < each; at++) enqueue(now, (((round * each + at) * 7919) % sessions) + 1, input)
    for (let at = 0; at < each; at++) dequeue(world, (((round * each + at) * 7919) % sessions) + 1)
    samples[round] = ((performance.now() - began) * 1e6) / each
  }
  const stats = statsFrom(samples)
  return { name: 'queue, in and out', value: stats.p50, unit: 'ns p50', detail: `${sessions} queues`, stats }
}
