import type { Event } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { Agent, Input, Overflow, Pool, Session } from './agents/columns.ts'
import { rememberInput } from './agents/messages.ts'
import { enqueue } from './agents/queue.ts'
import { bringSessions, openSession } from './agents/sessions.ts'
import { ConfigSet, SessionOpened, SessionSubscription } from './events.ts'
import { isRoutable } from './route/fields.ts'
import { appendInput, sameKeyOf } from './route/inputs.ts'
import { orderSubscription } from './route/orders.ts'
import { matcherOf } from './route/projection.ts'
import { keptFrom, speakerOf } from './route/receivers.ts'
import { isSkipped } from './skipped.ts'

/** Sends each event to the sessions that subscribed to it. O(events + what they match); what there is costs nothing. */
export const route = system('route', (tick) => {
  const { world, events } = tick
  let brought = false
  for (const event of events) {
    if (ConfigSet.is(event)) {
      // Every policy of this tick has become a row already: once is enough.
      if (!brought) bringSessions(tick)
      brought = true
      continue
    }
    const ordered = SessionOpened.is(event) || SessionSubscription.is(event)
    // The policy that nobody has set, and worlds of before there were agents.
    if (world.rows(Agent) === 0 && (ordered || isRoutable(event))) bringSessions(tick)
    if (SessionOpened.is(event)) {
      if (event.source.kind === 'operator') openSession(tick, event.payload.session)
    } else if (SessionSubscription.is(event)) orderSubscription(tick, event)
    else if (!isSkipped(event)) send(tick, event)
  }
})

/** Puts an event into the queues of the sessions that it is for. */
function send(tick: Tick, event: Event): void {
  const { world } = tick
  const matcher = matcherOf(tick)
  const count = matcher.match(event)
  if (count === 0) return
  const speaker = speakerOf(tick, event)
  const { overflow } = world.of(Session)
  let input = 0
  let same: ReturnType<typeof sameKeyOf> | undefined
  for (let index = 0; index < count; index++) {
    const session = matcher.hits[index]!
    if (keptFrom(world, session, speaker) !== '') continue
    if (input === 0) {
      if (world.room(Input) === 0) {
        world.of(Pool).dropped[1]!++
        return
      }
      input = appendInput(tick, event)
      rememberInput(world, event, input)
    }
    if (overflow[session] === Overflow.coalesce) same ??= sameKeyOf(event)
    enqueue(tick, session, input, same)
  }
}
