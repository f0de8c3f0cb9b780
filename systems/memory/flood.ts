import type { Payload } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Family, FamilyPlace, FloodPolicy, Gauge, Mark, Memory, MemoryKind, Recent } from '../components.ts'
import { ChannelPressure, DiscordChannel, EmbedBots } from '../discord/columns.ts'
import { MemoryFamily } from '../events.ts'
import { Rule, RuleState } from '../janitor/columns.ts'
import { hash64 } from '../text/hash.ts'
import type { Draft } from './draft.ts'
import { countCopy, isProgram } from './duplicate.ts'
import { addFamily, familyOf, formOf, narrower, placeOf, widen } from './floods/families.ts'
import { addMember, addPending, alsoPending, endPending, membersOf, pendingForm, pendingOf } from './floods/pending.ts'
import { readTokens, Tokens } from './floods/tokens.ts'

/** Members of a family that are kept as memories of their own, beside the one that stands for all. */
export const examples_max = 3
/** Copies from which on a family is known, where the policy says nothing else. */
const floodFrom = 3
const authorMax = 200

/** What a message of a program turned out to be. */
export type Met = {
  /** The aggregate of the family that it is a member of, and is counted with; 0 = of none. */
  of: number
  /** Row in Recent: it is like others that are no family yet, and becomes a memory of its own; 0 = it does not. */
  slot: number
  /** True when it is like nothing that is known, and others may come to be like it. */
  fresh: boolean
  /** True when it begins to stand for what is of no family, while a flood lasts. */
  others: boolean
  /** True when a rule of the operator's keeps it away. */
  suppressed: boolean
}

const place = new Uint32Array(2)
const message = new Tokens()
const form = new Tokens()

/** Whether a draft can be a member: a program said it, at a known time. */
export function canFlood(draft: Draft): boolean {
  return isProgram(draft) && draft.ts !== 0 && draft.file === 0
}

/** The policy was set. */
export function setFloods(world: World, { janitor }: Payload): void {
  const from = typeof janitor === 'object' && janitor !== null ? (janitor as Payload)['flood_from'] : undefined
  world.of(FloodPolicy).from[1] = typeof from === 'number' && Number.isInteger(from) && from >= 2 ? from : 0
}

/**
 * Holds a message of a program against the families of its author in its channel, and against what is of none yet. A member
 * is counted; the one with which there are enough makes the family known, in this very tick.
 * @returns the memory that stands for it when it is only counted, else 0
 */
export function meetFlood(tick: Tick, draft: Draft, met: Met): number {
  const { world } = tick
  Object.assign(met, { of: 0, slot: 0, fresh: false, others: false, suppressed: false })
  const { kind, channel, thread, author } = draft.source
  hash64(`${kind}\n${channel}\n${thread}\n${author}`, place)
  readTokens(draft.text, message)
  if (message.count === 0) return 0
  const row = placeOf(world, place[0]!, place[1]!)
  const { family, widened } = familyOf(world, row, message)
  if (family !== 0) return join(tick, widened ? gathered(world, row, family) : family, draft, met)
  const slot = pendingOf(world, place[1]!, message, draft.ts)
  if (slot !== 0) return meetPending(tick, { slot, row, draft, met })
  if (isFlooded(world, draft)) return countOther(tick, row, draft, met)
  met.fresh = true
  return 0
}

/** The draft became a memory: what is to come is held against it. */
export function rememberMet(tick: Tick, draft: Draft, id: number, met: Met): void {
  const { world } = tick
  const memory = world.of(Memory)
  const channel = channelOf(world, draft)
  if (channel !== 0 && world.of(DiscordChannel).embed[channel] === EmbedBots.aggregates) memory.marks[id]! |= Mark.raw
  if (met.of !== 0) replace(world, id, met.of)
  else if (met.slot !== 0) addMember(world, met.slot, id)
  else if (met.fresh) addPending(world, place[1]!, id, message, draft.ts)
  else if (met.others) {
    memory.kind[id] = MemoryKind.aggregate
    world.of(FamilyPlace).others[placeOf(world, place[0]!, place[1]!)] = id
  }
}

/** The row in DiscordChannel of where a message was said, when its window knows it; 0 = elsewhere. */
export function channelOf(world: World, draft: Draft): number {
  return draft.place === '' ? 0 : world.find(DiscordChannel, draft.place)
}

type Meeting = { readonly slot: number; readonly row: number; readonly draft: Draft; readonly met: Met }

function meetPending(tick: Tick, { slot, row, draft, met }: Meeting): number {
  const { world } = tick
  const { count } = world.of(Recent)
  if (count[slot]! >= (world.of(FloodPolicy).from[1]! || floodFrom)) {
    const family = makeKnown(tick, slot, row, draft)
    if (family !== 0) return join(tick, family, draft, met)
  }
  met.slot = slot
  return 0
}

/**
 * Enough are alike: the first stands for all, those that came after it for themselves no more. Where a family is known whose
 * form was only too narrow, they are members of that.
 */
