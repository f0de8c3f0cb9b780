import type { Event, Payload } from '../engine/flow/event.ts'
import { system } from '../engine/system.ts'
import { Core, type Parts } from '../engine/tick.ts'
import { LaneBudget, Running, Session, Turn, TurnState } from '../systems/agents/columns.ts'
import { defaultAgent, defaultScheduler, defaultSession } from '../systems/agents/policy.ts'
import { turnEnded } from '../systems/agents/ready.ts'
import { archetypes, records } from '../systems/components.ts'
import { ConfigSet, effects, events, TurnStarted } from '../systems/events.ts'
import { policy } from '../systems/policy.ts'
import { route } from '../systems/route.ts'
import { schedule as scheduler } from '../systems/schedule.ts'
import { type Concern, percentile, type Row, type Scale, statsFrom } from './support.ts'

/** One session of ten thousand sends 99 of 100 events, and the others want turns nearly as often as there are any. */
export const schedule: Concern = {
  name: 'schedule',
  about: 'ten thousand sessions, one of which sends 99 % of the events; waits of the others, and what a tick takes',
  run: (scale) => Promise.resolve(flood(scale)),
}

const places = 8
/** A turn is under way for two ticks, so that so many begin in one. */
const turnsPerTick = places / 2
/** Events a tick of the others: nine tenths of what all turns could answer. */
const othersPerTick = 3.6
/** They come all at once, so that they have to wait for each other. */
const burst = 50
const floodPerTick = Math.round(othersPerTick * 99)
const start_ms = 1_760_000_000_000

/** Ends each turn in the tick after its first: a model that answers at once. */
const worker = system('worker', ({ world, now_ms }) => {
  const turns = world.of(Turn)
  for (const entity of world.each(Running)) {
    const turn = world.of(Running).turn[entity]!
    if (turns.opened_at_ms[turn] === now_ms) continue
    turns.state[turn] = TurnState.done
    turns.ended_at_ms[turn] = now_ms
    world.kill(entity)
    turnEnded(world, turns.session[turn]!)
  }
})

function policyOf(sessions: number): Payload {
  const unbounded = { turns_minute_max: 0, tokens_minute_max: 0, calls_minute_max: 0 }
  const { interactive, operational, maintenance } = defaultScheduler.lanes
  const made = {
    agents: [
      {
        ...defaultAgent,
        name: 'a',
        sessions: Array.from({ length: sessions }, (_, n) => ({
          ...defaultSession,
          ...unbounded,
          name: `${n}`,
          filters: [],
          overflow: 'drop_oldest',
        })),
      },
    ],
    scheduler: {
      ...defaultScheduler,
      turns_in_flight_max: places,
      lanes: {
        interactive: { ...interactive, ...unbounded },
        operational: { ...operational, ...unbounded, reserved: 0 },
        maintenance: { ...maintenance, ...unbounded, reserved: 0 },
      },
    },
  }
  return JSON.parse(JSON.stringify(made)) as Payload
}

function freshCore(): Core {
  const parts: Parts = {
    archetypes,
    systems: [policy, route, scheduler, worker],
    events: [...events] as Parts['events'],
    effects: [...effects] as Parts['effects'],
    records,
  }
  const kept = new Map<string, string>()
  const core = new Core(parts, { read: (table, id) => kept.get(`${table} ${id}`), backoff_max_ms: 1000 })
  core.now_ms = start_ms
  const apply = core.apply.bind(core)
  core.apply = (batch) => {
    const outcome = apply(batch)
    // What the events said is not asked for again, and would fill the memory.
    for (const { table, key, text } of outcome.puts) if (table !== 'input') kept.set(`${table} ${key}`, text)
    return outcome
  }
  return core
}

/** When a session began to wait, and in how many ticks all that waited then are served once. */
type Asked = { readonly tick: number; readonly fair: number }
type Waits = {
  /** Of each wait, how many times its fair share it was. */
  readonly shares: number[]
  readonly ticks: number[]
  /** The longest of each session. */
  readonly worst: Float64Array
}

