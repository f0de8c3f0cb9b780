import type { World } from '../../../engine/world/world.ts'
import { Session, Turn, TurnState } from '../../agents/columns.ts'
import { agentRecord, isQuoting } from '../../agents/quotes.ts'
import { trustName } from '../step.ts'
import type { ContextRecord } from './types.ts'

/** What a turn was given and why. Without a `context` record, the turn has not asked a model. */
export type TurnExplained = {
  readonly turn: number
  readonly session: string
  readonly trust: string
  readonly context?: ContextRecord
  /** What was put before the model quoted something that is forgotten, and went with it. */
  readonly forgotten?: true
  /** The record `outcome`; undefined while the turn is under way. */
  readonly outcome?: unknown
}

/** All that is known of how a turn's context came to be; undefined when there is no such turn. O(context). */
export function explainTurn(
  view: { readonly world: World; read(table: string, id: number): string | undefined },
  turn: number,
): TurnExplained | undefined {
  const { world } = view
  if (!Number.isInteger(turn) || turn < 1 || turn > world.rows(Turn)) return undefined
  const { state, ended_at_ms } = world.of(Turn)
  // At an earlier tick the record already holds what came of the turn later.
  const early = state[turn] === TurnState.queued || state[turn] === TurnState.recalling
  const context = early ? '' : (agentRecord(view, 'context', turn) ?? '')
  const outcome = ended_at_ms[turn] === 0 ? undefined : view.read('outcome', turn)
  return {
    turn,
    session: world.keyOf(Session, world.of(Turn).session[turn]!),
    trust: trustName(world.of(Turn).trust[turn]!),
    ...(context === '' && !early && isQuoting(world, 'context', turn) ? { forgotten: true as const } : {}),
    ...(context === '' ? {} : { context: JSON.parse(context) as ContextRecord }),
    ...(outcome === undefined ? {} : { outcome: JSON.parse(outcome) as unknown }),
  }
}