function makeKnown(tick: Tick, slot: number, row: number, draft: Draft): number {
  const { world } = tick
  const { memory_id, count, length_max } = world.of(Recent)
  const longest = length_max[slot]!
  copyForm(pendingForm(world, slot))
  const [oldest = 0] = narrower(world, row, form).reverse()
  const family = oldest || addFamily(world, row, memory_id[slot]!, form, longest)
  if (family === 0) return 0
  const families = world.of(Family)
  const aggregate = families.memory_id[family]!
  if (oldest === 0) begin(tick, family, draft)
  else widen(world, family, form, longest)
  gathered(world, row, family)
  // This message is counted when it joins.
  families.count[family]! += count[slot]! - 1
  absorb(world, slot, aggregate)
  for (const other of alsoPending(world, place[1]!, form, longest)) {
    families.count[family]! += count[other]!
    absorb(world, other, aggregate)
  }
  return family
}

/**
 * A family whose form has become wider may be that of others too, whose first members had more in common by chance: all of
 * them are one, and the oldest stands for it. @returns the oldest
 */
function gathered(world: World, row: number, family: number): number {
  const families = world.of(Family)
  copyForm(formOf(world, family))
  const others = narrower(world, row, form).filter((other) => other !== family)
  if (others.length === 0) return family
  const [oldest = family, ...younger] = [...others, family].sort((a, b) => a - b)
  widen(world, oldest, form, families.length_max[family]!)
  for (const other of younger) mergeInto(world, other, oldest)
  return oldest
}

function mergeInto(world: World, other: number, family: number): void {
  const families = world.of(Family)
  families.count[family]! += families.count[other]!
  families.reported[family]! += families.reported[other]!
  families.length_max[family] = Math.max(families.length_max[family]!, families.length_max[other]!)
  stand(world, families.memory_id[other]!, families.memory_id[family]!)
  families.count[other] = 0
  families.reported[other] = 0
  world.of(Gauge).families[1]!--
}

function begin(tick: Tick, family: number, draft: Draft): void {
  const { world, now_ms } = tick
  const { memory_id, channel, author, first_at_ms } = world.of(Family)
  const aggregate = memory_id[family]!
  const { kind, happened_at_ms } = world.of(Memory)
  kind[aggregate] = MemoryKind.aggregate
  channel[family] = channelOf(world, draft)
  author[family] = world.names.id(draft.source.author.slice(0, authorMax))
  first_at_ms[family] = happened_at_ms[aggregate]! || now_ms
  world.of(Gauge).families[1]!++
  tick.emit(MemoryFamily, { family, memory_id: aggregate })
}

function absorb(world: World, slot: number, aggregate: number): void {
  for (const id of membersOf(world, slot)) stand(world, id, aggregate)
  endPending(world, slot)
}

/** An earlier member is an example now, with all that it stood for. */
function stand(world: World, id: number, aggregate: number): void {
  const memory = world.of(Memory)
  if (id === 0 || id === aggregate || memory.deleted[id] !== 0 || memory.replaced_by[id] !== 0) return
  replace(world, id, aggregate)
  memory.copies[aggregate]! += 1 + memory.copies[id]!
}

function replace(world: World, id: number, aggregate: number): void {
  const memory = world.of(Memory)
  for (let row = id; row <= id + memory.chunks[id]!; row++) memory.replaced_by[row] = aggregate
  world.of(Gauge).memories[1]!--
}

function join(tick: Tick, family: number, draft: Draft, met: Met): number {
  const { world } = tick
  const { memory_id, count, last_at_ms, rule } = world.of(Family)
  const aggregate = memory_id[family]!
  count[family]!++
  last_at_ms[family] = Math.max(last_at_ms[family]!, draft.ts)
  countCopy(world, aggregate, draft.ts)
  met.of = aggregate
  const rules = world.of(Rule)
  if (rule[family] !== 0 && rules.state[rule[family]!] === RuleState.active) {
    met.suppressed = true
    rules.suppressed[rule[family]!]!++
    const channel = channelOf(world, draft)
    if (channel !== 0) world.of(DiscordChannel).suppressed[channel]!++
    return aggregate
  }
  return world.of(Memory).copies[aggregate]! <= examples_max ? 0 : aggregate
}

/** Under the pressure of a flood, what is of no family is one memory and a number; in a locked channel never. */
function countOther(tick: Tick, row: number, draft: Draft, met: Met): number {
  const { world } = tick
  const others = world.of(FamilyPlace).others[row]!
  if (others === 0 || world.of(Memory).deleted[others] !== 0) {
    met.others = true
    return 0
  }
  countCopy(world, others, draft.ts)
  return others
}

function isFlooded(world: World, draft: Draft): boolean {
  const channel = channelOf(world, draft)
  if (channel === 0) return false
  const { pressure, locked } = world.of(DiscordChannel)
  return pressure[channel] === ChannelPressure.flood && locked[channel] === 0
}

function copyForm(from: Tokens): void {
  form.clear()
  for (let at = 0; at < from.count; at++) form.add(from.token[at]!, from.kind[at]!)
}
