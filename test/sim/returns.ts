import type { Engine } from '../../engine/engine.ts'
import { Deleted, Memory } from '../../systems/components.ts'
import { MemoryCompacted, MemoryRestored } from '../../systems/events.ts'
import type { Court } from './violation.ts'

/** What summaries stand for comes back as it was, to the byte, unless it was purged or forgotten meanwhile. */
export class Returns {
  readonly #court: Court
  /** Of each memory that a summary was put in place of: its records then. */
  readonly #records = new Map<number, string>()

  /** Came back, and has not been looked at. */
  readonly #back = new Set<number>()

  constructor(court: Court) {
    this.#court = court
  }

  /** A new life of the process is listened to. */
  follow(engine: Engine): void {
    engine.on(MemoryCompacted.name, (event) => {
      if (!MemoryCompacted.is(event)) return
      for (const id of event.payload.memory_ids) this.#records.set(id, recordsOf(engine, id))
    })
    engine.on(MemoryRestored.name, (event) => {
      if (MemoryRestored.is(event)) for (const id of event.payload.memory_ids) this.#back.add(id)
    })
  }

  /** The full check. O(what came back) */
  judgeAll(engine: Engine): void {
    const { deleted } = engine.world.of(Memory)
    for (const id of this.#back) {
      const before = this.#records.get(id)
      const same = before === undefined || deleted[id] === Deleted.forgotten || recordsOf(engine, id) === before
      this.#court.holds(same, 'undo', () => `memory ${id} came back as another than it was`)
    }
    this.#back.clear()
  }
}

function recordsOf(engine: Engine, id: number): string {
  return `${engine.read('text', id)}\n${engine.read('meta', id)}`
}
