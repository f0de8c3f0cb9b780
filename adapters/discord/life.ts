import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import { shardStand } from '../../systems/cursors.ts'
import type { DiscordApi } from './api.ts'
import { Backfill } from './backfill.ts'
import { slept } from './backoff.ts'
import { Connection } from './connection.ts'
import { identifiesIn } from './identify.ts'
import { Intake } from './intake.ts'
import { type DiscordOptions, type DiscordStatus, defaultTimes, followsNobody } from './options.ts'

/** What runs between start and stop. */
export type Running = {
  readonly outside: Outside
  readonly intake: Intake
  readonly backfill: Backfill
  readonly connection: Connection
  readonly connecting: Promise<void>
  readonly timer: NodeJS.Timeout
  readonly stopping: AbortController
  readonly stop_ms: number
}

/** How it stands before the start. */
export const idle: DiscordStatus = {
  state: 'idle',
  since_ms: 0,
  sequence: 0,
  session_age_ms: 0,
  identifies_today: 0,
  behind: [],
  lost: 0,
  latency_ms: 0,
  last_error: '',
  trouble: '',
}

/** Begins to listen. Returns at once: it connects behind the caller's back, for as long as that takes. */
export function begin(options: DiscordOptions, outside: Outside, api: () => Promise<DiscordApi>): Running {
  const { token, token_name, follows = () => followsNobody, random = Math.random, now = Date.now } = options
  const times = { ...defaultTimes, ...options.times }
  const stopping = new AbortController()
  const { signal } = stopping
  const intake: Intake = new Intake(outside, {
    follows,
    fetch: (channel) => backfill.want(channel),
    lookUp: (channel) => backfill.lookUp(channel),
  })
  const connection = new Connection({ api, outside, intake, token, token_name, times, random, now, signal })
  const failed = (thrown: unknown): void => {
    connection.error(reasonOf(thrown))
  }
  const backfill = new Backfill({ api, outside, intake, times, random, signal, failed })
  const timer = setInterval(() => intake.sayPlace(), times.at_ms)
  timer.unref()
  return {
    outside,
    intake,
    backfill,
    connection,
    connecting: connection.run(),
    timer,
    stopping,
    stop_ms: times.stop_ms,
  }
}

/**
 * Leaves so that the session can be gone on with. An engine that stops takes nothing in any more, so how far the gateway was
 * heard is what the last event said: what came after it and concerned nobody comes again.
 */
export async function end({ backfill, connection, connecting, timer, stopping, stop_ms }: Running): Promise<void> {
  clearInterval(timer)
  stopping.abort(new EngineError('ENGINE_STATE', 'Discord is being left'))
  await connection.stop()
  const ended = Promise.all([connecting, backfill.settled()])
  // What waits for room in a ring that nobody drains any more ends with the engine.
  const late = new AbortController()
  await Promise.race([ended, slept(stop_ms, late.signal)])
  late.abort()
}

/** How it stands, for people. */
export function statusOf({ outside, intake, connection }: Running, now_ms: number): DiscordStatus {
  const { state, since_ms, begun_ms, latency_ms, last_error, trouble } = connection
  return {
    state,
    since_ms,
    sequence: intake.flow.sequence,
    session_age_ms: connection.session() === undefined || begun_ms === 0 ? 0 : now_ms - begun_ms,
    identifies_today: identifiesIn(shardStand(outside.view, 0), now_ms),
    behind: [...intake.gaps.keys()],
    lost: intake.flow.lost,
    latency_ms,
    last_error,
    trouble: trouble || intake.emptiness.trouble,
  }
}
