import type { Engine } from '../../engine/engine.ts'
import { File, FileVerdict } from '../../systems/components.ts'
import { AdminCommand, SentinelDone, SentinelFailed, SentinelProposed, SentinelUndone } from '../../systems/events.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import { historyOf } from '../../systems/olympia/history.ts'
import type { DebugOrder, DebugState } from '../inspector/shapes.ts'
import type { View } from '../inspector.ts'
import type { DiscordAdapter } from './compose-discord.ts'
import { discordLine } from './desk/discord.ts'
import { explanationOf } from './desk/explanation.ts'
import { findMemory } from './desk/find.ts'
import { agentCounts } from './desk/sessions.ts'
import type { Search } from './desk.ts'
import { metricsOf } from './metrics.ts'
import { familiesOf } from './view/families.ts'
import { foundOf } from './view/found.ts'
import { liveOf } from './view/frame.ts'
import { Moments } from './view/moment.ts'
import { blocksOf, turnsOf } from './view/turns.ts'
import { rowsOf, shapeOf } from './view/world.ts'

const verdictNames = Object.keys(FileVerdict) as (keyof typeof FileVerdict)[]

export type SentinelRow = { path: string; verdict: string; contract: string; code: string; reason: string }

/** What `promethean status --json` prints: the engine's numbers and the mind's. */
export function statusOf(engine: Engine, discord?: DiscordAdapter): Record<string, unknown> {
  const { outbox, ...status } = engine.status()
  const gauges = gaugesOf(engine.world)
  return {
    ...status,
    files: gauges.files,
    memories: gauges.memories,
    duplicates: gauges.duplicates,
    families: gauges.families,
    loops: gauges.loops,
    keys: gauges.keys,
    edges: gauges.edges,
    sentinels: {
      pending: gauges.sentinels_pending,
      done: gauges.sentinels_done,
      failed: gauges.sentinels_failed,
      proposed: gauges.sentinels_proposed,
      held: gauges.sentinels_held,
    },
    agents: agentCounts(engine),
    ...discordLine(engine, discord),
    repaired: gauges.repaired,
    skipped: gauges.skipped,
    outbox,
  }
}

/** Every note there is, and what is known of it, by path. */
export function sentinelsOf(engine: Engine): SentinelRow[] {
  const { world } = engine
  const { present, verdict, contract, code, reason } = world.of(File)
  const rows: SentinelRow[] = []
  for (let file = 1; file <= world.rows(File); file++) {
    if (present[file] === 0) continue
    rows.push({
      path: world.keyOf(File, file),
      verdict: verdictNames[verdict[file]!] ?? 'none',
      contract: world.names.text(contract[file]!),
      code: world.names.text(code[file]!),
      reason: world.names.text(reason[file]!),
    })
  }
  return rows.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Carries out an operator's order and waits for what came of it. */
export async function commandOn(
  engine: Engine,
  order: { command: string; path: string },
  wait_ms = 20_000,
): Promise<object> {
  if (engine.world.find(File, order.path) === 0) {
    return { type: 'unknown', path: order.path, undone: false, reason: 'no such note was ever seen' }
  }
  const answer = Promise.withResolvers<object>()
  const types =
    order.command === 'sentinel.undo'
      ? [SentinelUndone.name]
      : [SentinelDone.name, SentinelFailed.name, SentinelProposed.name]
  const stops = types.map((type) =>
    engine.on(type, (event) => {
      if (event.payload['path'] === order.path) answer.resolve({ type: event.type, ...event.payload })
    }),
  )
  const timer = setTimeout(() => answer.resolve({ type: 'pending', path: order.path }), wait_ms)
  try {
    await engine.ingest({ type: AdminCommand.name, source: { kind: 'admin' }, payload: order })
    return await answer.promise
  } finally {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}

/** What the inspector and the control channel may look at. */
export function viewOf(engine: Engine, search: Search, discord?: DiscordAdapter): View {
  const moments = new Moments(engine)
  return {
    ...liveOf(engine),
    history: (every) => historyOf(engine, every),
    recall: async (query, hits_max) => {
      const begun = performance.now()
      const found = await search.recall(query, { hits_max })
      return foundOf(found, performance.now() - begun)
    },
    turns: (limit) => turnsOf(engine, limit),
    turn: (id) => blocksOf(engine, id),
    families: (limit) => familiesOf(engine, limit),
    memory: async (id) => {
      const memory_id = await findMemory(engine, id)
      return memory_id === 0 ? undefined : explanationOf(engine, memory_id)
    },
    world: () => shapeOf(engine),
    rows: async ({ at, ...asked }) => rowsOf(at === undefined ? engine : (await moments.at(at)).view, asked),
    times: () => ({ first_tick: engine.firstTick, last_tick: engine.tick, snapshots: engine.snapshots() }),
    moment: async (at) => (await moments.at(at)).moment,
    debug: (order) => paced(engine, order),
    status: () => statusOf(engine, discord),
    events: () => engine.recent(),
    timings: () => engine.timings(),
    sentinels: () => sentinelsOf(engine),
    metrics: () => metricsOf(engine),
    health: () => ({ live: engine.health !== 'failed', ready: engine.health === 'ok', health: engine.health }),
    command: (order) => commandOn(engine, order),
  }
}

async function paced(engine: Engine, order: DebugOrder): Promise<DebugState> {
  const { pacing } = engine
  if (order.order === 'rate') pacing.rate(order.ticks_per_second)
  else if (order.order === 'step') await pacing.step()
  else pacing[order.order]()
  return { paused: pacing.paused, ticks_per_second: pacing.ticks_per_second, tick: engine.tick }
}
