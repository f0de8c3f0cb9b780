import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { DiscordFind, type DiscordFindDone, type DiscordResolve, DiscordSend, DiscordUnsure } from '../events.ts'
import { DiscordChannel, DiscordPost, Posting, PostState } from './columns.ts'
import { fail, partsBehind, postText, queue, shift } from './posts.ts'
import { readSnowflake, snowflakeText } from './snowflake.ts'

/** How a post goes out: sent, and when nobody knows whether it was, looked for, until it is certain or the operator is asked. */

/** For so long the far side tells a second sending with the same key from another message. */
const sameFor_ms = 120_000
/** A post that could not even leave is tried again after the first, and given up after the second. */
const again_ms = 60_000
const giveUp_ms = 3_600_000
/** Times that a post leaves at most without the operator's word. */
const tries_max = 5
const reasonUnits = 300
/** Posts that are looked at, newest first, to tell what is looked for from what other posts became. */
const known_max = 1_000
/** As many as the far side shows at once. */
const knownAnyway = 100
const halves = { is: false, high: 0, low: 0 }

/** Asks for whatever is first in its channel and waits for nothing. O(channels in which something waits) */
export function ask(tick: Tick): void {
  const { world, now_ms } = tick
  for (const entity of world.each(Posting)) {
    const { head, retry_at_ms, parked } = world.of(Posting)
    const row = head[entity]!
    if (row === 0 || parked[entity] === 1 || retry_at_ms[entity]! > now_ms) continue
    const { state, effect_id } = world.of(DiscordPost)
    if (effect_id[row] !== 0) continue
    if (state[row] === PostState.queued) send(tick, row)
    else if (state[row] === PostState.looking) look(tick, row)
  }
}

/** A new run: what waited for another token, or for better times, is asked for at once. O(channels in which something waits) */
export function begin(world: World): void {
  const { parked, retry_at_ms } = world.of(Posting)
  for (const entity of world.each(Posting)) {
    parked[entity] = 0
    retry_at_ms[entity] = 0
  }
}

/** What became of a sending or of a search; nothing when no post waits for it. O(1) */
export function answered(tick: Tick, event: Event): void {
  const effect_id = event.payload['effect_id']
  if (typeof effect_id !== 'number') return
  const { world } = tick
  const row = tick.ownerOf(effect_id)
  const posts = world.of(DiscordPost)
  if (row < 1 || row > world.rows(DiscordPost) || posts.effect_id[row] !== effect_id) return
  posts.effect_id[row] = 0
  const entity = world.of(DiscordChannel).posting[posts.channel[row]!]!
  if (DiscordSend.done.is(event)) sent(tick, entity, row, event.payload.message_id)
  else if (DiscordSend.failed.is(event)) sendFailed(tick, entity, row, event.payload)
  else if (DiscordSend.unknown.is(event)) posts.state[row] = PostState.looking
  else if (DiscordFind.done.is(event)) looked(tick, entity, row, event.payload)
  else if (DiscordFind.failed.is(event)) lookFailed(tick, entity, row, event.payload)
}

/** The operator's word on a post that nobody is certain of: it is sent again, with what came behind it, or is let go. */
export function resolve(tick: Tick, { source, payload }: Event & { readonly payload: DiscordResolve }): void {
  const { world, now_ms } = tick
  const row = payload.post
  if (source.kind !== 'operator' || row > world.rows(DiscordPost)) return
  const posts = world.of(DiscordPost)
  if (posts.state[row] !== PostState.unknown) return
  const last = row + partsBehind(world, row)
  for (let each = row; each <= last; each++) {
    if (payload.order === 'drop') {
      fail(tick, each, PostState.dropped, '')
      continue
    }
    posts.state[each] = PostState.queued
    posts.code[each] = 0
    posts.tries[each] = 0
    posts.ended_at_ms[each] = 0
    posts.asked_at_ms[each] = now_ms
    queue(world, each)
  }
}

function send(tick: Tick, row: number): void {
  const { world, now_ms } = tick
  const posts = world.of(DiscordPost)
  const channel = world.keyOf(DiscordChannel, posts.channel[row]!)
  const { text, key, reply_to } = postText(tick, row)
  posts.state[row] = PostState.sending
  posts.tries[row]!++
  posts.left_at_ms[row] = now_ms
  const request = { post: row, channel, text, key }
  posts.effect_id[row] = tick.request(DiscordSend, reply_to === undefined ? request : { ...request, reply_to }, row)
}

function look(tick: Tick, row: number): void {
  const { world } = tick
  const posts = world.of(DiscordPost)
  const channel = world.keyOf(DiscordChannel, posts.channel[row]!)
  const { text, key } = postText(tick, row)
  const since_ms = posts.asked_at_ms[row]!
  const request = { post: row, channel, text, key, since_ms, known: knownSince(world, row, since_ms) }
  posts.effect_id[row] = tick.request(DiscordFind, request, row)
}

