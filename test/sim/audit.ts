import type { Engine } from '../../engine/engine.ts'
import { Effect } from '../../engine/flow/effect.ts'
import type { Event } from '../../engine/flow/event.ts'
import { decodeEntry } from '../../engine/record/journal.ts'
import { firstDifference, markOf } from '../../engine/record/mark.ts'
import { freshCore, readRecord, runIdle } from '../../engine/record/recover.ts'
import type { Store } from '../../engine/record/store.ts'
import type { Core, Parts } from '../../engine/tick.ts'
import { Gauge, Memory, MemoryKind, Policy, Sentinel, SentinelPhase } from '../../systems/components.ts'
import { ChatSaid, FsWrite, NoteReady, NoteWritten } from '../../systems/events.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'
import type { Spoken } from './talk.ts'
import type { Court } from './violation.ts'
import type { LibraryNote } from './workload.ts'

/** Runs the record again, from a snapshot or from the beginning, and holds the result against the living world. */
export async function auditReplay(court: Court, engine: Engine, from: number): Promise<void> {
  const report = await engine.replay({ from, until: engine.tick })
  const at = report.first_difference
  court.holds(report.identical, 'replay', () => `from ${from} it differs first at ${JSON.stringify(at)}`)
  court.holds(report.digest === engine.digest(), 'replay', () => `from ${from} it ends with another digest`)
  if (!report.identical) return
  const column = firstDifference(engine.mark(), markOf(report.core))
  court.holds(column === undefined, 'replay', () => `from ${from} it ends with another ${column}`)
}

/** What one walk through the journal has seen. */
type Tally = {
  written: number
  readonly writtenIds: Set<string>
  ready: number
  said: number
  readonly answered: Set<number>
  readonly requested: Set<number>
}

/** Walks through the whole journal and accounts for every event, effect and memory. */
export function auditOutcomes(
  court: Court,
  parts: Parts,
  store: Store,
  { notes, said }: { readonly notes: readonly LibraryNote[]; readonly said: readonly Spoken[] },
): void {
  const core = freshCore(parts, store, { backoff_max_ms: 120_000 })
  const tally: Tally = {
    written: 0,
    writtenIds: new Set(),
    ready: 0,
    said: 0,
    answered: new Set(),
    requested: new Set(),
  }
  for (const { tick, bytes } of store.journal(1)) {
    const entry = decodeEntry(bytes, tick)
    runIdle(core, tick - 1)
    const leave = mayWrite(core, store)
    core.apply(entry.events)
    for (const event of core.outcome.heard) hear(court, tally, event)
    // A policy that comes in the middle of a tick's events holds for those behind it.
    const allowed = leave || mayWrite(core, store)
    for (const { effect_id, text } of core.outcome.requests) request(court, core, tally, effect_id, text, allowed)
  }
  judgeMemories(court, core, tally)
  judgeSaid(court, core, store, said)
  for (const { id, acknowledged } of notes) {
    const kept = !acknowledged || tally.writtenIds.has(id)
    court.holds(kept, 'durability', () => `${id} was acknowledged and is not in the journal`)
  }
}

function hear(court: Court, tally: Tally, event: Event): void {
  // A note without any words is nothing to remember.
  if (NoteReady.is(event) && event.payload.text !== '') tally.ready++
  if (ChatSaid.is(event)) tally.said++
  if (NoteWritten.is(event)) {
    tally.written++
    tally.writtenIds.add(event.id)
  }
  const effect_id = event.payload['effect_id']
  if (typeof effect_id !== 'number') return
  court.holds(!tally.answered.has(effect_id), 'applied once', () => `systems heard of effect ${effect_id} twice`)
  court.holds(tally.requested.has(effect_id), 'applied once', () => `effect ${effect_id} was answered, never asked for`)
  tally.answered.add(effect_id)
}

/** A write is asked for only where the policy allows it, or where the operator takes one back. */
function request(court: Court, core: Core, tally: Tally, effect_id: number, text: string, allowed: boolean): void {
  court.holds(!tally.requested.has(effect_id), 'applied once', () => `effect ${effect_id} was asked for twice`)
  tally.requested.add(effect_id)
  if ((JSON.parse(text) as { type: string }).type !== FsWrite.name) return
  const owner = core.world.of(Effect).owner[core.openEffect(effect_id)]!
  const undoing = core.world.of(Sentinel).phase[owner] === SentinelPhase.taking_back
  court.holds(undoing || allowed, 'policy', () => `tick ${core.tick} asked for a write without leave`)
}

function mayWrite(core: Core, store: Store): boolean {
  const row = core.world.rows(Policy)
  const text = row === 0 ? undefined : readRecord(store, 'policy', row)
  return text !== undefined && (JSON.parse(text) as PolicyData).write
}

/** What a person or the agent said and was heard to say is a memory; what a program said may be a number. */
function judgeSaid(court: Court, core: Core, store: Store, said: readonly Spoken[]): void {
  const texts = new Set<string | undefined>()
  for (let id = 1; id <= core.world.rows(Memory); id++) texts.add(readRecord(store, 'text', id))
  for (const { id, text, by, acknowledged } of said) {
    const kept = !acknowledged || by === 'program' || texts.has(text)
    court.holds(kept, 'durability', () => `${id} of a ${by} was acknowledged and is not remembered: ${text}`)
  }
}

/** Every note, of a file or of the library, became one memory or was counted as a duplicate of one. */
function judgeMemories(court: Court, core: Core, tally: Tally): void {
  const { world } = core
  const gauge = world.of(Gauge)
  const [duplicates, refused] = [gauge.duplicates[1]!, gauge.refused[1]!]
  const { file, kind, parent, source_high, source_low } = world.of(Memory)
  const identities = new Set<string>()
  let rows = 0
  let ofLibrary = 0
  for (let id = 1; id <= world.rows(Memory); id++) {
    if (parent[id] !== 0) continue
    rows++
    identities.add(`${source_high[id]} ${source_low[id]}`)
    if (file[id] === 0 && kind[id] === MemoryKind.note) ofLibrary++
  }
  const entered = tally.written + tally.ready + tally.said
  court.holds(
    entered === rows + duplicates + refused,
    'one outcome',
    () => `${entered} notes came in; ${rows} memories, ${duplicates} duplicates, ${refused} refused`,
  )
  court.holds(identities.size === rows, 'one outcome', () => 'two memories have one identity')
  const ids = tally.writtenIds.size
  court.holds(refused > 0 || ofLibrary === ids, 'one outcome', () => `${ids} library notes are ${ofLibrary} memories`)
}
