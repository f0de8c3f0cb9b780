import { Edge, Memory } from '../components.ts'
import type { Reading } from '../memory/text-of.ts'
import type { Ranked } from '../recall.ts'
import { type Around, aroundOf } from './direct.ts'
import { type PartName, partNames } from './pool.ts'
import { settings } from './settings.ts'
import type { ScorePart } from './types.ts'

/** The parts of a slot's score that are not 0, in the order in which they are added; with `explain` what each came from. */
export function partsOf(view: Reading, ranked: Ranked, slot: number, explain: boolean): ScorePart[] {
  const parts: ScorePart[] = []
  for (const name of partNames) {
    const value = ranked.pool.part(slot, name)
    if (value === 0) continue
    parts.push(explain ? { name, value, from: reasonsOf(view, ranked, slot, name) } : { name, value })
  }
  return parts
}

type Reasons = { [name: string]: string | number }

function reasonsOf(view: Reading, ranked: Ranked, slot: number, name: PartName): Reasons {
  if (name === 'lexical') return wordsOf(ranked, slot)
  if (name === 'context') return contextOf(view, ranked, slot)
  if (name === 'walk') return stepOf(view, ranked, slot)
  const memory = view.world.of(Memory)
  const row = ranked.pool.rows[slot]!
  if (name === 'thread') return { thread: view.read('key', memory.thread[row]!) ?? '' }
  if (name === 'author') return { author: view.read('key', memory.author[row]!) ?? '' }
  if (name === 'length') return { words: memory.words[row]! }
  if (name === 'date' || name === 'when') return { happened_at_ms: memory.happened_at_ms[row]! }
  if (name === 'thing') return thingsOf(view, ranked)
  return {}
}

/** What each word of the query gave, by BM25, before it was put on one scale with the others. */
function wordsOf({ pool, query }: Ranked, slot: number): Reasons {
  const reasons: Reasons = {}
  query.words.forEach((word, term) => {
    const given = pool.word(slot, term)
    if (given > 0) reasons[word] = given
  })
  return reasons
}

const around: Around = { asked: 0, said: 0, next: 0 }

/** Which turns around it lent their words, and how much of each word's weight they lend. */
function contextOf({ world }: Reading, { pool }: Ranked, slot: number): Reasons {
  aroundOf(world, pool.rows[slot]!, around)
  const reasons: Reasons = {}
  if (around.asked !== 0) reasons['asked_in'] = around.asked
  if (around.said !== 0) reasons['said_before_in'] = around.said
  if (around.next !== 0) reasons['taken_up_in'] = around.next
  return { ...reasons, asked: settings.asked, said: settings.said, next: settings.next }
}

function stepOf(view: Reading, { pool, spread }: Ranked, slot: number): Reasons {
  const step = spread.steps.get(slot)
  if (step === undefined) return {}
  const key = view.world.of(Edge).key[step.edge]!
  return {
    from: step.from,
    from_score: pool.total(pool.slotOf(step.from)),
    key: view.read('key', key) ?? '',
    link: step.value,
  }
}

function thingsOf(view: Reading, { query }: Ranked): Reasons {
  const reasons: Reasons = {}
  for (const { key } of query.things.slice(0, 8)) reasons[view.read('key', key) ?? String(key)] = key
  return reasons
}
