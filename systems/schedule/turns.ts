import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { chargeTurn, laneRow, limitsOf, policyOf } from '../agents/budget.ts'
import { Input, Running, Session, SessionState, Turn, TurnInput, TurnState } from '../agents/columns.ts'
import { Trust } from '../components.ts'
import { BudgetExhausted, TurnStarted } from '../events.ts'
import { blocks, consider, isDue } from './consider.ts'
import { serve, virtualTime } from './fair.ts'
import { botsHaveHadTheirTurns, dropAll, rootTurnsMax, type Taken, takeInputs, turnsOf } from './inputs.ts'
import type { Waiting } from './waiting.ts'

/** Inputs that one turn can answer at most, whatever the policy says. */
const inputsMax = 1024

/** Whether there are rows left for another turn; without them sessions wait. */
export function roomForTurn(world: World): boolean {
  return world.room(Turn) > 0 && world.room(TurnInput) >= inputsMax
}

/**
 * Gives the first session of a lane its turn, or finds that it wants none any more; either way it waits no longer.
 * @returns whether a turn has begun
 */
export function giveTurn(tick: Tick, waiting: Waiting, lane: number): boolean {
  const { world } = tick
  const heap = waiting.lanes[lane]!
  const session = heap.top
  heap.remove(session)
  const limits = limitsOf(tick, session)
  const sessions = world.of(Session)
  if (limits === undefined || sessions.present[session] === 0) {
    consider(tick, waiting, session)
    return false
  }
  if (blocks(tick, waiting, session)) return false
  if (botsHaveHadTheirTurns(world, session, limits.session.bot_turns_max)) dropAll(world, session)
  const taken = takeInputs(tick, session, Math.min(inputsMax, limits.session.caps.inputs_max))
  const due = isDue(tick, session)
  if (taken.inputs.length === 0 && !due) {
    sessions.state[session] = SessionState.idle
    consider(tick, waiting, session)
    return false
  }
  if (due) sessions.due_at_ms[session] = tick.now_ms + limits.session.interval_ms
  serve(world, session, lane, virtualTime(world, lane, tick.now_ms, policyOf(tick).scheduler.ageing_ms))
  open(tick, session, taken)
  return true
}

/** A turn begins: its row, its inputs, and the entity that lives as long as it does. */
function open(tick: Tick, session: number, { inputs, root, person }: Taken): void {
  const { world, now_ms } = tick
  const sessions = world.of(Session)
  const turn = world.append(Turn)
  const turns = world.of(Turn)
  turns.session[turn] = session
  turns.state[turn] = TurnState.queued
  turns.lane[turn] = laneRow(world, sessions.lane[session]!)
  turns.opened_at_ms[turn] = now_ms
  turns.root[turn] = root === 0 ? turn : root
  turns.inputs[turn] = inputs.length
  turns.trust[turn] = Trust.operator
  if (inputs.length > 0) turns.first_input[turn] = world.append(TurnInput, inputs.length)
  const { trust } = world.of(Input)
  const rows = world.of(TurnInput)
  inputs.forEach((input, index) => {
    const row = turns.first_input[turn]! + index
    rows.turn[row] = turn
    rows.input[row] = input
    turns.trust[turn] = Math.min(turns.trust[turn]!, trust[input]!)
  })
  // Spawning may replace the arrays, so they are taken afterwards.
  const running = world.spawn(Running)
  world.of(Running).turn[running] = turn
  sessions.running[session] = turn
  sessions.state[session] = SessionState.running
  sessions.turns[session]!++
  // A turn of its own accord is neither asked for by a person nor by a program.
  if (person) sessions.bot_turns[session] = 0
  else if (inputs.length > 0) sessions.bot_turns[session] = Math.min(65_535, sessions.bot_turns[session]! + 1)
  chargeTurn(tick, session)
  tick.emit(TurnStarted, { turn, session: world.keyOf(Session, session), inputs: [...inputs] })
  if (root !== 0 && turnsOf(world, root) === rootTurnsMax) {
    tick.emit(BudgetExhausted, { scope: 'turn', name: String(root), budget: 'turns', until_ms: 0 })
  }
}
