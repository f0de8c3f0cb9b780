import { addComponent, addEntity, createWorld, query, removeEntity } from 'bitecs'
import { assert, EngineError } from '../errors.ts'
import type { Archetype } from './archetype.ts'
import { bytesOf, type Columns, type Schema } from './columns.ts'
import { Names } from './names.ts'
import type { PairIndex } from './pairs.ts'
import { Slot } from './slot.ts'

/** Everything but columns that a snapshot holds of a world. */
export type WorldShape = {
  readonly names: readonly string[]
  readonly free: readonly number[]
  readonly entities: number
  readonly slots: readonly { name: string; rows: number; keys: readonly string[] }[]
}
export type NamedBytes = { readonly name: string; readonly bytes: Uint8Array; readonly fixed: boolean }

/** All numbers that decide what happens next. Entities live in bitECS, their numbers in typed-array columns. */
export class World {
  readonly names: Names = new Names()
  /** State of the seeded generator. */
  readonly randomState: Uint32Array = new Uint32Array([1])
  readonly #bit = createWorld()
  /** By the serial number of their archetype. */
  readonly #slots: (Slot | undefined)[] = []
  readonly #ordered: readonly Slot[]
  readonly #owner: (Slot | undefined)[] = []
  /** bitECS recycles last-in-first-out; the mirror lets a snapshot restore that order without its internals. */
  readonly #free: number[] = []
  readonly #killed: number[] = []
  #entities = 0
  #changed = false
  /** The table that was appended to last and is nearly full. */
  #crowded: Slot | undefined

