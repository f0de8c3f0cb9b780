import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EffectType } from '../../engine/flow/effect.ts'
import { eventType, objectOf, type Payload } from '../../engine/flow/event.ts'
import { type Engine, type Event, system } from '../../engine/index.ts'
import type { Parts } from '../../engine/tick.ts'
import { mind } from '../../systems/index.ts'

/** The mind with a system that asks for whatever effect it is told to, so that one effect is looked at by itself. */

const Wanted = eventType<{ type: string; request: Payload }>(
  'test.wanted',
  objectOf({ type: { type: 'string' }, request: { type: 'object' } }),
)

function parts(): Parts {
  const base = mind()
  const wanting = system('wanting', (tick) => {
    for (const event of tick.events) {
      if (!Wanted.is(event)) continue
      const type = base.effects.find(({ name }) => name === event.payload.type)
      if (type !== undefined) tick.request(type as EffectType<Payload, Payload>, event.payload.request)
    }
  })
  return {
    ...base,
    events: [...base.events, Wanted],
    systems: [...base.systems.slice(0, -1), wanting, ...base.systems.slice(-1)],
  }
}

/** Asks for an effect and steps until it is answered. @returns the event of its outcome */
async function ask<Q, D>(engine: Engine, type: EffectType<Q, D>, request: Q): Promise<Event> {
  let outcome: Event | undefined
  const names = [type.done.name, type.failed.name, type.unknown.name]
  const leave = names.map((name) =>
    engine.on(name, (event) => {
      outcome ??= event
    }),
  )
  engine.publish({ type: Wanted.name, payload: { type: type.name, request: request as Payload } })
  while (outcome === undefined) {
    await engine.step()
    await nextTurn()
  }
  for (const each of leave) each()
  return outcome
}

export const requester = { parts, ask }
