import type { View } from '../../../engine/flow/adapter.ts'
import { Input, Session, SessionState, Slot } from '../../../systems/agents/columns.ts'

/** How many of the newest inputs are looked through for one that has just come in. */
const lookedAtMax = 10_000
const states = Object.keys(SessionState)

/** The row of the input that an event became, or 0. O(inputs since). */
export function inputOf(view: View, event_id: string): number {
  const needle = JSON.stringify(event_id)
  const newest = view.world.rows(Input)
  for (let row = newest; row >= 1 && row > newest - lookedAtMax; row--) {
    const text = view.read('input', row)
    if (text?.includes(needle) === true && (JSON.parse(text) as { id?: unknown }).id === event_id) return row
  }
  return 0
}

/** Why an input still waits in its session's queue; undefined when it is not there any more. O(queue). */
export function whyQueued(
  { world }: View,
  key: string,
  input: number,
): { readonly why: string; readonly until_ms: number } | undefined {
  const session = world.find(Session, key)
  if (session === 0) return undefined
  const sessions = world.of(Session)
  const slots = world.of(Slot)
  let before = 0
  let slot = sessions.queue_head[session]!
  while (slot !== 0 && slots.input[slot] !== input) {
    before++
    slot = slots.next[slot]!
  }
  if (slot === 0) return undefined
  if (sessions.running[session] !== 0) return { why: 'the turn before it is still under way', until_ms: 0 }
  const ahead = before === 0 ? '' : `; ${before} before it`
  const until_ms = sessions.blocked_until_ms[session]!
  if (sessions.state[session] === SessionState.blocked && until_ms > 0) {
    const until = new Date(until_ms).toISOString().slice(0, 19).replace('T', ' ')
    return { why: `a budget is spent; the session is blocked until ${until} UTC${ahead}`, until_ms }
  }
  return { why: `the session is ${states[sessions.state[session]!] ?? 'waiting'}${ahead}`, until_ms: 0 }
}
