import type { Engine } from '../../../engine/engine.ts'
import { version } from '../../../engine/version.ts'
import type { World } from '../../../engine/world/world.ts'
import { Embedding } from '../../../systems/eidolon/columns.ts'
import { ModelUse } from '../../../systems/olympia/columns.ts'
import { type Gauges, gaugesOf } from '../../../systems/olympia/gauges.ts'
import type { Frame, SessionBrief } from '../../inspector/shapes.ts'
import type { LiveView } from '../../inspector.ts'
import { postsOf } from '../desk/posts.ts'
import { type SessionView, sessionsOf } from '../desk/sessions.ts'
import { Rates } from './rates.ts'
import { watcherOf } from './world.ts'

const sessionsMax = 50
const ticksMax = 200

/** What the streams of the inspector are made of. */
export function liveOf(engine: Engine): LiveView {
  const rates = new Rates()
  engine.on('*', (event) => rates.hear(event, engine.now_ms))
  return {
    tick: () => engine.tick,
    hello: () => ({
      version,
      systems: engine.timings().systems.map(({ system }) => system),
      tick_ms: engine.limits.tick_ms,
    }),
    frame: (after_tick) => ({
      tick: engine.tick,
      now_ms: engine.now_ms,
      health: engine.health,
      paused: engine.pacing.paused,
      ticks: engine.timeline(after_tick, ticksMax),
      gauges: numbersOf(gaugesOf(engine.world)),
      sessions: busiest(sessionsOf(engine)),
      sources: rates.sources(engine.world, engine.now_ms),
      models: modelsOf(engine.world),
      outbox: engine.status().outbox,
      jobs: jobsOf(engine),
    }),
    hear: (listener) => engine.on('*', listener),
    watch: (names) => watcherOf(engine, names),
  }
}

/** The gauges with their names, as shapes.ts wants them. */
export function numbersOf(gauges: Gauges): { readonly [name: string]: number } {
  return gauges
}

/** Those with a turn under way, then those with the longest queues. */
export function busiest(sessions: readonly SessionView[]): SessionBrief[] {
  const ordered = [...sessions].sort(
    (a, b) => Number(b.turn !== 0) - Number(a.turn !== 0) || b.queued - a.queued || (a.session < b.session ? -1 : 1),
  )
  return ordered.slice(0, sessionsMax).map(({ session, lane, state, why, queued, queue_max, turn }) => {
    return { session, lane, state, why, queued, queue_max, turn }
  })
}

/** What each model was asked for since the world began. O(models). */
function modelsOf(world: World): Frame['models'] {
  const { calls, failed, tokens_in, tokens_out, cost } = world.of(ModelUse)
  return Array.from({ length: world.rows(ModelUse) }, (_, at) => {
    const row = at + 1
    const counts = {
      calls: calls[row]!,
      failed: failed[row]!,
      tokens_in: tokens_in[row]!,
      tokens_out: tokens_out[row]!,
    }
    return { model: world.keyOf(ModelUse, row), ...counts, cost: cost[row]! }
  })
}

function jobsOf(engine: Engine): Frame['jobs'] {
  const { world } = engine
  const embedding = world.of(Embedding)
  const { sentinels_pending } = gaugesOf(world)
  return [
    { name: 'embedding', waiting: embedding.waiting[1] ?? 0, running: embedding.running[1] ?? 0 },
    { name: 'sentinel', waiting: sentinels_pending, running: 0 },
    { name: 'discord', waiting: postsOf(engine).length, running: 0 },
  ]
}
