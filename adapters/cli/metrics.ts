import type { Engine } from '../../engine/engine.ts'
import { version } from '../../engine/version.ts'
import type { Archetype } from '../../engine/world/archetype.ts'
import type { World } from '../../engine/world/world.ts'
import { DiscordChannel } from '../../systems/discord/columns.ts'
import { Embedding } from '../../systems/eidolon/columns.ts'
import { ModelUse, SourceCount } from '../../systems/olympia/columns.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import { byLabel, histogram, type Metric, metricsText, single } from '../inspector/prometheus.ts'
import { recallLatency } from '../search/latency.ts'
import { agentCounts } from './desk/sessions.ts'

/** Channels, models and sources that have a label of their own; the rest is `other`, so that the number of series stays bounded. */
const named = 20

/** How the daemon stands, for Prometheus. O(sessions + channels + sources). */
export function metricsOf(engine: Engine): string {
  return metricsText([
    build(),
    ...ticks(engine),
    ...memories(engine),
    recalls(engine),
    ...notes(engine),
    ...agents(engine),
    ...flow(engine),
    ...discord(engine),
    ...models(engine),
    ...taken(engine),
    ...processes(),
  ])
}

function build(): Metric {
  const labels = { version, node: process.versions.node }
  return { name: 'promethean_build_info', help: 'Which versions run.', type: 'gauge', samples: [{ value: 1, labels }] }
}

function ticks(engine: Engine): Metric[] {
  const { ticks: count, tick_total_ms, snapshot_pause_ms, systems } = engine.timings()
  const seconds = systems.map(({ system, total_ms }) => [system, total_ms / 1000] as const)
  return [
    single('promethean_ticks_total', 'counter', 'Ticks that this process has run.', count),
    single('promethean_tick_seconds_total', 'counter', 'Time spent in ticks.', tick_total_ms / 1000),
    byLabel('promethean_system_seconds_total', 'counter', 'Time spent in each system.', 'system', seconds),
    single('promethean_world_tick', 'gauge', 'Number of the last tick.', engine.tick),
    single('promethean_snapshot_pause_seconds', 'gauge', 'Longest pause for a snapshot.', snapshot_pause_ms / 1000),
  ]
}

function memories({ world }: Engine): Metric[] {
  const gauges = gaugesOf(world)
  const { waiting, running, poisoned } = world.of(Embedding)
  const jobs = [
    ['waiting', waiting[1] ?? 0],
    ['running', running[1] ?? 0],
    ['poisoned', poisoned[1] ?? 0],
  ] as const
  return [
    single('promethean_memories', 'gauge', 'Memories that are served.', gauges.memories),
    single('promethean_memories_awake', 'gauge', 'Memories whose usage fades.', gauges.memories_awake),
    single('promethean_keys', 'gauge', 'Keys that memories share.', gauges.keys),
    single('promethean_edges', 'gauge', 'Edges between memories and keys.', gauges.edges),
    single('promethean_families', 'gauge', 'Families of near duplicates.', gauges.families),
    single('promethean_duplicates_total', 'counter', 'What was said or delivered again.', gauges.duplicates),
    single('promethean_loops_total', 'counter', "The agent's own words read back.", gauges.loops),
    single('promethean_memories_refused_total', 'counter', 'What found no room.', gauges.refused),
    byLabel('promethean_embedding_jobs', 'gauge', 'Vectors to be made.', 'state', jobs),
  ]
}

function recalls({ world }: Engine): Metric {
  const latency = recallLatency(world)
  const { count, sum_s } = latency
  return histogram('promethean_recall_seconds', 'How long recalls took.', {
    buckets: latency.buckets(),
    sum: sum_s,
    count,
  })
}

function notes({ world }: Engine): Metric[] {
  const gauges = gaugesOf(world)
  const verdicts = [
    ['pending', gauges.sentinels_pending],
    ['done', gauges.sentinels_done],
    ['failed', gauges.sentinels_failed],
    ['proposed', gauges.sentinels_proposed],
    ['held', gauges.sentinels_held],
  ] as const
  return [
    single('promethean_files', 'gauge', 'Notes that are there.', gauges.files),
    byLabel('promethean_sentinels', 'gauge', 'Notes by what their sentinel says.', 'state', verdicts),
    single('promethean_notes_repaired_total', 'counter', 'Notes that were repaired.', gauges.repaired),
    single('promethean_notes_skipped_total', 'counter', 'Looks at notes that cannot be read.', gauges.skipped),
  ]
}

function agents(engine: Engine): Metric[] {
  const counts = agentCounts(engine)
  const running = counts.running - counts.waiting
  const turns = [
    ['running', running],
    ['waiting', counts.waiting],
  ] as const
  return [
    single('promethean_sessions', 'gauge', 'Sessions of the policy, and those that were opened.', counts.sessions),
    single('promethean_turns_total', 'counter', 'Turns that have begun.', counts.turns),
    byLabel('promethean_turns_open', 'gauge', 'Turns under way.', 'state', turns),
    single('promethean_inputs_queued', 'gauge', 'Inputs that wait in the queues of sessions.', counts.queued),
    single('promethean_approvals_asked', 'gauge', "Calls that wait for the operator's yes.", counts.calls_asking),
    single('promethean_tokens_today', 'gauge', 'Tokens that all agents have used today.', counts.tokens_today),
  ]
}

