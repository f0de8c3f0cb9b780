import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import {
  type OpencodeAnswered,
  type OpencodeOrder,
  type OpencodePermission,
  type OpencodeReplied,
  OpencodePermit as Permit,
} from '../events.ts'
import {
  OpencodeFolder,
  OpencodePermit,
  OpencodeSession,
  PermissionBy,
  PermissionReply,
  PermissionState,
} from './columns.ts'
import { answerFor, type OpencodeReply, opencodePolicyOf } from './policy.ts'

/** What opencode asks to be allowed: answered by the policy, or by the operator; a text never answers it. */

/** What the record of a permission says. */
export type Asked = {
  readonly permission: string
  readonly tool: string
  readonly patterns: readonly string[]
  readonly directory: string
  readonly session: string
}

/** Opencode asks. O(rules of the policy) */
export function asked(tick: Tick, event: Event & { readonly payload: OpencodePermission }, session: number): void {
  const { world } = tick
  const { permission, tool, patterns } = event.payload
  if (world.find(OpencodePermit, permission) !== 0 || world.room(OpencodePermit) === 0) return
  const row = world.appendKeyed(OpencodePermit, permission)
  const permits = world.of(OpencodePermit)
  permits.state[row] = PermissionState.asked
  permits.session[row] = session
  permits.asked_at_ms[row] = tick.now_ms
  const about: Asked = {
    permission,
    tool,
    patterns,
    directory: event.source.channel ?? '',
    session: event.source.thread ?? '',
  }
  tick.put('opencode_permission', row, JSON.stringify(about))
  decide(tick, row)
}

/** The policy's word on one that is open; nothing where the operator is to be asked. O(rules) */
export function decide(tick: Tick, row: number): void {
  const about = aboutOf(tick, row)
  if (about === undefined) return
  const answer = answerFor(opencodePolicyOf(tick), about.tool, about.patterns)
  if (answer !== 'ask') reply(tick, row, answer, PermissionBy.policy)
}

/** The operator's word. Nothing where it is answered already, or somebody else says it. O(1) */
export function order(tick: Tick, { payload, source }: Event & { readonly payload: OpencodeOrder }): void {
  if (source.kind !== 'operator' && source.kind !== 'admin') return
  const row = tick.world.find(OpencodePermit, payload.permission)
  if (row !== 0) reply(tick, row, payload.reply, PermissionBy.operator)
}

function reply(tick: Tick, row: number, answer: OpencodeReply, by: number): void {
  const permits = tick.world.of(OpencodePermit)
  const about = aboutOf(tick, row)
  if (permits.state[row] !== PermissionState.asked || about === undefined) return
  permits.state[row] = PermissionState.answering
  permits.reply[row] = PermissionReply[answer]
  permits.by[row] = by
  permits.code[row] = 0
  const { directory, permission } = about
  permits.effect_id[row] = tick.request(Permit, { directory, permission, reply: answer }, row)
}

/** What became of an answer: taken, too late, or not delivered; then it is open again, for the next time opencode is heard. O(1) */
export function delivered(tick: Tick, event: Event): void {
  const effect = event.payload['effect_id']
  if (typeof effect !== 'number') return
  const { world } = tick
  const row = tick.ownerOf(effect)
  const permits = world.of(OpencodePermit)
  if (row < 1 || row > world.rows(OpencodePermit) || permits.effect_id[row] !== effect) return
  permits.effect_id[row] = 0
  if (Permit.done.is(event)) {
    end(tick, row, (event.payload as OpencodeAnswered).taken ? PermissionState.answered : PermissionState.gone)
    return
  }
  permits.state[row] = PermissionState.asked
  permits.code[row] = world.names.id(Permit.failed.is(event) ? event.payload.code : 'EFFECT_UNKNOWN')
}

/** Opencode says that somebody answered. O(1) */
export function replied(tick: Tick, { permission, reply: answer }: OpencodeReplied): void {
  const { world } = tick
  const row = world.find(OpencodePermit, permission)
  const permits = world.of(OpencodePermit)
  if (row === 0 || permits.state[row] !== PermissionState.asked) return
  permits.reply[row] = PermissionReply[answer]
  permits.by[row] = PermissionBy.elsewhere
  end(tick, row, PermissionState.answered)
}

/** Opencode is heard again: what it does not ask any more is gone, and what it still asks the policy may answer. O(permissions of the folder) */
export function compare(tick: Tick, folder: number, open: readonly string[]): void {
  const { world } = tick
  const still = new Set(open)
  const { state, session } = world.of(OpencodePermit)
  const { folder: folderOf } = world.of(OpencodeSession)
  for (let row = 1; row <= world.rows(OpencodePermit); row++) {
    if (state[row] !== PermissionState.asked || folderOf[session[row]!] !== folder) continue
    if (still.has(world.keyOf(OpencodePermit, row))) decide(tick, row)
    else end(tick, row, PermissionState.gone)
  }
}

/** The policy has changed: it may answer what was left open. O(permissions) */
export function decideAll(tick: Tick): void {
  const { world } = tick
  const { session, state } = world.of(OpencodePermit)
  const { folder } = world.of(OpencodeSession)
  const { state: link } = world.of(OpencodeFolder)
  for (let row = 1; row <= world.rows(OpencodePermit); row++) {
    if (state[row] === PermissionState.asked && link[folder[session[row]!]!] === 1) decide(tick, row)
  }
}

function aboutOf(tick: Pick<Tick, 'read'>, row: number): Asked | undefined {
  const text = tick.read('opencode_permission', row)
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Asked)
}

function end({ world, now_ms }: Tick, row: number, state: number): void {
  const permits = world.of(OpencodePermit)
  permits.state[row] = state
  permits.ended_at_ms[row] = now_ms
}
