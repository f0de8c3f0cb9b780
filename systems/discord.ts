import type { Event } from '../engine/flow/event.ts'
import { EngineStarted } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { answer, say } from './discord/answers.ts'
import { learn, markAll, reopenAll } from './discord/channels.ts'
import { advance, hearGateway } from './discord/gateway.ts'
import { beginTick, hearDeleted, hearEdited, hearMessage, hearReaction } from './discord/messages.ts'
import { answered, ask, begin, resolve } from './discord/sending.ts'
import {
  ConfigSet,
  DiscordChannelSeen,
  DiscordDeleted,
  DiscordEdited,
  DiscordGateway,
  DiscordReaction,
  DiscordResolve,
  DiscordSaid,
  DiscordSay,
  SessionSaid,
} from './events.ts'

/**
 * Keeps what the world knows of Discord: where the gateway stopped, which channels are followed and what was heard in them,
 * so that what comes twice is skipped; and sends there what sessions say. O(events of Discord + channels in which something
 * waits to be sent); when the policy is set and when a run begins also O(channels).
 */
export const discord = system('discord', (tick) => {
  beginTick()
  let policySet = false
  for (const event of tick.events) {
    if (event.source.kind === 'discord') hear(tick, event)
    else if (ConfigSet.is(event)) {
      // Every policy of this tick has become a row already: once is enough.
      if (!policySet) markAll(tick)
      policySet = true
    } else if (EngineStarted.is(event)) {
      reopenAll(tick.world)
      begin(tick.world)
    } else if (event.payload['effect_id'] !== undefined) answered(tick, event)
    else if (SessionSaid.is(event)) answer(tick, event)
    else if (DiscordSay.is(event)) say(tick, event)
    else if (DiscordResolve.is(event)) resolve(tick, event)
  }
  ask(tick)
})

function hear(tick: Tick, event: Event): void {
  if (DiscordSaid.is(event)) {
    hearMessage(tick, event)
    advance(tick.world, event.payload)
  } else if (DiscordGateway.is(event)) hearGateway(tick, event)
  else if (DiscordChannelSeen.is(event)) {
    learn(tick, event)
    advance(tick.world, event.payload)
  } else if (DiscordDeleted.is(event)) {
    hearDeleted(tick, event)
    advance(tick.world, event.payload)
  } else if (DiscordEdited.is(event)) {
    hearEdited(tick, event)
    advance(tick.world, event.payload)
  } else if (DiscordReaction.is(event)) {
    hearReaction(tick, event)
    advance(tick.world, event.payload)
  }
}
