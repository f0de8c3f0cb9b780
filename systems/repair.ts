import type { Event } from '../engine/flow/event.ts'
import { EngineStarted } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { Policy } from './components.ts'
import { CommandRun, ConfigSet, OpencodeRun, RepairAsked } from './events.ts'
import { Repair, RepairState } from './repair/columns.ts'
import { repairRulesOf } from './repair/policy.ts'
import { due, firstAt, plan, settle } from './repair/schedule.ts'
import { answered, askFailed, askUnknown, begin, checked, checkFailed, giveUp } from './repair/work.ts'

/**
 * Holds folders to commands that must succeed: run the command, while it fails ask opencode, check, ask again, give up.
 * Each event moves the one repair it concerns. O(events); O(repairs) when one begins or ends, and when the policy is set.
 */
export const repair = system('repair', (tick) => {
  for (const event of tick.events) {
    if (ConfigSet.is(event)) obeyPolicy(tick)
    else if (EngineStarted.is(event)) settle(tick.world, tick.now_ms)
    else if (RepairAsked.is(event)) askedFor(tick, event)
    else if (event.payload['effect_id'] !== undefined) move(tick, event)
  }
  let begun = false
  for (const row of due(tick.world, tick.now_ms)) {
    beginNamed(tick, row)
    begun = true
  }
  if (begun) plan(tick.world)
})

/** Another policy names other repairs: new ones get their row and their time, those it no longer names end. O(repairs). */
function obeyPolicy(tick: Tick): void {
  const { world, now_ms } = tick
  const policy = world.rows(Policy)
  if (policy === 0 || world.of(Policy).set_tick[policy] !== tick.tick) return
  const rules = repairRulesOf(tick)
  for (const { name, every_ms } of rules.values()) {
    const row = world.appendKeyed(Repair, name)
    const { next_at_ms, state } = world.of(Repair)
    const first = firstAt(every_ms, now_ms)
    if (state[row] !== RepairState.none || first === 0) next_at_ms[row] = 0
    else if (next_at_ms[row] === 0 || next_at_ms[row]! > now_ms + every_ms) next_at_ms[row] = first
  }
  for (let row = 1; row <= world.rows(Repair); row++) if (!rules.has(world.keyOf(Repair, row))) dismiss(tick, row)
  plan(world)
}

/** What is out and cannot be taken back is awaited; its answer then finds the repair unnamed. */
function dismiss(tick: Tick, row: number): void {
  const { state, effect_id, next_at_ms } = tick.world.of(Repair)
  next_at_ms[row] = 0
  if (state[row] === RepairState.none) return
  if (effect_id[row] === 0 || tick.withdraw(effect_id[row]!)) unnamed(tick, row)
}

/** The operator wants a repair to begin; one that is at work goes on, and one that nobody named is none. */
function askedFor(tick: Tick, { source, payload }: Event & { readonly payload: RepairAsked }): void {
  const row = tick.world.find(Repair, payload.name)
  if (source.kind !== 'operator' || row === 0) return
  if (tick.world.of(Repair).state[row] === RepairState.none) beginNamed(tick, row)
}

function beginNamed(tick: Tick, row: number): void {
  const rule = repairRulesOf(tick).get(tick.world.keyOf(Repair, row))
  if (rule !== undefined) begin(tick, { row, rule })
}

/** An answer moves the repair that waits for it; one that nobody waits for changes nothing. O(1) */
function move(tick: Tick, event: Event): void {
  const effect_id = event.payload['effect_id']
  if (typeof effect_id !== 'number') return
  const { world } = tick
  const row = tick.ownerOf(effect_id)
  if (row < 1 || row > world.rows(Repair) || world.of(Repair).effect_id[row] !== effect_id) return
  world.of(Repair).effect_id[row] = 0
  const rule = repairRulesOf(tick).get(world.keyOf(Repair, row))
  if (rule === undefined) return unnamed(tick, row)
  const work = { row, rule }
  if (CommandRun.done.is(event)) checked(tick, work, event.payload)
  else if (CommandRun.failed.is(event)) checkFailed(tick, work, event.payload)
  else if (OpencodeRun.done.is(event)) answered(tick, work, event.payload)
  else if (OpencodeRun.failed.is(event)) askFailed(tick, work, event.payload)
  else if (OpencodeRun.unknown.is(event)) askUnknown(tick, work)
}

function unnamed(tick: Tick, row: number): void {
  giveUp(tick, row, 'REPAIR_UNNAMED', 'the config no longer names this repair')
}
