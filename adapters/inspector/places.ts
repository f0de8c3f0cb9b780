import { problem, type Reply, reply } from './http.ts'
import type { Route, View } from './routes.ts'

/** The places of the page that ask for something: what they take, and within which bounds. */

const queryUnitsMax = 2_000
const maxima: { readonly [name: string]: number } = {
  hits: 100,
  limit: 1_000,
  id: 4_294_967_295,
  from: 4_294_967_295,
  at: Number.MAX_SAFE_INTEGER,
}

export const places: readonly (readonly [path: string, route: Route])[] = [
  ['/api/history', { parameters: ['every'], show: history }],
  ['/api/recall', { parameters: ['q', 'hits'], show: recall }],
  [
    '/api/turns',
    { parameters: ['limit'], show: numbered({ limit: 50 }, (view, { limit }) => ({ turns: view.turns(limit) })) },
  ],
  ['/api/turn', { parameters: ['id'], show: numbered({ id: undefined }, (view, { id }) => view.turn(id)) }],
  [
    '/api/families',
    {
      parameters: ['limit'],
      show: numbered({ limit: 50 }, (view, { limit }) => ({ families: view.families(limit) })),
    },
  ],
  ['/api/memory', { parameters: ['id'], show: memory }],
  ['/api/world', { parameters: [], show: (view) => reply(200, view.world()) }],
  ['/api/rows', { parameters: ['of', 'from', 'limit', 'at'], show: rows }],
  ['/api/times', { parameters: [], show: (view) => reply(200, view.times()) }],
  ['/api/moment', { parameters: ['at'], show: numbered({ at: undefined }, (view, { at }) => view.moment(at)) }],
]

/** A whole number of the query, `usual` where it is not given, undefined where it is none or beyond its bounds. */
function numberIn(query: URLSearchParams, name: string, usual: number | undefined): number | undefined {
  const text = query.get(name)
  if (text === null) return usual
  const value = Number(text)
  return /^\d{1,16}$/.test(text) && value <= (maxima[name] ?? 0) ? value : undefined
}

function wrong(name: string): Reply {
  return problem(400, 'QUERY', `${name} is a whole number from 0 to ${maxima[name] ?? 0}`)
}

/** A place that takes whole numbers, and answers with an object, or 404 where there is nothing. */
function numbered<N extends string>(
  usual: { readonly [name in N]: number | undefined },
  show: (view: View, given: { readonly [name in N]: number }) => object | undefined | Promise<object>,
): Route['show'] {
  return async (view, query) => {
    const given = {} as Record<N, number>
    for (const name of Object.keys(usual) as N[]) {
      const value = numberIn(query, name, usual[name])
      if (value === undefined) return wrong(name)
      given[name] = value
    }
    const found = await show(view, given)
    return found === undefined ? problem(404, 'NOT_FOUND', 'there is no such thing') : reply(200, found)
  }
}

function history(view: View, query: URLSearchParams): Reply {
  const every = query.get('every') ?? 'minute'
  if (every !== 'tick' && every !== 'minute') return problem(400, 'QUERY', 'every is tick or minute')
  return reply(200, view.history(every))
}

async function recall(view: View, query: URLSearchParams): Promise<Reply> {
  const text = (query.get('q') ?? '').trim()
  if (text === '' || text.length > queryUnitsMax) {
    return problem(400, 'QUERY', `q is a text of 1 to ${queryUnitsMax} characters`)
  }
  const hits = numberIn(query, 'hits', 10)
  return hits === undefined ? wrong('hits') : reply(200, await view.recall(text, Math.max(1, hits)))
}

async function memory(view: View, query: URLSearchParams): Promise<Reply> {
  const id = query.get('id') ?? ''
  if (id === '' || id.length > 4_096)
    return problem(400, 'QUERY', 'id is the number of a memory, or what explain takes')
  const found = await view.memory(id)
  return found === undefined ? problem(404, 'NOT_FOUND', 'there is no such memory') : reply(200, found)
}

async function rows(view: View, query: URLSearchParams): Promise<Reply> {
  const of = query.get('of') ?? ''
  const from = numberIn(query, 'from', 1)
  const limit = numberIn(query, 'limit', 50)
  if (from === undefined) return wrong('from')
  if (limit === undefined) return wrong('limit')
  const at = query.has('at') ? numberIn(query, 'at', undefined) : undefined
  if (query.has('at') && at === undefined) return wrong('at')
  return reply(200, await view.rows({ of, from, limit, at }))
}
