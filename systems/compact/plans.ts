import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Memory } from '../components.ts'
import { DiscordChannel } from '../discord/columns.ts'
import { LlmChat } from '../events.ts'
import { type Meta, Texts } from '../memory/text-of.ts'
import { secretsIn } from '../text/secrets.ts'
import { Plan, PlanState } from './columns.ts'
import { extract, type Member } from './extract.ts'
import { type Group, hashOf, members_max } from './groups.ts'
import type { CompactPolicy } from './policy.ts'
import { chatRequest } from './prompt.ts'
import { rarityOf } from './rarity.ts'
import { render, type Summary } from './summary.ts'

/** A plan: which memories, and the summary that is to stand for them. */

/** What its record `summary` says; between which times its members were said, in milliseconds. */
export type Planned = {
  readonly title: string
  readonly text: string
  readonly from_ms: number
  readonly to_ms: number
}

/** Fewer that were said in one place are not worth a summary. */
const members_min = 4
const titleUnits_max = 120
const hash = new Uint32Array(2)

/**
 * Makes a plan of a group, and its summary, or asks a model for it. Those of another place than the first, what looks
 * like a secret, and groups that were refused
 * or taken back as they are now, are left alone. @returns the plan; 0 for none. O(texts of the group)
 */
export function plan(tick: Tick, group: Group, line: number, policy: CompactPolicy): number {
  const { world, now_ms } = tick
  if (world.room(Plan) === 0) return 0
  const texts = new Texts(tick)
  const place = placeOf(texts.meta(group.rows[0]!))
  if (isLocked(world, texts.meta(group.rows[0]!).source.channel)) return 0
  const rows = [...group.rows.subarray(0, group.count)].filter(
    (each) => placeOf(texts.meta(each)) === place && secretsIn(texts.text(each)).length === 0,
  )
  if (rows.length < members_min) return 0
  hashOf(world, rows, hash)
  if (world.rows(Plan) > 0 && world.findPair(Plan, 'hash', hash[0]!, hash[1]!) !== 0) return 0
  const members = membersOf(texts, rows)
  const made = policy.model
    ? undefined
    : plannedOf(
        world,
        extract(members, unitsFor(members, policy), (term) => rarityOf(tick.world, term)),
        rows,
        members,
        policy,
      )
  if (!policy.model && made === undefined) return 0
  const row = world.append(Plan)
  const plans = world.of(Plan)
  plans.line[row] = line
  plans.members[row] = rows.length
  plans.hash_high[row] = hash[0]!
  plans.hash_low[row] = hash[1]!
  plans.units_before[row] = unitsOf(members)
  plans.planned_at_ms[row] = now_ms
  tick.put('plan', row, JSON.stringify(rows))
  if (made === undefined) {
    plans.state[row] = PlanState.asked
    plans.effect_id[row] = tick.request(LlmChat, chatRequest(members, unitsFor(members, policy)), row)
  } else ready(tick, row, made)
  return row
}

/** The summary of a plan is there, or none will do. */
export function ready(tick: Tick, row: number, made: Planned | undefined): void {
  const plans = tick.world.of(Plan)
  plans.effect_id[row] = 0
  if (made === undefined) {
    plans.state[row] = PlanState.dropped
    plans.ended_at_ms[row] = tick.now_ms
    return
  }
  plans.state[row] = PlanState.ready
  plans.units_after[row] = made.title.length + made.text.length
  tick.put('summary', row, JSON.stringify(made))
}

/** The summary of a plan without a model; undefined when there is nothing to say. O(texts) */
export function extracted(tick: Tick, row: number, policy: CompactPolicy): Planned | undefined {
  const rows = membersIn(tick, row)
  const members = membersOf(new Texts(tick), rows)
  return plannedOf(
    tick.world,
    extract(members, unitsFor(members, policy), (term) => rarityOf(tick.world, term)),
    rows,
    members,
    policy,
  )
}

/** A summary in words; undefined when it has none, or more than it saves. */
export function plannedOf(
  world: World,
  summary: Summary,
  rows: readonly number[],
  members: readonly Member[],
  policy: CompactPolicy,
): Planned | undefined {
  if (summary.bullets.length === 0) return undefined
  const text = render(summary)
  // A model may need a few words more than were asked for, never twice as many.
  if (text.length > 2 * unitsFor(members, policy)) return undefined
  return { title: summary.topic.slice(0, titleUnits_max).toWellFormed(), text, ...spanOf(world, rows) }
}

/** The members of a plan, as it was made; none when that was forgotten. */
export function membersIn(tick: Pick<Tick, 'read'>, row: number): number[] {
  const text = tick.read('plan', row)
  return text === undefined || text === '' ? [] : (JSON.parse(text) as number[])
}

/** What a plan would have remembered; undefined when that was forgotten. */
export function plannedIn(tick: Pick<Tick, 'read'>, row: number): Planned | undefined {
  const text = tick.read('summary', row)
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Planned)
}

/** Whether every member of a plan is still what it was when it was made. O(members) */
export function isSound(tick: Tick, row: number, rows: readonly number[]): boolean {
  const { hash_high, hash_low } = tick.world.of(Plan)
  if (rows.length === 0 || rows.length > members_max) return false
  hashOf(tick.world, rows, hash)
  return hash[0] === hash_high[row] && hash[1] === hash_low[row]
}

/** Rows with who said it and what, as a summary is made of them. */
export function membersOf(texts: Texts, rows: readonly number[]): Member[] {
  return rows.map((row) => ({ row, author: texts.meta(row).source.author ?? '', text: texts.text(row) }))
}

function unitsOf(members: readonly Member[]): number {
  return members.reduce((units, { text }) => units + text.length, 0)
}

/** UTF-16 units that a summary may have. */
export function unitsFor(members: readonly Member[], { share }: CompactPolicy): number {
  return Math.floor(unitsOf(members) * share)
}

function spanOf(world: World, rows: readonly number[]): { from_ms: number; to_ms: number } {
  const { happened_at_ms, stored_at_ms } = world.of(Memory)
  const times = rows.map((row) => happened_at_ms[row]! || stored_at_ms[row]!)
  return { from_ms: Math.min(...times), to_ms: Math.max(...times) }
}

/** Where something was said, and of MCP clients by whom: a summary speaks of one place, and is shown where that may be shown. */
function placeOf({ source: { kind, channel = '', thread = '', author = '' } }: Meta): string {
  return `${kind}\n${channel}\n${thread}\n${kind === 'mcp' ? author : ''}`
}

/** Nothing of a locked channel may be left out. O(channels) */
function isLocked(world: World, channel: string | undefined): boolean {
  if (channel === undefined || channel === '') return false
  const { locked, name } = world.of(DiscordChannel)
  for (let row = 1; row <= world.rows(DiscordChannel); row++) {
    if (locked[row] === 1 && (world.names.text(name[row]!) === channel || world.keyOf(DiscordChannel, row) === channel))
      return true
  }
  return false
}
