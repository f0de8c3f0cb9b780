import type { View } from '../../../engine/flow/adapter.ts'
import { Session, Turn, TurnState } from '../../../systems/agents/columns.ts'
import type { ContextRecord, Item } from '../../../systems/cephalon/context/types.ts'
import type { TurnBlocks, TurnBrief } from '../../inspector/shapes.ts'
import { turnOf } from '../desk/turn.ts'
import { outcomeWords } from '../explain-turn.ts'

const states = Object.keys(TurnState)
const itemsMax = 100
const labelUnitsMax = 120

/** The newest turns first. O(limit). */
export function turnsOf({ world }: View, limit: number): TurnBrief[] {
  const turns = world.of(Turn)
  const newest = world.rows(Turn)
  return Array.from({ length: Math.min(limit, newest) }, (_, back) => {
    const turn = newest - back
    return {
      turn,
      session: world.keyOf(Session, turns.session[turn]!),
      state: states[turns.state[turn]!] ?? '',
      asked_at_ms: turns.opened_at_ms[turn]!,
      tokens_in: turns.tokens_in[turn]!,
      tokens_out: turns.tokens_out[turn]!,
    }
  })
}

/** A turn's window as blocks that add up to it; undefined when there is no such turn. O(context + calls ever made). */
export function blocksOf(view: View, turn: number): TurnBlocks | undefined {
  const found = turnOf(view, turn)
  if (found === undefined) return undefined
  const { session, state, trust, context, outcome } = found
  const names = new Map(found.names.map(({ memory_id, name }) => [memory_id, name]))
  const label = (memory_id: number): string => cut(`#${memory_id} ${names.get(memory_id) ?? ''}`)
  const about = { turn, session, state, trust, outcome: outcome === undefined ? '' : outcomeWords(outcome) }
  if (context === undefined) {
    const none = { window_tokens: 0, budget_tokens: 0, tokens: 0, blocks: [], left_out: [], left_out_count: 0 }
    return { ...about, ...none }
  }
  const { window_tokens, budget_tokens, tokens, left_out, left_out_count } = context
  return {
    ...about,
    window_tokens,
    budget_tokens,
    tokens,
    blocks: [...partsOf(context, label), free(context)],
    left_out: left_out.slice(0, itemsMax).map(({ memory_id, why }) => ({ label: label(memory_id), why })),
    left_out_count,
  }
}

function partsOf(context: ContextRecord, label: (memory_id: number) => string): TurnBlocks['blocks'][number][] {
  const items = (list: readonly Item[]): TurnBlocks['blocks'][number]['items'] =>
    list.slice(0, itemsMax).map(({ memory_id, tokens, why }) => ({ label: label(memory_id), tokens, why }))
  return context.parts.map(({ name, share, tokens }) => ({
    name,
    tokens,
    share,
    items: name === 'related' ? items(context.related) : name === 'persistent' ? items(context.persistent) : [],
  }))
}

function free({ window_tokens, tokens }: ContextRecord): TurnBlocks['blocks'][number] {
  return { name: 'free', tokens: Math.max(0, window_tokens - tokens), share: 0, items: [] }
}

function cut(text: string): string {
  return text.length <= labelUnitsMax ? text : `${text.slice(0, labelUnitsMax - 1).toWellFormed()}…`
}
