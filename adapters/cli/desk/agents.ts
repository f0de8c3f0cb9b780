import type { View } from '../../../engine/flow/adapter.ts'
import { type Event, objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { agentsOf } from '../../../systems/agents/policy.ts'
import { explainRoute } from '../../../systems/route/explain.ts'
import { pastOf, sessionKey, toolsOf } from '../chat/desk.ts'
import { approvalsOf, outboxOf } from './outbox.ts'
import { postsOf } from './posts.ts'
import { sessionsOf } from './sessions.ts'
import { turnOf } from './turn.ts'

/** What may be asked about agents. */
export type AgentQuestion =
  /** The key of a session by what a person calls it. */
  | { readonly ask: 'session'; readonly word: string }
  | { readonly ask: 'past'; readonly session: string; readonly count: number }
  | { readonly ask: 'tools'; readonly session: string }
  /** Where an event would go; what it does not say has the defaults of an event that is published. */
  | { readonly ask: 'route'; readonly event: object }
  | { readonly ask: 'turn'; readonly turn: number }
  | { readonly ask: 'sessions' | 'approvals' | 'outbox' }

const session: JsonSchema = { type: 'string', minLength: 1, maxLength: 200 }
const asking = (ask: string, more: { [name: string]: JsonSchema } = {}): JsonSchema =>
  objectOf({ ask: { const: ask }, ...more })

/** The form of each question. */
export const agentSchemas: { readonly [ask in AgentQuestion['ask']]: JsonSchema } = {
  session: asking('session', { word: { type: 'string', maxLength: 200 } }),
  past: asking('past', { session, count: { type: 'integer', minimum: 0, maximum: 1000 } }),
  tools: asking('tools', { session }),
  route: asking('route', {
    event: {
      type: 'object',
      properties: {
        id: { type: 'string' },
        ts: { type: 'number' },
        type: { type: 'string', minLength: 1 },
        source: { type: 'object', properties: { kind: { type: 'string' } }, required: ['kind'] },
        payload: { type: 'object' },
      },
      required: ['type'],
    },
  }),
  turn: asking('turn', { turn: { type: 'integer', minimum: 1 } }),
  sessions: asking('sessions'),
  approvals: asking('approvals'),
  outbox: asking('outbox'),
}

const unsaid = { id: 'explained', ts: 0, source: { kind: 'library' }, payload: {} }

/** Answers a question about agents. @throws EngineError EVENT_INVALID for a session that there cannot be */
export function answerOfAgents(view: View, question: AgentQuestion): object {
  switch (question.ask) {
    case 'session':
      return { session: sessionKey(agentsOf(view), question.word) }
    case 'past':
      return { past: pastOf(view, question.session, question.count) }
    case 'tools':
      return { tools: toolsOf(view, question.session) }
    case 'route':
      return { route: explainRoute(view, { ...unsaid, ...question.event } as Event) }
    case 'turn':
      return { turn: turnOf(view, question.turn) ?? null }
    case 'sessions':
      return { sessions: sessionsOf(view) }
    case 'approvals':
      return { approvals: approvalsOf(view) }
    case 'outbox':
      return { ...outboxOf(view), posts: postsOf(view) }
  }
}
