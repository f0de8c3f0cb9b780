import type { EffectType } from '../engine/flow/effect.ts'
import { Effect, EffectStatus } from '../engine/flow/effect.ts'
import { system, type Tick } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { Lane } from './agents/columns.ts'
import { Policy } from './components.ts'
import { LlmChat } from './events.ts'
import { laneOf, urgent } from './outbox/chats.ts'

/**
 * Lets effects leave in the order they were asked for, within each type's limit of effects in flight. O(open effects).
 *
 * Nobody starves. Each type has places of its own, so none can take another's. Within a type the oldest goes first, and
 * what is asked later is never older. Questions to the model are the exception: those of people go before the others when
 * there are too few places, but only by a head start, and a quarter of the places is left to the oldest.
 */
export const outbox = system('outbox', (tick) => {
  const { world, effectType } = tick
  const open = world.each(Effect)
  if (open.length === 0) return
  const { type, effect_id } = world.of(Effect)
  collect(tick, open)
  if (due.length === 0) return
  // Ids of entities are used again, those of effects are not: they are the order in which effects were asked for.
  due.sort((a, b) => effect_id[a]! - effect_id[b]!)
  for (const entity of due) {
    const kind = effectType(entity)
    if (kind.name === LlmChat.name) chats.push(entity)
    else if ((inFlight.get(type[entity]!) ?? 0) < kind.in_flight_max) depart(tick, entity)
  }
  const [first] = chats
  if (first === undefined) return
  const most = inFlightMax(world, effectType(first))
  const places = most - (inFlight.get(type[first]!) ?? 0)
  const going =
    chats.length <= places ? chats : urgent(world, chats, { places, most, lesser: lesserOut(world, open, first) })
  for (const entity of going) depart(tick, entity)
})

const inFlight = new Map<number, number>()
const due: number[] = []
const chats: number[] = []

/** Counts what is out, and lists what may leave. */
function collect({ world, now_ms }: Tick, open: Uint32Array): void {
  const { type, status, retry_at_ms } = world.of(Effect)
  inFlight.clear()
  due.length = 0
  chats.length = 0
  for (let index = 0; index < open.length; index++) {
    const entity = open[index]!
    const stands = status[entity]
    if (stands === EffectStatus.in_flight) inFlight.set(type[entity]!, (inFlight.get(type[entity]!) ?? 0) + 1)
    else if (stands === EffectStatus.waiting) due.push(entity)
    else if (stands === EffectStatus.retry && retry_at_ms[entity]! <= now_ms) due.push(entity)
  }
}

function depart({ world, release }: Tick, entity: number): void {
  const { type, status, attempts } = world.of(Effect)
  inFlight.set(type[entity]!, (inFlight.get(type[entity]!) ?? 0) + 1)
  status[entity] = EffectStatus.in_flight
  attempts[entity]!++
  release(entity)
}

/** How many questions are out that no person waits for. */
function lesserOut(world: World, open: Uint32Array, question: number): number {
  const { type, status } = world.of(Effect)
  let lesser = 0
  for (let index = 0; index < open.length; index++) {
    const entity = open[index]!
    if (type[entity] !== type[question] || status[entity] !== EffectStatus.in_flight) continue
    if (laneOf(world, entity) !== Lane.interactive) lesser++
  }
  return lesser
}

/** How many effects of a type may be out: what the policy says of the model, else what the type says. */
function inFlightMax(world: World, type: EffectType): number {
  const chat_max = world.of(Policy).chat_in_flight_max[world.rows(Policy)]!
  return chat_max > 0 ? chat_max : type.in_flight_max
}
