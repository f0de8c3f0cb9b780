import type { Event } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import {
  ConfigSet,
  OpencodeOrder,
  OpencodePermission,
  OpencodeRead,
  OpencodeReplied,
  OpencodeSessionSeen,
  OpencodeStand,
  OpencodePermit as Permit,
} from './events.ts'
import { OpencodeFolder, OpencodeHeard, OpencodeLink, OpencodeSession } from './opencode/columns.ts'
import { asked, compare, decideAll, delivered, order, replied } from './opencode/permissions.ts'
import { skip } from './skipped.ts'
import { hash64 } from './text/hash.ts'

/**
 * What opencode says is heard once, however often it is said; how far each session is known; and its questions for permission, which
 * the policy or the operator answers. First in the tick after the policy, so that memory and routing hear only what is new. O(events)
 */
export const opencode = system('opencode', (tick) => {
  for (const event of tick.events) {
    if (event.source.kind === 'opencode') hear(tick, event)
    else if (OpencodeOrder.is(event)) order(tick, event)
    else if (Permit.done.is(event) || Permit.failed.is(event) || Permit.unknown.is(event)) delivered(tick, event)
    else if (ConfigSet.is(event)) decideAll(tick)
  }
})

const id = new Uint32Array(2)

function hear(tick: Tick, event: Event): void {
  const { world } = tick
  const { channel = '', thread = '' } = event.source
  const folder = folderOf(tick, channel)
  if (OpencodeStand.is(event)) {
    stand(tick, folder, event)
    return
  }
  const session = sessionOf(tick, thread, folder)
  if (OpencodeRead.is(event)) {
    const { read_ms } = world.of(OpencodeSession)
    if (session !== 0) read_ms[session] = Math.max(read_ms[session]!, event.payload.read_ms)
    return
  }
  hash64(event.id, id)
  const [high = 0, low = 0] = id
  if (world.rows(OpencodeHeard) > 0 && world.findPair(OpencodeHeard, 'id', high, low) !== 0) {
    skip(event)
    return
  }
  if (world.room(OpencodeHeard) > 0) keep(tick, high, low)
  if (session !== 0) count(tick, session, event)
  if (OpencodePermission.is(event)) asked(tick, event, session)
  else if (OpencodeReplied.is(event)) replied(tick, event.payload)
}

function keep({ world }: Tick, high: number, low: number): void {
  const row = world.append(OpencodeHeard)
  const { id_high, id_low } = world.of(OpencodeHeard)
  id_high[row] = high
  id_low[row] = low
}

function count({ world }: Tick, session: number, event: Event): void {
  const { deleted, events, newest_ms } = world.of(OpencodeSession)
  events[session]!++
  newest_ms[session] = Math.max(newest_ms[session]!, event.ts)
  if (OpencodeSessionSeen.is(event) && event.payload.state === 'deleted') deleted[session] = 1
}

function stand(tick: Tick, folder: number, { payload }: Event & { readonly payload: OpencodeStand }): void {
  const { world } = tick
  if (folder === 0) return
  const { changed_at_ms, reason, state } = world.of(OpencodeFolder)
  state[folder] = payload.state === 'ready' ? OpencodeLink.ready : OpencodeLink.away
  changed_at_ms[folder] = tick.now_ms
  reason[folder] = payload.reason === '' ? 0 : world.names.id(payload.reason.slice(0, 200).toWellFormed())
  if (payload.state === 'ready') compare(tick, folder, payload.permissions)
}

function folderOf({ world }: Tick, directory: string): number {
  if (directory === '') return 0
  const known = world.find(OpencodeFolder, directory)
  return known !== 0 || world.room(OpencodeFolder) === 0 ? known : world.appendKeyed(OpencodeFolder, directory)
}

function sessionOf({ world }: Tick, session: string, folder: number): number {
  if (session === '') return 0
  const known = world.find(OpencodeSession, session)
  if (known !== 0 || world.room(OpencodeSession) === 0) return known
  const row = world.appendKeyed(OpencodeSession, session)
  world.of(OpencodeSession).folder[row] = folder
  return row
}
