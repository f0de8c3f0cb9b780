import { Edge, Key, Mark, Memory, MentionField } from '../components.ts'
import { nameShare } from '../daimoi/walk.ts'
import type { Reading } from '../memory/text-of.ts'
import type { Ranked } from '../recall.ts'
import { dateFit } from './calendar.ts'
import { eachThingEdge } from './direct.ts'
import { Part } from './pool.ts'
import type { Explanation, WalkExplained, WordExplained } from './types.ts'

/** All that the score of a slot was computed from. */
export function explanationOf(view: Reading, ranked: Ranked, slot: number): Explanation {
  const { scene, spread } = ranked
  const { memory, pool, query, settings } = scene
  const row = pool.rows[slot]!
  const walk = walkOf(view, ranked, slot)
  const marks = memory.marks[row]!
  return {
    settings,
    scale: query.scale,
    rarity_sum: query.raritySum,
    memories: scene.memories,
    words: wordsOf(ranked, slot),
    in_thread: memory.thread[row] !== 0,
    length_words: memory.words[row]!,
    author: pool.part(slot, Part.author) !== 0,
    asking: (marks & Mark.asking) !== 0,
    when: query.asksWhen && (marks & Mark.time) !== 0,
    date_fit: query.date === undefined ? 0 : dateFit(query.date, memory.happened_at_ms[row]!, settings.date_days),
    things: thingsOf(view, ranked, slot),
    cosine: settings.meaning === 0 ? 0 : pool.part(slot, Part.meaning) / settings.meaning,
    ...(walk === undefined ? {} : { walk }),
    ...(pool.part(slot, Part.anchor) === 0 ? {} : { anchor: { top: spread.reached } }),
  }
}

function wordsOf({ scene: { memory, pool, query }, talk }: Ranked, slot: number): WordExplained[] {
  const thread = memory.thread[pool.rows[slot]!]!
  const spoken = talk.of(thread)
  return query.words.map((word, term) => ({
    word,
    weight: query.weights[term]!,
    rarity: query.rarities[term]!,
    own: pool.word(slot, term),
    asked: thread === 0 ? 0 : pool.word(pool.asked[slot]!, term),
    said: thread === 0 ? 0 : pool.word(pool.said[slot]!, term),
    thread: thread === 0 ? 0 : talk.sum(spoken, term),
  }))
}

function thingsOf(view: Reading, { scene }: Ranked, slot: number): Explanation['things'] {
  const { world } = view
  const { pool, query, settings } = scene
  const things: Explanation['things'][number][] = []
  if (pool.part(slot, Part.thing) === 0) return things
  const { memory_id, field } = world.of(Edge)
  for (const { key } of query.things) {
    eachThingEdge(world, key, settings.mentioned_max, (edge) => {
      if (memory_id[edge] !== pool.rows[slot]) return
      const degree = world.of(Key).degree[key]!
      things.push({ key: view.read('key', key) ?? '', degree, titled: field[edge] === MentionField.title })
    })
  }
  return things
}

function walkOf(view: Reading, { scene, spread, condition }: Ranked, slot: number): WalkExplained | undefined {
  const step = spread.steps.get(slot)
  if (step === undefined) return undefined
  const { world } = view
  const { pool, query } = scene
  const { field, signature, key: keys } = world.of(Edge)
  const key = keys[step.edge]!
  const source = pool.slotOf(step.from)
  const inText = field[step.edge] === MentionField.text || field[step.edge] === MentionField.opening
  return {
    from: world.of(Memory).parent[step.from]! || step.from,
    from_score: step.from_score,
    decay: step.decay,
    key: view.read('key', key) ?? '',
    kind_weight: condition.kinds[world.of(Key).kind[key]!]!,
    degree: world.of(Key).degree[key]!,
    name: nameShare(world, key, condition),
    to_title: field[step.arrival] === MentionField.title,
    words: query.words.map((_, term) => ({
      near: inText && (signature[step.edge]! & query.bits[term]!) !== 0,
      covered: step.cover[term] === 1,
      source: pool.word(source, term),
    })),
  }
}