/** Messages that other posts to the same channel became: all since a time, and the newest in any case, because clocks may be wrong. */
function knownSince(world: World, row: number, since_ms: number): string[] {
  const { channel, state, ended_at_ms, message_high, message_low } = world.of(DiscordPost)
  const known: string[] = []
  const newest = world.rows(DiscordPost)
  for (let each = newest; each > 0 && newest - each < known_max; each--) {
    if (channel[each] !== channel[row] || state[each] !== PostState.sent) continue
    if (ended_at_ms[each]! < since_ms && known.length >= knownAnyway) continue
    known.push(snowflakeText(message_high[each]!, message_low[each]!))
  }
  return known
}

function sent(tick: Tick, entity: number, row: number, message_id: string): void {
  const posts = tick.world.of(DiscordPost)
  posts.state[row] = PostState.sent
  posts.code[row] = 0
  posts.ended_at_ms[row] = tick.now_ms
  if (readSnowflake(message_id, halves)) {
    posts.message_high[row] = halves.high
    posts.message_low[row] = halves.low
  }
  shift(tick.world, entity)
}

type Failed = { readonly code: string; readonly reason: string; readonly transient?: boolean }

function sendFailed(tick: Tick, entity: number, row: number, { code, transient = false }: Failed): void {
  const posts = tick.world.of(DiscordPost)
  if (refusals.has(code)) close(tick, entity, code)
  else if (parking.has(code)) park(tick, entity, row, PostState.queued)
  else if (code === 'DISCORD_REFUSED') giveUp(tick, entity, row, code)
  else if (code === 'DISCORD_RATE_LIMITED' || code === 'DISCORD_AWAY') {
    const late = tick.now_ms - posts.asked_at_ms[row]! >= giveUp_ms
    if (late || !transient) giveUp(tick, entity, row, code)
    else waitFor(tick, entity, row, PostState.queued)
  }
  // It may have been posted: DISCORD_UNSURE, a deadline, an answer that nobody can read.
  else posts.state[row] = PostState.looking
}

function looked(tick: Tick, entity: number, row: number, { found, message_id }: DiscordFindDone): void {
  const posts = tick.world.of(DiscordPost)
  if (found === 'found') sent(tick, entity, row, message_id)
  else if (found === 'unclear') unsure(tick, entity, row, 'the history of the channel does not tell')
  else if (tick.now_ms - posts.left_at_ms[row]! >= sameFor_ms) {
    unsure(
      tick,
      entity,
      row,
      'it is not in the history of the channel, and it left too long ago to be sent again unasked',
    )
  } else if (posts.tries[row]! >= tries_max) unsure(tick, entity, row, `it left ${tries_max} times and never arrived`)
  else posts.state[row] = PostState.queued
}

function lookFailed(tick: Tick, entity: number, row: number, { code, reason, transient = false }: Failed): void {
  const late = tick.now_ms - tick.world.of(DiscordPost).left_at_ms[row]! >= giveUp_ms
  if (parking.has(code)) park(tick, entity, row, PostState.looking)
  else if (transient && !late) waitFor(tick, entity, row, PostState.looking)
  else unsure(tick, entity, row, `the history of the channel could not be read: ${code}: ${reason}`)
}

const refusals = new Set(['DISCORD_FORBIDDEN', 'DISCORD_MISSING'])
/** Nothing can be sent in this run: the token is not accepted, or no adapter is there. The next run tries again. */
const parking = new Set(['DISCORD_AUTH', 'EFFECT_UNHANDLED'])

/** The channel takes nothing: all that waits for it fails, and nothing more is sent there until the next start. O(these) */
function close(tick: Tick, entity: number, code: string): void {
  const { world } = tick
  const channel = world.of(Posting).channel[entity]!
  world.of(DiscordChannel).closed[channel] = 1
  for (let left = world.of(Posting).waiting[entity]!; left > 0; left--) {
    fail(tick, world.of(Posting).head[entity]!, PostState.failed, code)
    shift(world, entity)
  }
}

/** A post ends, and the rest of its answer with it. */
function giveUp(tick: Tick, entity: number, row: number, code: string): void {
  const last = row + partsBehind(tick.world, row)
  for (let each = row; each <= last; each++) {
    fail(tick, each, PostState.failed, code)
    shift(tick.world, entity)
  }
}

/** Nobody knows: the rest of the answer waits with it for the operator, and others of the channel go on. */
function unsure(tick: Tick, entity: number, row: number, reason: string): void {
  const { world } = tick
  const posts = world.of(DiscordPost)
  const channel = world.keyOf(DiscordChannel, posts.channel[row]!)
  const last = row + partsBehind(world, row)
  for (let each = row; each <= last; each++) shift(world, entity)
  posts.state[row] = PostState.unknown
  posts.code[row] = world.names.id('DISCORD_UNSURE')
  const { text } = postText(tick, row)
  tick.emit(DiscordUnsure, { post: row, channel, text, reason: reason.slice(0, reasonUnits).toWellFormed() })
}

function park(tick: Tick, entity: number, row: number, state: number): void {
  tick.world.of(DiscordPost).state[row] = state
  tick.world.of(Posting).parked[entity] = 1
}

function waitFor(tick: Tick, entity: number, row: number, state: number): void {
  tick.world.of(DiscordPost).state[row] = state
  tick.world.of(Posting).retry_at_ms[entity] = tick.now_ms + again_ms
}
