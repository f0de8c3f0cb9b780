import type { View } from '../../../engine/flow/adapter.ts'
import { gaugesOf } from '../../../systems/olympia/gauges.ts'
import { type MemoryView, memoryOf } from '../desk/memory.ts'
import { type SessionView, sessionsOf } from '../desk/sessions.ts'
import { CliError, exitCodes } from '../exit.ts'
import { rowsOf } from '../view/world.ts'
import { oneLine } from '../words.ts'

/** Shorter ways to look at a world, for scripts that import nothing. */
export type Look = {
  /** A running count of the mind: `memories`, `files`, `sentinels_failed`, ... @throws CliError 65 for one that there is not */
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
    gauge(name) {
      const gauges = Object.entries(gaugesOf(view.world))
      const found = gauges.find(([each]) => each === name)
      if (found !== undefined) return found[1]
      const names = gauges.map(([each]) => each).join(', ')
      throw new CliError(exitCodes.data, `there is no gauge ${oneLine(name, 60)}; there are ${names}`)
    },
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
