import type { Event, Payload } from '../../engine/flow/event.ts'
import { SessionSaid } from '../events.ts'

/** What is said to the agent has this tag, whatever it says of itself: in Discord it was named, answered, or spoken to alone. */
export const toMe = 'to_me'

/** What a filter can ask of an event. What an agent said comes from its session: it is of kind `session`, by the agent. */

/** The kind of source under which the world itself speaks. */
export const worldKind = 'world'
/** Tags of one event that are looked at. */
export const tagsMax = 256

const unheard = ['engine.', 'turn.', 'approval.', 'session.', 'budget.', 'daimoi.', 'olympia.']
const unheardWhole = new Set(['clock.set', 'config.set', 'memory.order', 'memory.used'])
const answer = /\.(?:done|failed|unknown)$/

/** Whether events of a type go to sessions at all; `unless_answer`: if they do not answer an effect. */
export type Routable = 'yes' | 'no' | 'unless_answer'

/** What may become of a type, by its name. What the machinery says to itself is not for sessions. */
export function routable(type: string): Routable {
  if (type === SessionSaid.name) return 'yes'
  if (unheardWhole.has(type) || unheard.some((prefix) => type.startsWith(prefix))) return 'no'
  return answer.test(type) ? 'unless_answer' : 'yes'
}

/** Whether sessions may hear an event. */
export function isRoutable(event: Event): boolean {
  const verdict = routable(event.type)
  return verdict === 'yes' || (verdict === 'unless_answer' && !isAnswer(event))
}

/** Whether an event whose type ends as those of answers do answers an effect. */
export function isAnswer(event: Event): boolean {
  return typeof event.payload['effect_id'] === 'number'
}

/** `fs`, `discord`, `operator`; `session` for what an agent said. */
export function kindOf(event: Event): string {
  return SessionSaid.is(event) ? 'session' : event.source.kind
}

/** Of a source, or the key of the session that an agent spoke in; empty when there is none. */
export function channelOf(event: Event): string {
  return SessionSaid.is(event) ? event.payload.session : (event.source.channel ?? '')
}

/** Empty when there is none. */
export function threadOf(event: Event): string {
  return event.source.thread ?? ''
}

/** Of a source, or the agent that spoke; empty when there is none. */
export function authorOf(event: Event): string {
  return SessionSaid.is(event) ? event.payload.agent : (event.source.author ?? '')
}

/** A text of the payload; empty when there is none. */
export function textOf(payload: Payload, name: 'tool' | 'path'): string {
  const value = payload[name]
  return typeof value === 'string' ? value : ''
}

/** What `tag` and `tags` name, the first `tagsMax` of them. */
export function tagsOf(event: Event): readonly string[] {
  const { tag, tags, to_me } = event.payload
  const named = typeof tag === 'string' ? [tag] : []
  if (to_me === true) named.push(toMe)
  if (!Array.isArray(tags)) return named
  for (const each of tags as readonly unknown[]) {
    if (named.length >= tagsMax) break
    if (typeof each === 'string') named.push(each)
  }
  return named
}

/**
 * Whether the world itself says it, so that an agent may be the cause of it: only a filter that names its type, or how
 * that begins, hears such an event.
 */
export function isOfTheWorld(event: Event): boolean {
  return event.source.kind === worldKind
}