  constructor(archetypes: readonly Archetype[]) {
    this.#ordered = archetypes.map((archetype) => new Slot(archetype))
    for (const slot of this.#ordered) this.#slots[slot.archetype.serial] = slot
  }

  /** Columns of an archetype or table, indexed by id. Do not keep a single array over a spawn or append. */
  of<S extends Schema>(archetype: Archetype<S>): Columns<S> {
    return this.#slot(archetype).columns as Columns<S>
  }

  /** A new entity with zeroed columns; `each` shows it from the next system on. @throws EngineError WORLD_FULL */
  spawn(archetype: Archetype): number {
    const slot = this.#slot(archetype)
    const { name, kind } = archetype
    assert(kind === 'entity', 'ARCHETYPE_UNKNOWN', `${name} is a table: append to it`, name)
    const id = addEntity(this.#bit)
    const recycled = this.#free.pop()
    assert(recycled === undefined || recycled === id, 'WORLD_FULL', `entity ids diverged: ${recycled} and ${id}`, id)
    if (id > this.#entities) this.#entities = id
    this.#admit(slot, id)
    slot.ids.add(id)
    this.#changed = true
    return id
  }

  /** Removes an entity after the running system; until then its columns can still be read. */
  kill(id: number): void {
    assert(this.#owner[id] !== undefined, 'ENTITY_DEAD', `entity ${id} is not alive`, id)
    this.#killed.push(id)
    this.#changed = true
  }

  /** Whether an id is a living entity of this archetype. */
  alive(archetype: Archetype, id: number): boolean {
    return this.#owner[id]?.archetype === archetype
  }

  /** Ids of the living entities of an archetype, ascending. */
  each(archetype: Archetype): Uint32Array {
    return this.#slot(archetype).ids.view
  }

  /** New zeroed rows, one if nothing else is said; the number of the first, which is its id for ever. @throws EngineError TABLE_FULL */
  append(archetype: Archetype, count = 1): number {
    const slot = this.#slot(archetype)
    const { name, rows_max } = archetype
    if (slot.rows + count > rows_max) {
      throw new EngineError('TABLE_FULL', `${name} holds its limit of ${rows_max} rows`, { value: name })
    }
    const first = slot.rows + 1
    slot.rows += count
    if (slot.rows > slot.capacity) slot.grow(slot.rows)
    else if (slot.crowded) this.#crowded = slot
    return first
  }

  /** How many rows a table holds; the newest has this id. */
  rows(archetype: Archetype): number {
    return this.#slot(archetype).rows
  }

  /** How many rows a table can still take. */
  room(archetype: Archetype): number {
    return archetype.rows_max - this.#slot(archetype).rows
  }

  /** The row of a keyed table, or 0: the key is a short text given to `appendKeyed`. */
  find(archetype: Archetype, key: string): number {
    return this.#slot(archetype).keys.find(key)
  }

  /** The row of a key, appended when it is new. A table is either keyed throughout or not at all. */
  appendKeyed(archetype: Archetype, key: string): number {
    const slot = this.#slot(archetype)
    const known = slot.keys.find(key)
    if (known !== 0) return known
    const row = this.append(archetype)
    assert(slot.keys.id(key) === row, 'ARCHETYPE_UNKNOWN', `${archetype.name} has rows without a key`, key)
    return row
  }

  /** The key of a row of a keyed table. */
  keyOf(archetype: Archetype, row: number): string {
    return this.#slot(archetype).keys.text(row)
  }

  /** The first row whose `<name>_high` and `<name>_low` columns hold this 64-bit key, or 0. O(1), plus O(new rows). */
  findPair(archetype: Archetype, name: string, high: number, low: number): number {
    return this.pairs(archetype, name).find(high >>> 0, low >>> 0)
  }

  /** Finds rows by 64-bit keys as `findPair` does, many at once too. Good until rows are appended; then ask for it again. */
  pairs(archetype: Archetype, name: string): PairIndex {
    const slot = this.#slot(archetype)
    if (slot.pairs.name !== name) slot.pairs.watch(slot.columns, name)
    slot.pairs.take(slot.rows)
    return slot.pairs
  }

  /** Applies spawns and kills; the tick calls it after each system. */
  settle(): void {
    if (!this.#changed) return
    this.#changed = false
    for (const id of this.#killed) {
      const slot = this.#owner[id]
      if (slot === undefined) continue // Killed twice by one system: once is enough.
      for (const name of Object.keys(slot.columns)) slot.columns[name]![id] = 0
      removeEntity(this.#bit, id)
      this.#owner[id] = undefined
      this.#free.push(id)
      slot.ids.remove(id)
    }
    this.#killed.length = 0
    for (const slot of this.#ordered) slot.ids.settle()
  }

  /** Makes some of the room that will be needed soon; the tick calls it when all systems have run. O(one column), seldom */
  growAhead(): void {
    this.#crowded?.growAhead()
    this.#crowded = undefined
  }

  /** Archetypes and tables in their declared order. */
  get archetypes(): readonly Archetype[] {
    return this.#ordered.map((slot) => slot.archetype)
  }

  /** The ids that bitECS itself finds, in its own order: for tests that hold `each` against it. */
  queried(archetype: Archetype): readonly number[] {
    return [...query(this.#bit, [this.#slot(archetype).component])]
  }

  shape(): WorldShape {
    return {
      names: this.names.list(),
      free: [...this.#free],
      entities: this.#entities,
      slots: this.#ordered.map(({ archetype, rows, keys }) => ({ name: archetype.name, rows, keys: keys.list() })),
    }
  }

  /**
   * Live bytes of every column as `Archetype.column`, and of the ids of entities as `Archetype.`. Not copied: those
   * of `fixed` tables stay as they are, whatever ticks follow, because growing replaces an array and leaves the old one.
   */
  *bytes(): Generator<NamedBytes> {
    for (const { archetype, columns, ids, rows } of this.#ordered) {
      const last = archetype.kind === 'row' ? rows : this.#entities
      if (archetype.kind === 'entity') {
        yield {
          name: `${archetype.name}.`,
          bytes: new Uint8Array(ids.view.buffer, 0, ids.view.byteLength),
          fixed: false,
        }
      }
      for (const [name, column] of Object.entries(columns)) {
        const bytes = bytesOf(column, Math.min(last, column.length - 1))
        yield { name: `${archetype.name}.${name}`, bytes, fixed: archetype.fixed }
      }
    }
  }

  /** Makes room in an empty world for columns of these sizes in bytes; what is read there need not be copied by `restore`. */
  roomFor(sections: readonly { readonly name: string; readonly bytes: number }[]): Map<string, Uint8Array> {
    const rooms = new Map<string, Uint8Array>()
    const slots = new Map(this.#ordered.map((slot) => [slot.archetype.name, slot]))
    for (const { name, bytes } of sections) {
      const [owner = '', column = ''] = name.split('.')
      const slot = slots.get(owner)
      if (slot?.columns[column] !== undefined) rooms.set(name, this.#room(slot, column, bytes))
    }
    return rooms
  }

  /** Rebuilds an empty world from a shape and the bytes it was saved with. */
  restore(shape: WorldShape, bytes: ReadonlyMap<string, Uint8Array>): void {
    assert(this.#entities === 0, 'ENGINE_STATE', 'a world is restored once, while it is empty')
    this.names.restore(shape.names)
    const byName = new Map(shape.slots.map((slot) => [slot.name, slot]))
    const owners = new Map<number, Slot>()
    for (const slot of this.#ordered) {
      const saved = byName.get(slot.archetype.name)
      if (saved === undefined) continue
      slot.rows = saved.rows
      slot.keys.restore(saved.keys)
      this.#restoreColumns(slot, bytes)
      const ids = bytes.get(`${slot.archetype.name}.`)
      if (ids === undefined) continue
      const live = new Uint32Array(ids.slice().buffer)
      slot.ids.reset(live)
      for (const id of live) owners.set(id, slot)
    }
    this.#restoreEntities(shape, owners)
  }

  /** Capacity follows what was saved, not the highest id: a restored world must have the bytes of the one it stands for. */
  #restoreColumns(slot: Slot, bytes: ReadonlyMap<string, Uint8Array>): void {
    for (const name of Object.keys(slot.columns)) {
      const saved = bytes.get(`${slot.archetype.name}.${name}`)
      if (saved === undefined) continue
      const room = this.#room(slot, name, saved.byteLength)
      if (room.buffer !== saved.buffer) room.set(saved)
    }
    if (slot.rows > slot.capacity) slot.grow(slot.rows)
  }

  #room(slot: Slot, column: string, bytes: number): Uint8Array {
    const last = bytes / slot.columns[column]!.BYTES_PER_ELEMENT - 1
    if (last > slot.capacity) slot.grow(last)
    return new Uint8Array(slot.columns[column]!.buffer, 0, bytes)
  }

  #restoreEntities(shape: WorldShape, owners: ReadonlyMap<number, Slot>): void {
    for (let id = 1; id <= shape.entities; id++) {
      const made = addEntity(this.#bit)
      const owner = owners.get(made)
      this.#owner[made] = owner
      if (owner !== undefined) addComponent(this.#bit, made, owner.component)
    }
    for (const id of shape.free) {
      removeEntity(this.#bit, id)
      this.#free.push(id)
    }
    this.#entities = shape.entities
  }

  #admit(slot: Slot, id: number): void {
    assert(
      id <= slot.archetype.rows_max,
      'WORLD_FULL',
      `the world holds its limit of ${slot.archetype.rows_max} entities`,
      id,
    )
    if (id > slot.capacity) slot.grow(id)
    addComponent(this.#bit, id, slot.component)
    this.#owner[id] = slot
  }

  #slot(archetype: Archetype): Slot {
    const slot = this.#slots[archetype.serial]
    if (slot !== undefined) return slot
    const { name } = archetype
    throw new EngineError('ARCHETYPE_UNKNOWN', `${name} was not given to createEngine`, { value: name })
  }
}
