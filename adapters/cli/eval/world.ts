import { createEngine, type Engine } from '../../../engine/engine.ts'
import { ram } from '../../../stores/ram.ts'
import { Memory } from '../../../systems/components.ts'
import { mind } from '../../../systems/index.ts'
import type { Recall } from '../../../systems/recall/types.ts'
import { type SearchAdapter, search } from '../../search.ts'
import { metaOf } from '../desk/memory.ts'
import { CliError, exitCodes } from '../exit.ts'
import { type Loaded, load } from '../ingest/loader.ts'
import { rulesOf } from '../ingest/rules.ts'

const lineBytesMax = 8_388_608
/** Hits that are asked for: as deep as is measured. */
const hits_max = 20
const warmUps = 20

/** One question's answer: ids best first, how sure recall is, and how long it took in milliseconds. */
export type Asked = { readonly found: readonly string[]; readonly recall: Recall; readonly took_ms: number }

/** A fresh world in memory alone, filled through the whole pipeline. */
export class TrialWorld {
  readonly engine: Engine
  readonly #search: SearchAdapter

  private constructor(engine: Engine, adapter: SearchAdapter) {
    this.engine = engine
    this.#search = adapter
  }

  /** @throws CliError 65 when lines of the corpus were refused: what is measured must be whole */
  static async open(name: string, lines: Buffer): Promise<TrialWorld> {
    const parts = mind()
    const adapter = search()
    const engine = await createEngine({ ...parts, store: ram(), adapters: [adapter] })
    await engine.start()
    const loaded: Loaded = await load(engine, lines, rulesOf(parts, lineBytesMax))
    await engine.flushed()
    await adapter.complete()
    const [problem] = loaded.refused.first
    const world = new TrialWorld(engine, adapter)
    if (problem === undefined) return world
    await world.close()
    throw new CliError(exitCodes.data, `${name}: line ${problem.line}: ${problem.code}: ${problem.reason}`)
  }

  /** The first question is asked a few times before it counts: nobody measures a cold engine. */
  async warm(queries: readonly string[]): Promise<void> {
    for (const query of queries.slice(0, warmUps)) await this.ask(query)
  }

  async ask(query: string): Promise<Asked> {
    const before_ms = performance.now()
    const recall = await this.#search.recall(query, { hits_max })
    const took_ms = performance.now() - before_ms
    return { found: recall.hits.map(({ id }) => id), recall, took_ms }
  }

  /** Which memories hang together: a name for each, by its event's id. Families, copies and floods count alike. */
  families(): Map<string, string> {
    const { world } = this.engine
    const memory = world.of(Memory)
    const above = new Map<number, number>()
    const rootOf = (row: number): number => {
      let root = row
      for (let up = above.get(root); up !== undefined; up = above.get(root)) root = up
      return root
    }
    const rows = Array.from({ length: world.rows(Memory) }, (_, at) => at + 1).filter((row) => memory.parent[row] === 0)
    for (const row of rows) {
      for (const other of [memory.replaced_by[row]!, memory.family[row]!, memory.same_as[row]!]) {
        if (other !== 0 && rootOf(other) !== rootOf(row)) above.set(rootOf(row), rootOf(other))
      }
    }
    return new Map(rows.map((row) => [metaOf(this.engine, row).id ?? '', String(rootOf(row))]))
  }

  /** Resolves when every index holds every memory. */
  async complete(): Promise<void> {
    await this.#search.complete()
  }

  async close(): Promise<void> {
    await this.engine.stop()
  }
}
