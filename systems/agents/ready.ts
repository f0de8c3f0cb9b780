import type { World } from '../../engine/world/world.ts'
import { Session, SessionState } from './columns.ts'

/** Sessions that the scheduler has to look at again, each named once, in the order in which they were named. */
type Woken = { readonly sessions: number[]; named: Uint8Array }

/**
 * Only a hint that saves a scan. Whoever is named here can also be told by the columns (an idle session with inputs; one
 * that is `running` without a turn), so a world that comes out of a snapshot needs no list.
 */
const wokenOf = new WeakMap<World, Woken>()

/** Says that a session has got an input; the scheduler looks at it in this tick. O(1); saying it twice changes nothing. */
export function markReady(world: World, session: number): void {
  let woken = wokenOf.get(world)
  if (woken === undefined) {
    woken = { sessions: [], named: new Uint8Array(1024) }
    wokenOf.set(world, woken)
  }
  if (session >= woken.named.length) {
    const larger = new Uint8Array(Math.max(session + 1, woken.named.length * 2))
    larger.set(woken.named)
    woken.named = larger
  }
  if (woken.named[session] === 1) return
  woken.named[session] = 1
  woken.sessions.push(session)
}

/** Says that a session's turn is over, however it ended: it has no turn any more, and may get another next tick. */
export function turnEnded(world: World, session: number): void {
  const { running, state } = world.of(Session)
  running[session] = 0
  // Until the scheduler has looked at it: by this a restored world knows that it must.
  state[session] = SessionState.running
  markReady(world, session)
}

/** The sessions named since `forgetWoken`. */
export function wokenSessions(world: World): readonly number[] {
  return wokenOf.get(world)?.sessions ?? nobody
}

/** Starts the list over. Only the scheduler calls it. */
export function forgetWoken(world: World): void {
  const woken = wokenOf.get(world)
  if (woken === undefined) return
  for (const session of woken.sessions) woken.named[session] = 0
  woken.sessions.length = 0
}

const nobody: readonly number[] = []
