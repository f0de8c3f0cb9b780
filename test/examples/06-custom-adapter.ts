// An adapter is the asynchronous outside: it publishes events, and carries out effects that systems ask for.
import { type Adapter, createEngine, EffectFailure, effectType, eventType, objectOf, system } from 'promethean'
import { ram } from 'promethean/stores/ram'
import { mind } from 'promethean/systems'

const text = { type: 'string' }
const Rang = eventType<{ door: string }>('bell.rang', objectOf({ door: text }))
/** Never repeated when its answer was lost; a failure that says so is tried again. */
const Open = effectType<{ door: string }, { by: string }>('door.open', {
  retry: 'once',
  deadline_ms: 1_000,
  attempts_max: 3,
  backoff_ms: 10,
  request: { door: text },
  done: { by: text },
})

const porter = system('porter', ({ events, request }) => {
  for (const event of events) if (Rang.is(event)) request(Open, { door: event.payload.door })
})

const house: Adapter = {
  name: 'house',
  effects: {
    'door.open': async ({ door }, { attempt, effect_id }) => {
      if (attempt === 1) throw new EffectFailure('JAMMED', `the ${door} door is stuck`, { transient: true })
      return { by: `the porter, effect ${effect_id}, attempt ${attempt}` }
    },
  },
  start: ({ publish }) => void publish({ type: 'bell.rang', payload: { door: 'front' } }),
}

const base = mind()
const engine = await createEngine({
  ...base,
  systems: [porter, ...base.systems],
  events: [...base.events, Rang],
  effects: [...base.effects, Open as (typeof base.effects)[number]],
  store: ram(),
  adapters: [house],
})
const opened = new Promise<void>((resolve) => {
  engine.on('door.open.done', ({ payload }) => {
    console.log(`opened by ${payload['by']}`)
    resolve()
  })
})
await engine.start()
await opened
await engine.stop()
