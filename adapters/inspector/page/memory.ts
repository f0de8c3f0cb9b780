import type { Found, FoundHit } from '../shapes.ts'
import { ask } from './api.ts'
import { fill, make, meter, moment, table } from './dom.ts'
import { graphOf } from './graph.ts'
import { orSay, type Panel, statusLine } from './panel.ts'

type Neighbour = { readonly memory_id: number; readonly name: string }
type Explained = {
  readonly memory: {
    readonly memory_id: number
    readonly title: string
    readonly text: string
    readonly kind: string
    readonly trust: string
    readonly happened_at_ms?: number
  }
  readonly keys: readonly {
    readonly key: string
    readonly degree: number
    readonly field: string
    readonly others: readonly Neighbour[]
  }[]
  readonly before: Neighbour | null
  readonly after: Neighbour | null
  readonly family: readonly Neighbour[]
}

/** Search, the walk that found what it found, and one memory with its keys. */
export function memoryPanel(): Panel {
  const status = statusLine()
  const query = make('input', {
    id: 'query',
    type: 'search',
    placeholder: 'why does the build break?',
    maxlength: 2000,
  })
  const found = make('div', { 'aria-live': 'polite' })
  const walk = make('div')
  const one = make('div', { id: 'memory-one', tabindex: '-1' })
  const open = (memory_id: number): void =>
    void orSay(status, async () => {
      fill(one, ...explainedOf(await ask<Explained>('/api/memory', { id: memory_id }), open))
      one.focus()
    })
  const search = (event: Event): void => {
    event.preventDefault()
    const text = query.value.trim()
    if (text === '') return
    void orSay(status, async () => {
      const answer = await ask<Found>('/api/recall', { q: text, hits: 10 })
      fill(found, ...hitsOf(answer, open))
      fill(walk, ...walkOf(answer, open))
      fill(one)
    })
  }
  const form = make(
    'form',
    { class: 'row', role: 'search', onsubmit: search },
    make('label', { for: 'query' }, 'Recall'),
    query,
    make('button', { type: 'submit' }, 'Search'),
  )
  return {
    id: 'memory',
    title: 'Memory',
    width: 'wide',
    body: () => [form, status, make('div', { class: 'split' }, found, make('div', {}, walk, one))],
  }
}

function hitsOf({ hits, answered, confidence, took_ms }: Found, open: (memory_id: number) => void): HTMLElement[] {
  const verdict = answered ? 'answered' : 'nothing known answers this; these are the nearest'
  const line = `${hits.length} hits in ${took_ms.toFixed(1)} ms, ${verdict} (${Math.round(confidence * 100)} %)`
  return [
    make('p', { class: 'quiet' }, line),
    make('ul', { class: 'cards hits' }, ...hits.map((hit) => hitOf(hit, open))),
  ]
}

function hitOf(hit: FoundHit, open: (memory_id: number) => void): HTMLElement {
  const { memory_id, title, text, kind, score, lanes, path, parts, happened_at_ms } = hit
  const name = make(
    'button',
    { type: 'button', class: 'plain', onclick: () => open(memory_id) },
    title || `memory ${memory_id}`,
  )
  const about = `${kind} ${memory_id}, ${lanes.join(' + ')}${happened_at_ms > 0 ? `, ${moment(happened_at_ms)}` : ''}`
  const sum = parts.reduce((total, part) => total + Math.abs(part.value), 0) || 1
  const shares = parts.map((part) => {
    const words = `${part.name} ${part.value.toFixed(2)}`
    return make('li', {}, meter(Math.abs(part.value) / sum, words), ` ${words}`)
  })
  return make(
    'li',
    { class: 'card' },
    name,
    make('span', { class: 'quiet' }, ` ${score.toFixed(3)} · ${about}`),
    make('p', {}, excerptOf(text)),
    ...(path.length > 1 ? [make('p', { class: 'mono quiet' }, path.join(' → '))] : []),
    make('ul', { class: 'legend' }, ...shares),
  )
}

/** The beginning of a text on one line, without the front matter of a note. */
function excerptOf(text: string): string {
  const body = text
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/\s+/g, ' ')
    .trim()
  return body.length > 280 ? `${body.slice(0, 279)}…` : body
}

function walkOf({ walk, hits }: Found, open: (memory_id: number) => void): HTMLElement[] {
  if (walk.nodes.length === 0) return []
  const graph = make('div')
  graph.append(graphOf(walk, open))
  const ways = hits.filter(({ path }) => path.length > 1).map(({ path }) => make('li', {}, path.join(' → ')))
  const said =
    ways.length === 0
      ? make('p', { class: 'quiet' }, 'The words alone found these; no key was walked.')
      : make('details', {}, make('summary', {}, 'The ways in words'), make('ul', {}, ...ways))
  return [make('h3', {}, 'The walk: memories round, keys square'), graph, said]
}

function explainedOf(
  { memory, keys, before, after, family }: Explained,
  open: (memory_id: number) => void,
): HTMLElement[] {
  const link = ({ memory_id, name }: Neighbour): HTMLElement =>
    make('button', { type: 'button', class: 'plain', onclick: () => open(memory_id) }, name || `memory ${memory_id}`)
  const around = [before, after].filter((each) => each !== null)
  const rows = keys.map(({ key, degree, field, others }) => [
    make('span', { class: 'mono' }, key),
    field,
    degree,
    make('span', {}, ...others.slice(0, 3).flatMap((each) => [link(each), ' '])),
  ])
  const columns = [{ name: 'key' }, { name: 'in its' }, { name: 'mentions', number: true }, { name: 'also in' }]
  return [
    make('h3', {}, `Memory ${memory.memory_id}: ${memory.title}`),
    make('p', { class: 'quiet' }, `${memory.kind}, believed like ${memory.trust}`),
    make('pre', {}, memory.text.slice(0, 20_000)),
    table(columns, rows, 'It mentions nothing that others could.'),
    ...(around.length === 0 ? [] : [make('h3', {}, 'Beside it in its thread'), make('p', {}, ...around.map(link))]),
    ...(family.length === 0 ? [] : [make('h3', {}, 'Much the same'), make('p', {}, ...family.map(link))]),
  ]
}
