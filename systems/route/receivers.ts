import type { Event } from '../../engine/flow/event.ts'
import type { World } from '../../engine/world/world.ts'
import { Agent, Session } from '../agents/columns.ts'
import { authorOf, channelOf, kindOf } from './fields.ts'
import type { Looking } from './projection.ts'

/** Why a session does not get an event that its filters ask for; empty when it does. */
export type Kept = '' | 'absent' | 'own words' | 'private'

/** Sessions whose kinds of source have the key of a session as their channel. */
const inSessions = new Set(['operator', 'session', 'tool'])

/** What must be known of an event to say who may not get it. */
export type Speaker = {
  /** Rows in Agent: who says it, by name and by the session that it is said in. 0 = no agent. */
  readonly author: number
  readonly agent: number
  /** Row of the private session that it was said in; 0 = it is not private. */
  readonly only: number
}

/** Who says an event, and whether others may hear. */
export function speakerOf(looking: Looking, event: Event): Speaker {
  const { world } = looking
  const kind = kindOf(event)
  const author = kind === 'operator' ? 0 : findName(world, authorOf(event))
  if (!inSessions.has(kind)) return { author, agent: 0, only: 0 }
  const channel = channelOf(event)
  const session = world.find(Session, channel)
  const agent = kind === 'operator' ? 0 : findName(world, channel.slice(0, channel.indexOf('/')))
  return { author, agent, only: world.of(Session).private[session] === 1 ? session : 0 }
}

/**
 * Why a session that an event was matched to does not get it: its agent has said it itself, or it was said in a private
 * session. Empty when it gets it.
 */
export function keptFrom(world: World, session: number, { author, agent, only }: Speaker): Kept {
  const { present, agent: agentOf } = world.of(Session)
  if (present[session] === 0) return 'absent'
  const own = agentOf[session]!
  if (own === author || own === agent) return 'own words'
  return only === 0 || only === session ? '' : 'private'
}

function findName(world: World, name: string): number {
  return name === '' ? 0 : world.find(Agent, name)
}
