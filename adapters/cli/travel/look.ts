import type { View } from '../../../engine/flow/adapter.ts'
import { gaugesOf } from '../../../systems/olympia/gauges.ts'
import { type MemoryView, memoryOf } from '../desk/memory.ts'
import { type SessionView, sessionsOf } from '../desk/sessions.ts'
import { rowsOf } from '../view/world.ts'

/** Shorter ways to look at a world, for scripts that import nothing. */
export type Look = {
  /** The running counts of the mind by name: `memories`, `files`, `sentinels_failed`, ... */
  gauge(name: string): number
  /** How many rows or entities there are. @throws EngineError ARCHETYPE_UNKNOWN */
  count(archetype: string): number
  /** One row or entity by its columns' names; undefined where there is none. @throws EngineError ARCHETYPE_UNKNOWN */
  row(archetype: string, id: number): { readonly [column: string]: number } | undefined
  /** Undefined where there is no such memory. */
  memory(id: number): MemoryView | undefined
  sessions(): readonly SessionView[]
}

/** The ways to look at a view. */
export function lookOf(view: View): Look {
  return {
    gauge: (name) => Object.entries(gaugesOf(view.world)).find(([each]) => each === name)?.[1] ?? 0,
    count: (archetype) => rowsOf(view, { of: archetype, from: 1, limit: 0 }).count,
    row(archetype, id) {
      const { columns, ids, cells } = rowsOf(view, { of: archetype, from: id, limit: 1 })
      if (ids[0] !== id) return undefined
      return Object.fromEntries(columns.map((column, at) => [column, cells[0]?.[at] ?? 0]))
    },
    memory: (id) => memoryOf(view, id),
    sessions: () => sessionsOf(view),
  }
}
