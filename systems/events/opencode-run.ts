import { effectType } from '../../engine/flow/effect.ts'
import { count, flag, text, texts } from './schemas.ts'

/** Effects on opencode: work that it is given, and answers to what it asks to be allowed. */

/**
 * `directory` is absolute; `key` is the request's own for ever, and stands in the session's title behind `title`, which is for people;
 * `deadline_ms` ends it early.
 */
export type OpencodeRunRequest = {
  key: string
  directory: string
  prompt: string
  agent?: string
  title?: string
  deadline_ms?: number
}
/** What came of a prompt: the last answer's text, the files that were changed, and what it cost. */
export type OpencodeRunDone = {
  session: string
  text: string
  files: string[]
  tokens: number
  cost: number
  finish: string
}
/**
 * Gives opencode a prompt in a session of its own and waits until it has worked. It happens once: whoever is asked the same again, after a
 * crash, goes on with the session that bears the key, and sends nothing that was sent. Fails with OPENCODE_AWAY, OPENCODE_REFUSED,
 * OPENCODE_ERROR, OPENCODE_DEADLINE, OPENCODE_CANCELLED.
 */
export const OpencodeRun = effectType<OpencodeRunRequest, OpencodeRunDone>('opencode.run', {
  // Safe because of the key.
  retry: 'safe',
  // The request's own deadline is shorter; this one only ends a handler that hangs.
  deadline_ms: 3_700_000,
  attempts_max: 4,
  backoff_ms: 1_000,
  in_flight_max: 4,
  request: {
    key: { type: 'string', pattern: '^[a-z0-9]{8,64}$' },
    directory: text,
    prompt: text,
    'agent?': text,
    'title?': text,
    'deadline_ms?': { type: 'number', exclusiveMinimum: 0 },
  },
  done: { session: text, text, files: texts, tokens: count, cost: { type: 'number' }, finish: text },
})

export type OpencodePermitRequest = { directory: string; permission: string; reply: 'once' | 'always' | 'reject' }
/** `taken`: false when opencode did not ask any more. */
export type OpencodeAnswered = { taken: boolean }
/** Answers a request to be allowed something; saying it twice does no harm. Fails with OPENCODE_AWAY, OPENCODE_AUTH or OPENCODE_REFUSED. */
export const OpencodePermit = effectType<OpencodePermitRequest, OpencodeAnswered>('opencode.permit', {
  retry: 'safe',
  deadline_ms: 60_000,
  attempts_max: 5,
  backoff_ms: 1_000,
  in_flight_max: 8,
  request: { directory: text, permission: text, reply: { enum: ['once', 'always', 'reject'] } },
  done: { taken: flag },
})

export const opencodeEffects = [OpencodeRun, OpencodePermit] as const
