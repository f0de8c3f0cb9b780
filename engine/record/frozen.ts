import { EngineError } from '../errors.ts'
import type { Store } from './store.ts'

/**
 * A store as it stood at an earlier tick, for looking only: its journal ends there. Records of later ticks are still in it,
 * but no row of that tick's world names them; requests that were answered since are gone. `close` closes the store.
 */
export function frozenAt(store: Store, tick: number): Store {
  const refuse = (): Promise<never> =>
    Promise.reject(new EngineError('ENGINE_STATE', `tick ${tick} is over: it is only looked at`, { value: tick }))
  const last = (to: number | undefined): number => Math.min(to ?? tick, tick)
  return {
    name: store.name,
    open: refuse,
    commit: refuse,
    truncateJournal: refuse,
    dropPast: refuse,
    saveSnapshot: refuse,
    read: (table, key) => store.read(table, key),
    count: (table) => store.count(table),
    keys: (table) => store.keys(table),
    journal: (from, to) => store.journal(from, last(to)),
    journalCount() {
      let count = 0
      for (const _ of store.journal(0, tick)) count++
      return count
    },
    snapshots: () => store.snapshots().filter((at) => at <= tick),
    loadSnapshot: (at) => store.loadSnapshot(at),
    readSnapshot: (at, from, into) => store.readSnapshot(at, from, into),
    bytes: () => store.bytes(),
    verify: () => store.verify(),
    close: () => store.close(),
  }
}
