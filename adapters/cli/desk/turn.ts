import type { View } from '../../../engine/flow/adapter.ts'
import { Call, CallState, Turn, TurnState } from '../../../systems/agents/columns.ts'
import { Risk } from '../../../systems/agents/tools.ts'
import { explainTurn, type TurnExplained } from '../../../systems/cephalon/context/explain.ts'
import type { MemoryName } from '../chat/lines.ts'
import { nameOf } from './memory.ts'

/** All that is known of a turn, with the names of the memories in it. */
export type TurnView = TurnExplained & {
  readonly state: string
  readonly calls: readonly {
    readonly call: number
    readonly tool: string
    readonly risk: string
    readonly state: string
  }[]
  readonly names: readonly MemoryName[]
}

const turnStates = Object.keys(TurnState)
const callStates = Object.keys(CallState)
const risks = Object.keys(Risk)

/** Undefined when there is no such turn. O(context + calls ever made). */
export function turnOf(view: View, turn: number): TurnView | undefined {
  const explained = explainTurn(view, turn)
  if (explained === undefined) return undefined
  const { world } = view
  const { related = [], persistent = [], left_out = [] } = explained.context ?? {}
  const ids = new Set([...related, ...persistent, ...left_out].map(({ memory_id }) => memory_id))
  return {
    ...explained,
    state: turnStates[world.of(Turn).state[turn]!] ?? '',
    calls: callsOf(view, turn),
    names: [...ids].map((memory_id) => ({ memory_id, name: nameOf(view, memory_id) })),
  }
}

function callsOf({ world }: View, turn: number): TurnView['calls'][number][] {
  const calls = world.of(Call)
  const found: TurnView['calls'][number][] = []
  for (let call = 1; call <= world.rows(Call) && found.length < world.of(Turn).calls[turn]!; call++) {
    if (calls.turn[call] !== turn) continue
    const tool = world.names.text(calls.tool[call]!)
    found.push({ call, tool, risk: risks[calls.risk[call]!] ?? '', state: callStates[calls.state[call]!] ?? '' })
  }
  return found
}
