import { Effect, EffectStatus } from '../engine/flow/effect.ts'
import { system } from '../engine/system.ts'

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
    if (count >= effectType(entity).in_flight_max) continue
    inFlight.set(type[entity]!, count + 1)
    status[entity] = EffectStatus.in_flight
    attempts[entity]!++
    release(entity)
  }
})