function flow(engine: Engine): Metric[] {
  const { outbox, inbox, refused, dead, data_bytes, journal_ticks, health } = engine.status()
  const effects = [
    ['waiting', outbox.pending - outbox.in_flight],
    ['in_flight', outbox.in_flight],
  ] as const
  return [
    single('promethean_ready', 'gauge', 'Whether the daemon takes events.', health === 'ok' ? 1 : 0),
    byLabel('promethean_effects', 'gauge', 'Effects that are open.', 'state', effects),
    single('promethean_effect_oldest_seconds', 'gauge', 'Age of the oldest open effect.', outbox.oldest_ms / 1000),
    single('promethean_events_waiting', 'gauge', 'Events in the rings.', inbox),
    single('promethean_events_refused_total', 'counter', 'Events that were refused at the edge.', refused),
    single('promethean_dead_letters', 'gauge', 'Events that were set aside.', dead),
    single('promethean_journal_ticks', 'gauge', 'Ticks in the journal.', journal_ticks),
    single('promethean_data_bytes', 'gauge', 'Bytes of the record.', data_bytes),
  ]
}

/** The busiest channels by name, and all others together. */
function discord({ world }: Engine): Metric[] {
  const { people, bots, counted } = world.of(DiscordChannel)
  const rows = busiest(world, DiscordChannel, (row) => people[row]! + bots[row]!)
  const of = (name: string, help: string, column: Float64Array): Metric =>
    byLabel(
      `promethean_discord_${name}_total`,
      'counter',
      help,
      'channel',
      labelled(world, DiscordChannel, rows, column),
    )
  return [
    of('people_messages', 'Messages of people.', people),
    of('program_messages', 'Messages of programs.', bots),
    of('counted_messages', 'Messages of programs that were only counted.', counted),
  ]
}

/** The models that were asked most, and what became of the tools they asked for. */
function models({ world }: Engine): Metric[] {
  const { calls, failed, tokens_in, tokens_out, cost } = world.of(ModelUse)
  const rows = busiest(world, ModelUse, (row) => calls[row]!)
  const of = (name: string, help: string, column: Float64Array): Metric =>
    byLabel(`promethean_model_${name}_total`, 'counter', help, 'model', labelled(world, ModelUse, rows, column))
  const { calls_valid, calls_invalid, calls_refused } = gaugesOf(world)
  const outcomes = [
    ['valid', calls_valid],
    ['invalid', calls_invalid],
    ['refused', calls_refused],
  ] as const
  return [
    of('calls', 'Questions to each model that have ended.', calls),
    of('failed_calls', 'Of these, those that failed; which name no model.', failed),
    of('input_tokens', 'Tokens that each model has read.', tokens_in),
    of('output_tokens', 'Tokens that each model has written.', tokens_out),
    of('cost', "What turns have cost by their agents' prices.", cost),
    byLabel('promethean_tool_calls_total', 'counter', 'Calls of tools that models asked for.', 'outcome', outcomes),
  ]
}

/** What came in from outside, by its source. */
function taken({ world }: Engine): Metric[] {
  const { events } = world.of(SourceCount)
  const rows = busiest(world, SourceCount, (row) => events[row]!)
  const values = labelled(world, SourceCount, rows, events)
  return [byLabel('promethean_source_events_total', 'counter', 'Events taken in from outside.', 'source', values)]
}

/** Rows of a keyed table, those with most first. */
function busiest(world: World, table: Archetype, weight: (row: number) => number): number[] {
  const rows = Array.from({ length: world.rows(table) }, (_, at) => at + 1)
  return rows.sort((a, b) => weight(b) - weight(a) || a - b)
}

/** The first rows by their keys, and all others together; a row whose key is `other` is among these. */
function labelled(world: World, table: Archetype, rows: readonly number[], column: Float64Array): [string, number][] {
  const pairs = rows.map((row): [string, number] => [world.keyOf(table, row), column[row]!])
  const shown = pairs.slice(0, named).filter(([key]) => key !== 'other')
  const rest = [...pairs.slice(0, named).filter(([key]) => key === 'other'), ...pairs.slice(named)]
  return rest.length === 0 ? shown : [...shown, ['other', rest.reduce((sum, [, value]) => sum + value, 0)]]
}

function processes(): Metric[] {
  const { user, system } = process.cpuUsage()
  const started = Date.now() / 1000 - process.uptime()
  return [
    single('process_resident_memory_bytes', 'gauge', 'Resident memory size.', process.memoryUsage.rss()),
    single('process_cpu_seconds_total', 'counter', 'Processor time of this process.', (user + system) / 1e6),
    single('process_start_time_seconds', 'gauge', 'When this process began, since 1970.', started),
  ]
}
