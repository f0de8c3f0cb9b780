import type { EffectType } from '../engine/flow/effect.ts'
import { Effect, EffectStatus } from '../engine/flow/effect.ts'
import { system } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { Policy } from './components.ts'
import { LlmChat } from './events.ts'

/** Lets effects leave in the order they were asked for, within each type's limit of effects in flight. O(open effects). */
export const outbox = system('outbox', ({ world, now_ms, effectType, release }) => {
  const open = world.each(Effect)
  if (open.length === 0) return
  const { type, status, attempts, retry_at_ms } = world.of(Effect)
  const inFlight = new Map<number, number>()
  for (let index = 0; index < open.length; index++) {
    const entity = open[index]!
    if (status[entity] === EffectStatus.in_flight) inFlight.set(type[entity]!, (inFlight.get(type[entity]!) ?? 0) + 1)
  }
  for (let index = 0; index < open.length; index++) {
    const entity = open[index]!
    const waits = status[entity] === EffectStatus.waiting
    const due = status[entity] === EffectStatus.retry && retry_at_ms[entity]! <= now_ms
    if (!waits && !due) continue
    const count = inFlight.get(type[entity]!) ?? 0
    if (count >= inFlightMax(world, effectType(entity))) continue
    inFlight.set(type[entity]!, count + 1)
    status[entity] = EffectStatus.in_flight
    attempts[entity]!++
    release(entity)
  }
})

/** How many effects of a type may be out: what the policy says of the model, else what the type says. */
function inFlightMax(world: World, type: EffectType): number {
  const chat_max = world.of(Policy).chat_in_flight_max[world.rows(Policy)]!
  return type.name === LlmChat.name && chat_max > 0 ? chat_max : type.in_flight_max
}
