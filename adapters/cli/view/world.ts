import { EngineError } from '../../../engine/errors.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import type { Archetype } from '../../../engine/world/archetype.ts'
import type { World } from '../../../engine/world/world.ts'
import type { Change, Rows, WorldShape } from '../../inspector/shapes.ts'
import type { Watcher } from '../../inspector.ts'

/** Archetypes that have a watcher look at no more rows than these, the newest. */
const watchedRowsMax = 10_000
const changesMax = 200
const watchedMax = 8

/** Every archetype and table, with how much there is of it. O(archetypes). */
export function shapeOf({ world, tick }: Pick<View, 'world' | 'tick'>): WorldShape {
  const archetypes = world.archetypes.map((each) => ({
    name: each.name,
    kind: each.kind === 'row' ? ('table' as const) : ('archetype' as const),
    count: countOf(world, each),
    columns: Object.entries(each.schema).map(([name, type]) => ({ name, type })),
  }))
  return { tick, archetypes }
}

/** The cells of some rows or entities, ascending by id. O(limit). @throws EngineError ARCHETYPE_UNKNOWN */
export function rowsOf(
  { world, tick }: Pick<View, 'world' | 'tick'>,
  asked: { readonly of: string; readonly from: number; readonly limit: number },
): Rows {
  const archetype = named(world, asked.of)
  const columns = Object.keys(archetype.schema)
  const ids = idsFrom(world, archetype, asked.from, asked.limit)
  const arrays = world.of(archetype)
  const cells = ids.map((id) => columns.map((column) => arrays[column]![id] ?? 0))
  return { of: asked.of, tick, columns, ids, cells, count: countOf(world, archetype) }
}

/** Tells what changed in some archetypes since it was asked last. O(their cells). @throws EngineError ARCHETYPE_UNKNOWN */
export function watcherOf(view: Pick<View, 'world' | 'tick'>, names: readonly string[]): Watcher {
  const watched = [...new Set(names)].slice(0, watchedMax).map((name) => named(view.world, name))
  const before = new Map(watched.map((archetype) => [archetype, copyOf(view.world, archetype)]))
  return () => {
    const found = { changes: [] as Change[], left_out: 0 }
    for (const archetype of watched) {
      const now = copyOf(view.world, archetype)
      compare(archetype, before.get(archetype) ?? new Map(), now, found)
      before.set(archetype, now)
    }
    return found
  }
}

type Copy = ReadonlyMap<number, readonly number[]>

function copyOf(world: World, archetype: Archetype): Copy {
  const from = archetype.kind === 'row' ? Math.max(1, world.rows(archetype) - watchedRowsMax + 1) : 1
  const arrays = Object.values(world.of(archetype))
  return new Map(
    idsFrom(world, archetype, from, watchedRowsMax).map((id) => [id, arrays.map((array) => array[id] ?? 0)]),
  )
}

function compare(archetype: Archetype, before: Copy, now: Copy, into: { changes: Change[]; left_out: number }): void {
  const columns = Object.keys(archetype.schema)
  for (const id of new Set([...before.keys(), ...now.keys()])) {
    const [old, fresh] = [before.get(id), now.get(id)]
    columns.forEach((column, at) => {
      const change = { of: archetype.name, id, column, before: old?.[at] ?? null, after: fresh?.[at] ?? null }
      if (change.before === change.after) return
      if (into.changes.length < changesMax) into.changes.push(change)
      else into.left_out++
    })
  }
}

function idsFrom(world: World, archetype: Archetype, from: number, limit: number): number[] {
  if (archetype.kind === 'entity') return [...world.each(archetype)].filter((id) => id >= from).slice(0, limit)
  const first = Math.max(1, from)
  return Array.from({ length: Math.max(0, Math.min(limit, world.rows(archetype) - first + 1)) }, (_, at) => first + at)
}

function countOf(world: World, archetype: Archetype): number {
  return archetype.kind === 'row' ? world.rows(archetype) : world.each(archetype).length
}

function named(world: World, name: string): Archetype {
  const found = world.archetypes.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = world.archetypes.map((each) => each.name).join(', ')
  throw new EngineError('ARCHETYPE_UNKNOWN', `there is no archetype ${name.slice(0, 60)}; there are ${names}`, {
    value: name,
  })
}
