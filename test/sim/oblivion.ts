import type { Engine } from '../../engine/engine.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import type { Store } from '../../engine/record/store.ts'
import { recall } from '../../systems/recall.ts'
import type { Secret } from './eraser.ts'
import type { Court } from './violation.ts'

/** Where the record rests, which tables it has, and what must not be in it. */
export type Kept = {
  readonly store: Store
  readonly records: readonly string[]
  readonly forgotten: readonly Secret[]
}

const words = /xyzzy\d+q\d+/g

/**
 * What is forgotten is nowhere: in no record, no entry of the journal, no snapshot, and nothing is found by it.
 * O(bytes of the record)
 */
export async function auditForgotten(court: Court, engine: Engine, { store, records, forgotten }: Kept): Promise<void> {
  if (forgotten.length === 0) return
  const ids = new Map(forgotten.map(({ word, id }) => [word, id]))
  const judge = (bytes: Uint8Array, where: () => string): void => {
    const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').match(words)
    const kept = found?.find((word) => ids.has(word))
    court.holds(kept === undefined, 'forgotten', () => `${ids.get(kept!)} is forgotten and stands in ${where()}`)
  }
  for (const table of [ownTables.outbox, ownTables.dead, ...records]) {
    for (const key of store.keys(table)) judge(store.read(table, key)!, () => `record ${key} of ${table}`)
  }
  for (const { tick, bytes } of store.journal(1)) judge(bytes, () => `the journal's entry ${tick}`)
  for (const tick of store.snapshots()) judge((await store.loadSnapshot(tick))!, () => `the snapshot of tick ${tick}`)
  for (const { word, id } of forgotten) {
    const { hits } = recall(engine, word, { hits_max: 5 })
    const found = hits.some(({ memory_id }) => engine.read('text', memory_id)?.includes(word))
    court.holds(!found, 'forgotten', () => `${id} is forgotten and is found`)
  }
}
