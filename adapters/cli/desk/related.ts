import type { View } from '../../../engine/flow/adapter.ts'
import { explanationOf } from './explanation.ts'

/** A memory that was reached from another, and how. */
export type Related = {
  readonly memory_id: number
  readonly name: string
  readonly score: number
  readonly path: readonly string[]
}

/** How many of the best are walked on from. */
const onwardMax = 8
/** What a second hop is worth beside a first. */
const decay = 0.5

/**
 * Walks from a memory along what it shares with others, best first: rarer keys lead further. Cost: one explanation, and
 * with two hops up to eight more; each looks at 64 mentions of every key, and once at all rows for the family.
 */
export function relatedTo(
  view: View,
  from: number,
  { hops_max, seen }: { hops_max: number; seen: (memory_id: number) => boolean },
): Related[] {
  const found = new Map<number, Related>()
  let edge: Related[] = [{ memory_id: from, name: '', score: 1, path: [`#${from}`] }]
  for (let hop = 1; hop <= hops_max; hop++) {
    const reached = new Map<number, Related>()
    for (const start of edge) {
      for (const next of stepsFrom(view, start, hop === 1 ? 1 : decay)) {
        if (next.memory_id === from || found.has(next.memory_id) || !seen(next.memory_id)) continue
        const known = reached.get(next.memory_id)
        // Each further key in common adds to the score; the path shown is that of the best.
        if (known === undefined) reached.set(next.memory_id, next)
        else reached.set(next.memory_id, { ...better(known, next), score: known.score + next.score })
      }
    }
    for (const [memory_id, each] of reached) found.set(memory_id, each)
    edge = sorted(reached.values()).slice(0, onwardMax)
  }
  return sorted(found.values())
}

function better(one: Related, other: Related): Related {
  return other.score > one.score ? other : one
}

function sorted(all: Iterable<Related>): Related[] {
  return [...all].sort((a, b) => b.score - a.score || b.memory_id - a.memory_id)
}

function* stepsFrom(view: View, start: Related, share: number): Generator<Related> {
  const explanation = explanationOf(view, start.memory_id)
  if (explanation === undefined) return
  const to = (by: string, weight: number, { memory_id, name }: { memory_id: number; name: string }): Related => ({
    memory_id,
    name,
    score: start.score * share * weight,
    path: [...start.path, by, `#${memory_id}`],
  })
  const { keys, before, after, family, same } = explanation
  for (const { key, degree, others } of keys) {
    for (const other of others) yield to(key, 1 / Math.log2(2 + degree), other)
  }
  if (before !== null) yield to('before', 1 / 2, before)
  if (after !== null) yield to('after', 1 / 2, after)
  for (const other of family) yield to('family', 1, other)
  for (const other of same) yield to('same words', 1, other)
}
