import type { Event } from '../../../engine/flow/event.ts'
import type { RecallOptions } from '../../../systems/recall/types.ts'
import type { FamilyBrief, Rows, TurnBlocks, TurnBrief, WorldShape } from '../../inspector/shapes.ts'
import type { Source } from './source.ts'

/** What can be called at the prompt, and the way to end what it left running. */
export type Tools = { readonly names: { readonly [name: string]: unknown }; end(): void }

type RowsOptions = { readonly from?: number; readonly limit?: number; readonly at?: number }

const help = `Ask the mind; nothing can be changed from here. Answers are awaited by themselves; to keep one: const a = await recall('...')

  status()                               what the daemon says of itself
  recall('TEXT', { hits_max, kinds })    memories that answer; explain: true adds what each score is made of
  memory(ID)   explain(ID)               one memory; where it comes from
  turns(LIMIT) turn(ID)                  the newest turns; what was put before the model in one
  families(LIMIT)                        what was said again and again
  world.shape()                          archetypes and tables, their columns and counts
  world.rows('Memory', { from, limit })  rows as numbers; at: TICK shows them as they were then
  world.row('Memory', 12)                one row by its columns' names
  tap('chat.*')                          prints events as they come; gives a function that stops it
  help()   .exit                         this; leave`

/** The tools on a source. @param print takes what a tap has to say, one event at a time */
export function toolsOn(source: Source, print: (text: string) => void, show: (value: unknown) => string): Tools {
  const taps = new Set<AbortController>()
  const place = <T>(path: string, query: { readonly [name: string]: string | number | undefined } = {}): Promise<T> => {
    const given = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
    const text = given.toString()
    return source.place(text === '' ? path : `${path}?${text}`) as Promise<T>
  }
  const rows = (of: string, options: RowsOptions = {}): Promise<Rows> => place('/api/rows', { of, ...options })
  const tap = (pattern = '*'): (() => string) => {
    const ending = new AbortController()
    taps.add(ending)
    const hear = (event: Event): void => print(show(event))
    const ended = source.tap(pattern, hear, ending.signal)
    ended.catch((thrown: unknown) => print(show(thrown))).finally(() => taps.delete(ending))
    return () => {
      ending.abort()
      return 'stopped'
    }
  }
  const names = {
    status: () => place('/api/status'),
    async recall(query: string, options: RecallOptions = {}): Promise<object | undefined> {
      const given = { ...options }
      const { recalls } = (await source.ask({ ask: 'recall', queries: [query], options: given })) as {
        recalls: object[]
      }
      return recalls[0]
    },
    memory: async (id: string | number) =>
      ((await source.ask({ ask: 'show', id: String(id) })) as { memory: object | null }).memory,
    explain: async (id: string | number) =>
      ((await source.ask({ ask: 'explain', id: String(id) })) as { explanation: object | null }).explanation,
    turns: (limit?: number) => place<{ turns: TurnBrief[] }>('/api/turns', { limit }),
    turn: (id: number) => place<TurnBlocks>('/api/turn', { id }),
    families: (limit?: number) => place<{ families: FamilyBrief[] }>('/api/families', { limit }),
    world: {
      shape: () => place<WorldShape>('/api/world'),
      rows,
      async row(of: string, id: number, options: Pick<RowsOptions, 'at'> = {}): Promise<object | undefined> {
        const { columns, ids, cells } = await rows(of, { ...options, from: id, limit: 1 })
        if (ids[0] !== id) return undefined
        return Object.fromEntries([['id', id], ...columns.map((column, at) => [column, cells[0]?.[at]])])
      },
    },
    tap,
    help: () => print(help),
  }
  return {
    names,
    end() {
      for (const ending of taps) ending.abort()
    },
  }
}