function flood(scale: Scale): Row[] {
  const sessions = scale.rows(10_000)
  const core = freshCore()
  core.apply([eventOf(0, ConfigSet.name, 'operator', '', { policy: policyOf(sessions) })])
  if (core.world.rows(Session) !== sessions) throw new Error(`${core.world.rows(Session)} sessions of ${sessions}`)
  const ticks = scale.smoke ? 400 : 4000
  const samples = new Float64Array(ticks)
  const waits: Waits = { shares: [], ticks: [], worst: new Float64Array(sessions) }
  const asked = new Map<string, Asked>()
  const next = chance(7)
  let wishes = 0
  for (let tick = 0; tick < ticks; tick++) {
    const batch: Event[] = []
    const fresh: string[] = []
    while (tick % burst === 0 && batch.length < othersPerTick * burst) {
      const session = `a/${1 + Math.floor(next() * (sessions - 1))}`
      batch.push(said(tick, batch.length, session))
      if (!asked.has(session)) fresh.push(session)
      asked.set(session, asked.get(session) ?? { tick, fair: 0 })
    }
    wishes += fresh.length
    for (let n = 0; n < floodPerTick; n++) batch.push(said(tick, batch.length, 'a/0'))
    const began = performance.now()
    const { heard } = core.apply(batch)
    samples[tick] = performance.now() - began
    for (const event of heard) if (TurnStarted.is(event)) count(waits, asked, event.payload.session, tick - 1)
    // Those that wait now, and those that were given a turn at once, take their turns one after the other.
    const together = core.world.of(LaneBudget).ready[1]! + turnsPerTick
    for (const session of fresh) asked.set(session, { tick, fair: Math.ceil(together / turnsPerTick) })
  }
  if (waits.ticks.length < wishes * 0.9) throw new Error(`only ${waits.ticks.length} of ${wishes} were answered`)
  return rowsOf(samples, waits, { sessions, turns: core.world.rows(Turn), own: core.world.of(Session).turns[1]! })
}

function count(waits: Waits, asked: Map<string, Asked>, session: string, began: number): void {
  const since = asked.get(session)
  if (since === undefined) return
  asked.delete(session)
  const wait = began - since.tick
  const share = wait / since.fair
  const n = Number(session.slice(2))
  waits.ticks.push(wait)
  waits.shares.push(share)
  waits.worst[n] = Math.max(waits.worst[n]!, share)
}

function rowsOf(samples: Float64Array, waits: Waits, of: { sessions: number; turns: number; own: number }): Row[] {
  const stats = statsFrom(samples)
  const worst = waits.worst.reduce((most, each) => Math.max(most, each), 0)
  const p99 = percentile(waits.ticks, 0.99)
  return [
    {
      name: 'scheduler wait',
      value: worst,
      unit: '× fair share',
      goal: '<= 2',
      met: worst <= 2,
      detail: `the longest of all ${of.sessions - 1} other sessions; p99 ${percentile(waits.shares, 0.99).toFixed(2)} ×, ${p99} ticks`,
    },
    {
      name: 'scheduler tick',
      value: stats.p50,
      unit: 'ms p50',
      goal: '< 2',
      met: stats.p50 < 2,
      stats,
      detail: `routing of ${floodPerTick} events and more included; ${of.turns} turns, ${of.own} of the flooding session`,
    },
  ]
}

function said(tick: number, n: number, session: string): Event {
  return eventOf(tick * 10_000 + n, 'chat.message', 'operator', session, { text: 'again' })
}

function eventOf(id: number, type: string, kind: string, channel: string, payload: Payload): Event {
  return { id: `${id}`, ts: start_ms, type, source: { kind, channel, author: 'operator' }, payload }
}

/** A seeded stream of numbers in [0, 1). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
