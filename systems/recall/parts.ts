import { Edge } from '../components.ts'
import type { Reading } from '../memory/text-of.ts'
import type { Ranked } from '../recall.ts'
import { type Around, aroundOf } from './direct.ts'
import { Part, type PartName, partNames } from './pool.ts'
import type { ScorePart } from './types.ts'

/** The parts of a slot's score that are not 0, in the order in which they are added; with `explain` what each came from. */
export function partsOf(view: Reading, ranked: Ranked, slot: number, explain: boolean): ScorePart[] {
  const parts: ScorePart[] = []
  for (const name of partNames) {
    const value = ranked.scene.pool.part(slot, Part[name])
    if (value === 0) continue
    parts.push(explain ? { name, value, from: reasonsOf(view, ranked, slot, name) } : { name, value })
  }
  return parts
}

type Reasons = { [name: string]: string | number }

function reasonsOf(view: Reading, ranked: Ranked, slot: number, name: PartName): Reasons {
  const { memory, pool, query } = ranked.scene
  const row = pool.rows[slot]!
  if (name === 'lexical') return wordsOf(ranked, slot)
  if (name === 'context') return contextOf(ranked, slot)
  if (name === 'walk') return stepOf(view, ranked, slot)
  if (name === 'thread') return { thread: view.read('key', memory.thread[row]!) ?? '' }
  if (name === 'author') return { author: view.read('key', memory.author[row]!) ?? '' }
  if (name === 'length') return { words: memory.words[row]! }
  if (name === 'date' || name === 'when') return { happened_at_ms: memory.happened_at_ms[row]! }
  if (name === 'thing') return { named: query.things.map(({ key }) => view.read('key', key) ?? '').join(', ') }
  if (name === 'meaning') return { cosine: pool.part(slot, Part.meaning) / ranked.scene.settings.meaning }
  if (name === 'anchor') return { best_score: ranked.spread.reached }
  return {}
}

/** What each word of the query gave, by BM25, before it was put on one scale with the others. */
function wordsOf({ scene: { pool, query } }: Ranked, slot: number): Reasons {
  const reasons: Reasons = {}
  query.words.forEach((word, term) => {
    const given = pool.word(slot, term)
    if (given > 0) reasons[word] = given
  })
  return reasons
}

const around: Around = { asked: 0, said: 0, next: 0 }

/** Which turns around it lent their words. */
function contextOf({ scene: { memory, pool } }: Ranked, slot: number): Reasons {
  aroundOf(memory, pool.rows[slot]!, around)
  return {
    ...(around.asked === 0 ? {} : { answers: around.asked }),
    ...(around.said === 0 ? {} : { goes_on_from: around.said }),
  }
}

function stepOf(view: Reading, { spread }: Ranked, slot: number): Reasons {
  const step = spread.steps.get(slot)
  if (step === undefined) return {}
  const key = view.world.of(Edge).key[step.edge]!
  return { from: step.from, from_score: step.from_score, key: view.read('key', key) ?? '', link: step.value }
}
