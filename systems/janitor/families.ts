import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Deleted, Family, Memory } from '../components.ts'
import { DiscordChannel } from '../discord/columns.ts'
import type { JanitorReport } from '../events.ts'
import { templateOf as templateText } from '../memory/floods/template.ts'
import { Best } from './best.ts'
import { Janitor, Rule, RuleState } from './columns.ts'
import { plainLine } from './defuse.ts'
import type { JanitorPolicy } from './policy.ts'
import { times } from './words.ts'

/** What programs said over and over since the last report, and the rules that it asks for. */

/** A rule that the operator did not want is proposed again when its family has so many times the members. */
export const againFactor = 10
/** Families and proposals of one report, whatever the policy says. */
const namedMost = 100
const templateUnits = 200

export type Said = {
  readonly families: JanitorReport['families']
  readonly proposals: JanitorReport['proposals']
  /** As in `words.ts`. */
  readonly rest: { readonly families: number; readonly fresh: number; readonly proposals: number }
}

/** Takes up what families were said since the last report, and proposes rules. O(families) */
export function takeFamilies(tick: Tick, { families_max, propose_from }: JanitorPolicy): Said {
  const { world } = tick
  const known = world.of(Janitor).families_known[1]!
  const { memory_id, count, reported } = world.of(Family)
  const { deleted } = world.of(Memory)
  const most = Math.max(0, Math.min(namedMost, Math.floor(families_max) || 0))
  const top = new Best<Recent>(most)
  const wanted = new Best<Recent>(most)
  const rest = { families: 0, fresh: 0, proposals: 0 }
  const rows = world.rows(Family)
  for (let family = 1; family <= rows; family++) {
    const recent = count[family]! - reported[family]!
    if (recent <= 0) continue
    reported[family] = count[family]!
    if (deleted[memory_id[family]!] !== Deleted.none) continue
    const one = { family, recent, fresh: family > known }
    rest.families++
    if (one.fresh) rest.fresh++
    top.offer(one, recent)
    if (recent < Math.max(1, propose_from) || !mayPropose(world, family)) continue
    rest.proposals++
    wanted.offer(one, recent)
  }
  const proposals = wanted.items.flatMap((one) => propose(tick, one))
  rest.proposals -= proposals.length
  return { families: top.items.map((one) => reportedFamily(tick, one)), proposals, rest }
}

/** Rules that are proposed and have no answer yet. O(rules) */
export function rulesWaiting(world: World): number {
  const { state } = world.of(Rule)
  let waiting = 0
  for (let rule = world.rows(Rule); rule > 0; rule--) if (state[rule] === RuleState.proposed) waiting++
  return waiting
}

type Recent = { readonly family: number; readonly recent: number; readonly fresh: boolean }

/** There is no rule about a family yet, or one that the operator did not want when it had a tenth of the members. */
function mayPropose(world: World, family: number): boolean {
  const rule = world.of(Family).rule[family]!
  if (rule === 0) return true
  const { state, members } = world.of(Rule)
  if (state[rule] === RuleState.proposed || state[rule] === RuleState.active) return false
  return world.of(Family).count[family]! >= members[rule]! * againFactor
}

function propose(tick: Tick, { family, recent }: Recent): JanitorReport['proposals'] {
  const { world, now_ms } = tick
  if (world.room(Rule) === 0) return []
  const rule = world.append(Rule)
  const rules = world.of(Rule)
  const { count, rule: ruleOf } = world.of(Family)
  rules.state[rule] = RuleState.proposed
  rules.family[rule] = family
  rules.members[rule] = count[family]!
  rules.proposed_at_ms[rule] = now_ms
  ruleOf[family] = rule
  return [{ rule, family, template: templateOf(tick, family), why: `said ${times(recent)} since the last report` }]
}

function reportedFamily(tick: Tick, { family, recent, fresh }: Recent): JanitorReport['families'][number] {
  const { world } = tick
  const { memory_id, channel, count } = world.of(Family)
  const row = channel[family]!
  return {
    family,
    memory_id: memory_id[family]!,
    channel: row === 0 ? '' : world.keyOf(DiscordChannel, row),
    template: templateOf(tick, family),
    count: count[family]!,
    recent,
    fresh,
  }
}

/** The words of a family on one line. */
function templateOf(tick: Tick, family: number): string {
  return plainLine(templateText(tick, family), templateUnits)
}
