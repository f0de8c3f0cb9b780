import type { Tick } from '../../engine/system.ts'
import { Session } from '../agents/columns.ts'
import { agentRecord } from '../agents/quotes.ts'
import { DiscordSay, JanitorReport, type SessionSaid, type TurnEnded, type TurnStarted } from '../events.ts'
import { Janitor, Wording } from './columns.ts'
import { janitorPolicyOf } from './policy.ts'

/**
 * How a report goes out: in the words of a session's turn, or with its numbers as they are. Exactly one of both does, because
 * what decides it are columns.
 */

/** In this time a turn must have taken the report up; then its numbers go out. */
export const takeUp_ms = 600_000
/** In this time, from then on, the turn must have said it. */
export const sayUp_ms = 1_800_000
const snowflake = /^\d{1,20}$/

/** The newest report goes out: at once, or once the session that the policy names has put it in words. */
export function sendReport(tick: Tick): void {
  const { session, report_to } = janitorPolicyOf(tick)
  if (!snowflake.test(report_to)) return
  waitFor(tick, Wording.asked, takeUp_ms)
  if (!listens(tick, session)) sendNumbers(tick)
}

/** The newest report goes out with its numbers, if it still waits for words. */
export function sendNumbers(tick: Tick): void {
  const { wording, reports } = tick.world.of(Janitor)
  if (wording[1] === Wording.none) return
  const text = tick.read('report', reports[1]!)
  say(tick, text === undefined ? '' : (JSON.parse(text) as JanitorReport).text)
}

/** A turn has begun: perhaps it words the report that waits. O(its inputs), nothing when none waits. */
export function turnStarted(tick: Tick, { turn, session, inputs }: TurnStarted): void {
  const { wording, turn: words } = tick.world.of(Janitor)
  if (wording[1] !== Wording.asked || session !== janitorPolicyOf(tick).session) return
  if (!inputs.some((input) => isReport(tick, input))) return
  waitFor(tick, Wording.taken, sayUp_ms)
  words[1] = turn
}

/** A session has said something: perhaps the words of the report. */
export function turnSaid(tick: Tick, { turn, text }: SessionSaid): void {
  if (!isWordedBy(tick, turn)) return
  if (text.trim() === '') sendNumbers(tick)
  else say(tick, text)
}

/** A turn has ended; if it was to word the report and did not, the numbers go out. */
export function turnEnded(tick: Tick, { turn }: TurnEnded): void {
  if (isWordedBy(tick, turn)) sendNumbers(tick)
}

/** Nobody words a report for ever. O(1) */
export function giveUpWaiting(tick: Tick): void {
  const { wording, wording_until_ms } = tick.world.of(Janitor)
  if (wording[1] !== Wording.none && tick.now_ms >= wording_until_ms[1]!) sendNumbers(tick)
}

/** The report has its words, or has waited long enough: nothing of it waits any more. */
function say(tick: Tick, text: string): void {
  const { report_to } = janitorPolicyOf(tick)
  waitFor(tick, Wording.none, 0)
  if (text !== '' && snowflake.test(report_to)) tick.emit(DiscordSay, { channel: report_to, text })
}

function waitFor({ world, now_ms }: Tick, state: number, ms: number): void {
  const { wording, wording_until_ms, turn } = world.of(Janitor)
  wording[1] = state
  wording_until_ms[1] = state === Wording.none ? 0 : now_ms + ms
  turn[1] = 0
}

function isWordedBy({ world }: Tick, turn: number): boolean {
  return world.of(Janitor).turn[1] === turn
}

function listens({ world }: Tick, session: string): boolean {
  const row = session === '' ? 0 : world.find(Session, session)
  return row !== 0 && world.of(Session).present[row] === 1
}

/** Whether an input is the newest report, said by the world itself. */
function isReport(tick: Tick, input: number): boolean {
  const text = agentRecord(tick, 'input', input)
  if (text === undefined || !text.includes(JanitorReport.name)) return false
  const { type, source, payload } = JSON.parse(text) as {
    type: string
    source: { kind: string }
    payload: { report?: unknown }
  }
  return type === JanitorReport.name && source.kind === 'world' && payload.report === tick.world.of(Janitor).reports[1]
}
