import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Family } from '../components.ts'
import type { JanitorRule } from '../events.ts'
import { Janitor, Rule, RuleState } from './columns.ts'

/** From which states an order leads where. A yes may come late, but only the newest rule of a family can be in force. */
const orders: { readonly [order in JanitorRule['order']]: { readonly from: readonly number[]; readonly to: number } } =
  {
    allow: { from: [RuleState.proposed, RuleState.refused, RuleState.ended], to: RuleState.active },
    refuse: { from: [RuleState.proposed], to: RuleState.refused },
    end: { from: [RuleState.active], to: RuleState.ended },
  }

/** An order about a rule: the operator's word changes it, anything else is left alone and counted. O(1) */
export function decideRule(tick: Tick, { source, payload }: Event & { readonly payload: JanitorRule }): void {
  const { world, now_ms } = tick
  const { rule, order } = payload
  if (source.kind !== 'operator' || !mayBe(tick, payload)) {
    world.of(Janitor).left_alone[1]!++
    return
  }
  const rules = world.of(Rule)
  rules.state[rule] = orders[order].to
  rules.decided_at_ms[rule] = now_ms
  rules.members[rule] = world.of(Family).count[rules.family[rule]!]!
}

function mayBe({ world }: Tick, { rule, order }: JanitorRule): boolean {
  const { state, family } = world.of(Rule)
  return orders[order].from.includes(state[rule]!) && world.of(Family).rule[family[rule]!] === rule
}
