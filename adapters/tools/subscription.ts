import { type Filter, filterSchema, SessionSubscription } from '../../systems/events.ts'
import { type Tool, ToolProblem, toolOf } from './tool.ts'

/** The filters of a session that are in force. */
export type FiltersPort = (session: string) => readonly { readonly filter: Filter; readonly locked: boolean }[]

/** A tool that asks for one more filter of its own session, or for one less, and looks what came of it. */
export function subscriptionTool(
  name: string,
  description: string,
  order: 'add' | 'remove',
  filters?: FiltersPort,
): Tool {
  return toolOf<{ filter: Filter }>(
    {
      name,
      description,
      parameters: {
        type: 'object',
        properties: { filter: { ...filterSchema, minProperties: 1 } },
        required: ['filter'],
        additionalProperties: false,
      },
      risk: 'side_effect',
      retry: 'safe',
      deadline_ms: 30_000,
    },
    async ({ filter }, { session, ingest }) => {
      const before = held(filter, filters?.(session))
      if (order === 'remove' && before === 'locked') throw new ToolProblem('this filter is locked')
      await ingest({ type: SessionSubscription.name, payload: { session, order, filter: { ...filter } } })
      if (filters === undefined) return { asked: order, filter, note: 'what is locked or not allowed stays as it is' }
      const now = held(filter, filters(session))
      if (order === 'add' && now === '') throw new ToolProblem('the filter was refused: the session may not hear that')
      if (order === 'remove' && now !== '') throw new ToolProblem('the filter is still in force: it is locked')
      return { done: order, filter }
    },
  )
}

function held(filter: Filter, filters: ReturnType<FiltersPort> = []): '' | 'own' | 'locked' {
  const wanted = wordOf(filter)
  const same = filters.filter((each) => wordOf(each.filter) === wanted)
  if (same.length === 0) return ''
  return same.some(({ locked }) => !locked) ? 'own' : 'locked'
}

function wordOf(filter: Filter): string {
  return JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1)))
}
