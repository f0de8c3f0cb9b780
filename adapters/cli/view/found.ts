import type { Hit, Recall } from '../../../systems/recall/types.ts'
import type { Found, FoundHit, Walk } from '../../inspector/shapes.ts'

const textUnitsMax = 2_000
const labelUnitsMax = 80

/** A recall as the page shows it: its hits, and the ways that led to them as one graph. O(hits × path). */
export function foundOf(recall: Recall, took_ms: number): Found {
  const { query, answered, confidence, hits } = recall
  return { query, answered, confidence, took_ms, hits: hits.map(hitOf), walk: walkOf(hits) }
}

function hitOf(hit: Hit): FoundHit {
  const { memory_id, id, title, text, kind, score, lanes, path, parts, happened_at_ms } = hit
  return {
    memory_id,
    id,
    title,
    text: cut(text, textUnitsMax),
    kind,
    score,
    lanes,
    path,
    parts: parts.map(({ name, value }) => ({ name, value })),
    happened_at_ms,
  }
}

/** A path is a memory, a key, a memory, and so on; what several paths share is one node. */
function walkOf(hits: readonly Hit[]): Walk {
  const nodes = new Map<string, Walk['nodes'][number]>()
  const links = new Map<string, Walk['links'][number]>()
  for (const hit of hits) {
    const id = `memory ${hit.memory_id}`
    nodes.set(id, { id, kind: 'memory', label: cut(hit.title || hit.text, labelUnitsMax), score: hit.score })
  }
  for (const hit of hits) {
    if (hit.path.length < 3) continue
    const walked = hit.parts.find(({ name }) => name === 'walk')?.value ?? hit.score
    const steps = hit.path.map((step, at) => (at % 2 === 0 ? memoryNode(step) : { id: `key ${step}`, label: step }))
    // The path ends at the hit itself, whatever it is called there.
    steps[steps.length - 1] = { id: `memory ${hit.memory_id}`, label: hit.title }
    steps.forEach(({ id, label }, at) => {
      const kind = at % 2 === 0 ? 'memory' : 'key'
      if (!nodes.has(id)) nodes.set(id, { id, kind, label: cut(label, labelUnitsMax), score: 0 })
      const before = steps[at - 1]
      if (before === undefined) return
      const name = `${before.id}\n${id}`
      const score = Math.max(walked, links.get(name)?.score ?? 0)
      links.set(name, { from: before.id, to: id, score })
    })
  }
  return { nodes: [...nodes.values()], links: [...links.values()] }
}

/** `note 12` of a path is memory 12. */
function memoryNode(step: string): { id: string; label: string } {
  return { id: `memory ${/ (\d+)$/.exec(step)?.[1] ?? step}`, label: step }
}

function cut(text: string, units: number): string {
  if (text.length <= units) return text
  const start = text.slice(0, units - 1)
  return `${start.isWellFormed() ? start : start.slice(0, -1)}…`
}
