import type { Engine } from '../../../engine/engine.ts'
import { defaultCompact } from '../../../systems/compact/policy.ts'
import { Memory, MemoryKind } from '../../../systems/components.ts'
import { CompactEnded, ConfigSet, MemoryUsed } from '../../../systems/events.ts'
import { metaOf } from '../desk/memory.ts'
import { recallAt } from './metrics.ts'
import type { Corpus, CorpusSet } from './sets.ts'
import { TrialWorld } from './world.ts'

/**
 * What compaction costs recall: the questions are asked, the fifth of the memories that they found most is taken as used, all the
 * rest is compacted, and the questions are asked again.
 */
export type MeasuredCompaction = {
  readonly name: string
  readonly questions: number
  readonly memories: number
  /** Summaries in force afterwards. */
  readonly summaries: number
  /** Share of the bytes of all live texts that is left. */
  readonly bytes_left: number
  /** Recall at 5 and at 10; afterwards a summary counts for what it stands for. */
  readonly before: { readonly at_5: number; readonly at_10: number }
  readonly after: { readonly at_5: number; readonly at_10: number }
  /** Recall at 10 where a summary counts only when a sentence of the very memory is still in it. */
  readonly quoted_at_10: number
}

/** The part of the memories that is used, and left alone. */
const used = 0.2
const sentence_min = 12

/** Measures every corpus of a set. @param tell hears what is done next */
export async function measureCompaction(set: CorpusSet, tell: (what: string) => void): Promise<MeasuredCompaction> {
  const each: MeasuredCompaction[] = []
  for (const corpus of set.corpora) {
    tell(`${set.name}/${corpus.name}: compacting`)
    each.push(await measured(corpus))
  }
  return together(set.name, each)
}

async function measured(corpus: Corpus): Promise<MeasuredCompaction> {
  const world = await TrialWorld.open(corpus.name, corpus.bytes)
  try {
    const { engine } = world
    const rows = rowsById(engine)
    const before = await answers(world, corpus)
    const bytes = liveBytes(engine)
    await compacted(world, mostUsed([...rows.values()], before))
    const after = await answers(world, corpus)
    const gold = corpus.questions.map((question) => question.gold.map((id) => rows.get(id) ?? 0))
    const standing = (row: number): number => engine.world.of(Memory).replaced_by[row]! || row
    const mean = (of: (at: number) => number): number =>
      gold.reduce((sum, _, at) => sum + of(at), 0) / Math.max(1, gold.length)
    const share = (k: number, found: readonly (readonly number[])[], by: (row: number) => number): number =>
      mean((at) =>
        recallAt(
          k,
          found[at]!.map(String),
          gold[at]!.map((row) => String(by(row))),
        ),
      )
    return {
      name: corpus.name,
      questions: gold.length,
      memories: rows.size,
      summaries: summariesIn(engine),
      bytes_left: liveBytes(engine) / bytes,
      before: { at_5: share(5, before, (row) => row), at_10: share(10, before, (row) => row) },
      after: { at_5: share(5, after, standing), at_10: share(10, after, standing) },
      quoted_at_10: mean((at) => {
        const found = gold[at]!.filter(
          (row) => after[at]!.includes(standing(row)) && isQuoted(engine, row, standing(row)),
        )
        return found.length / Math.max(1, gold[at]!.length)
      }),
    }
  } finally {
    await world.close()
  }
}

async function answers(world: TrialWorld, corpus: Corpus): Promise<number[][]> {
  const found: number[][] = []
  for (const { query } of corpus.questions) {
    const { recall } = await world.ask(query)
    found.push(recall.hits.slice(0, 10).map(({ memory_id }) => memory_id))
  }
  return found
}

/** Rows by how often, and how far in front, the questions found them. */
function mostUsed(rows: readonly number[], found: readonly (readonly number[])[]): number[] {
  const uses = new Map<number, number>()
  for (const ids of found) for (const [place, id] of ids.entries()) uses.set(id, (uses.get(id) ?? 0) + 1 / (place + 1))
  const sorted = [...rows].sort((one, other) => (uses.get(other) ?? 0) - (uses.get(one) ?? 0) || one - other)
  return sorted.slice(0, Math.round(rows.length * used))
}

async function compacted(world: TrialWorld, memory_ids: number[]): Promise<void> {
  const { engine } = world
  const ended = new Promise<void>((resolve) => engine.on(CompactEnded.name, () => resolve()))
  await engine.ingest({ type: MemoryUsed.name, payload: { memory_ids } })
  const policy = { compact: { ...defaultCompact, after_ms: 0 } }
  await engine.ingest({ type: ConfigSet.name, payload: { policy } })
  await ended
  await engine.flushed()
  await world.complete()
}

function rowsById(engine: Engine): Map<string, number> {
  const { parent } = engine.world.of(Memory)
  const rows = new Map<string, number>()
  for (let row = 1; row <= engine.world.rows(Memory); row++) {
    if (parent[row] === 0) rows.set(metaOf(engine, row).id ?? '', row)
  }
  return rows
}

function summariesIn({ world }: Engine): number {
  const { deleted, kind, parent } = world.of(Memory)
  let count = 0
  for (let row = 1; row <= world.rows(Memory); row++) {
    if (kind[row] === MemoryKind.summary && parent[row] === 0 && deleted[row] === 0) count++
  }
  return count
}

function liveBytes({ world }: Engine): number {
  const { deleted, parent, replaced_by, text_bytes } = world.of(Memory)
  let sum = 0
  for (let row = 1; row <= world.rows(Memory); row++) {
    if (parent[row] === 0 && deleted[row] === 0 && replaced_by[row] === 0) sum += text_bytes[row]!
  }
  return sum
}

function isQuoted(engine: Engine, row: number, by: number): boolean {
  if (row === by) return true
  const summary = engine.read('text', by) ?? ''
  const sentences = (engine.read('text', row) ?? '').split(/(?<=[.!?])\s+|\n/)
  return sentences.some((each) => {
    const said = each.replaceAll(/\s+/g, ' ').trim()
    return said.length >= sentence_min && summary.includes(said)
  })
}

/** The mean over all questions. */
function together(name: string, each: readonly MeasuredCompaction[]): MeasuredCompaction {
  const sum = (of: (one: MeasuredCompaction) => number): number => each.reduce((all, one) => all + of(one), 0)
  const questions = sum((one) => one.questions)
  const mean = (of: (one: MeasuredCompaction) => number): number =>
    sum((one) => of(one) * one.questions) / Math.max(1, questions)
  const memories = sum((one) => one.memories)
  return {
    name,
    questions,
    memories,
    summaries: sum((one) => one.summaries),
    bytes_left: sum((one) => one.bytes_left * one.memories) / Math.max(1, memories),
    before: { at_5: mean((one) => one.before.at_5), at_10: mean((one) => one.before.at_10) },
    after: { at_5: mean((one) => one.after.at_5), at_10: mean((one) => one.after.at_10) },
    quoted_at_10: mean((one) => one.quoted_at_10),
  }
}
