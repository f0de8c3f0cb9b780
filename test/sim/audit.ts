import type { Engine } from '../../engine/engine.ts'
import { firstDifference, markOf } from '../../engine/record/mark.ts'
import { readRecord } from '../../engine/record/recover.ts'
import type { Store } from '../../engine/record/store.ts'
import type { World } from '../../engine/world/world.ts'
import { Deleted, Gauge, Memory } from '../../systems/components.ts'
import { deliveredAs } from '../../systems/memory/duplicate.ts'
import { hash64 } from '../../systems/text/hash.ts'
import type { Told } from './operator.ts'
import type { Heard } from './replica.ts'
import { channelOf, type Spoken } from './talk.ts'
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

const identity = new Uint32Array(2)

/** What people and programs have said to the agent, with whether they were told that it is kept. */
export type Given = {
  readonly notes: readonly LibraryNote[]
  readonly said: readonly Spoken[]
  readonly told: readonly Told[]
}

/** Accounts for everything that was said: what was acknowledged is durable, and what is durable has one outcome. */
export function auditOutcomes(court: Court, world: World, store: Store, heard: Heard, given: Given): void {
  judgeMemories(court, world, heard)
  judgeSaid(court, world, store, given.said)
  const missing = (id: string) => (): string => `${id} was acknowledged and is not in the journal`
  for (const { id, acknowledged } of given.notes) {
    court.holds(!acknowledged || heard.written.has(id), 'durability', missing(id))
  }
  for (const { id, session, acknowledged } of given.told) {
    court.holds(!acknowledged || heard.identities.has(`operator\n${session}\n${id}`), 'durability', missing(id))
  }
}

/** What a person or the agent said and was heard to say is a memory, or was purged with others; what a program said may be a number. */
function judgeSaid(court: Court, world: World, store: Store, said: readonly Spoken[]): void {
  const texts = new Set<string | undefined>()
  const { deleted } = world.of(Memory)
  for (let id = 1; id <= world.rows(Memory); id++) texts.add(readRecord(store, 'text', id))
  for (const { id, text, by, acknowledged } of said) {
    hash64(`chat\n${channelOf(id)}\n${id}`, identity)
    const isPurged = deleted[deliveredAs(world, identity[0]!, identity[1]!)] === Deleted.forgotten
    const kept = !acknowledged || by === 'program' || texts.has(text) || isPurged
    court.holds(kept, 'durability', () => `${id} of a ${by} was acknowledged and is not remembered: ${text}`)
  }
}

/** Whatever came in has one outcome: it is a memory, or is kept as a copy of one; and no two memories are of one thing. */
function judgeMemories(court: Court, world: World, { identities }: Heard): void {
  court.holds(world.of(Gauge).refused[1] === 0, 'one outcome', () => 'something was refused although there is room')
  for (const each of identities) {
    hash64(each, identity)
    const known = deliveredAs(world, identity[0]!, identity[1]!)
    court.holds(known !== 0, 'one outcome', () => `${each.replaceAll('\n', ' ')} is no memory and no copy of one`)
  }
  const { parent, source_high, source_low } = world.of(Memory)
  const made = new Set<string>()
  for (let id = 1; id <= world.rows(Memory); id++) {
    if (parent[id] !== 0) continue
    const of = `${source_high[id]} ${source_low[id]}`
    court.holds(!made.has(of), 'one outcome', () => `memory ${id} is of the same thing as another`)
    made.add(of)
  }
}
