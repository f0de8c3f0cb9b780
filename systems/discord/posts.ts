import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Policy } from '../components.ts'
import { hash64 } from '../text/hash.ts'
import { DiscordChannel, DiscordPost, Posting, PostState } from './columns.ts'
import { defuse } from './defuse.ts'
import { split } from './split.ts'

/** What waits to be sent: a list a channel, of which only the first is under way. */

/** Parts that may wait in one channel. */
const waiting_max = 200
const keyHash = new Uint32Array(2)

/** What a post says, as its record holds it. `key` is the same for ever; `reply_to` a message's snowflake. */
export type PostText = { readonly text: string; readonly key: string; readonly reply_to?: string }

/**
 * Puts a text behind what waits in a channel, in as many parts as it needs. What no channel can take is kept as failed,
 * with the reason's code; an empty text is nothing. O(length)
 */
export function post(tick: Tick, channel: number, turn: number, text: string, reply_to = ''): void {
  const { world, now_ms } = tick
  const parts = split(defuse(text))
  if (parts.length === 0 || world.room(DiscordPost) < parts.length) return
  const code = refusalOf(world, channel, parts.length)
  const first = world.append(DiscordPost, parts.length)
  const posts = world.of(DiscordPost)
  parts.forEach((part, at) => {
    const row = first + at
    posts.state[row] = code === '' ? PostState.queued : PostState.failed
    posts.channel[row] = channel
    posts.turn[row] = turn
    posts.previous[row] = at === 0 ? 0 : row - 1
    posts.asked_at_ms[row] = now_ms
    if (code !== '') {
      posts.code[row] = world.names.id(code)
      posts.ended_at_ms[row] = now_ms
    }
    const said: PostText = { text: part, key: keyOf(tick, row, part) }
    tick.put('post', row, JSON.stringify(at === 0 && reply_to !== '' ? { ...said, reply_to } : said))
  })
  if (code === '') for (let row = first; row < first + parts.length; row++) queue(world, row)
}

/** The text of a post. */
export function postText(tick: Pick<Tick, 'read'>, row: number): PostText {
  const text = tick.read('post', row)
  return text === undefined ? { text: '', key: `post/${row}` } : (JSON.parse(text) as PostText)
}

/** Puts a post behind all others of its channel. O(1) */
export function queue(world: World, row: number): void {
  const posts = world.of(DiscordPost)
  const { posting } = world.of(DiscordChannel)
  const channel = posts.channel[row]!
  posts.next[row] = 0
  let entity = posting[channel]!
  if (entity === 0) {
    entity = world.spawn(Posting)
    posting[channel] = entity
    const made = world.of(Posting)
    made.channel[entity] = channel
    made.head[entity] = row
  } else posts.next[world.of(Posting).tail[entity]!] = row
  const list = world.of(Posting)
  list.tail[entity] = row
  list.waiting[entity]!++
}

/** The first of a channel's list has ended: the next is asked for in this tick. O(1) */
export function shift(world: World, entity: number): void {
  const list = world.of(Posting)
  const next = world.of(DiscordPost).next[list.head[entity]!]!
  list.retry_at_ms[entity] = 0
  list.parked[entity] = 0
  list.waiting[entity]!--
  if (next !== 0) {
    list.head[entity] = next
    return
  }
  world.of(DiscordChannel).posting[list.channel[entity]!] = 0
  list.head[entity] = 0
  world.kill(entity)
}

/** The rest of the answer that a post is a part of: how many rows right behind it. O(these) */
export function partsBehind(world: World, row: number): number {
  const { previous } = world.of(DiscordPost)
  const last = world.rows(DiscordPost)
  let behind = 0
  while (row + behind < last && previous[row + behind + 1] === row + behind) behind++
  return behind
}

/** A post ends without having been sent. */
export function fail(tick: Tick, row: number, state: number, code: string): void {
  const posts = tick.world.of(DiscordPost)
  posts.state[row] = state
  posts.code[row] = code === '' ? 0 : tick.world.names.id(code)
  posts.effect_id[row] = 0
  posts.ended_at_ms[row] = tick.now_ms
}

/** Why a channel takes nothing; empty when it does. */
function refusalOf(world: World, channel: number, parts: number): string {
  const { closed, gone, posting } = world.of(DiscordChannel)
  if (gone[channel] === 1) return 'DISCORD_MISSING'
  if (closed[channel] === 1) return 'DISCORD_FORBIDDEN'
  const waiting = world.of(Posting).waiting[posting[channel]!] ?? 0
  return waiting + parts > waiting_max ? 'DISCORD_QUEUE_FULL' : ''
}

/** The row tells posts apart; when the record was begun, the world's chance and the time tell records of one agent apart. */
function keyOf(tick: Tick, row: number, text: string): string {
  const begun_ms = tick.world.of(Policy).set_at_ms[1]!
  hash64(`${begun_ms}\n${tick.now_ms}\n${tick.random()} ${tick.random()}\n${text}`, keyHash)
  return `post/${row}/${keyHash[0]!.toString(36)}${keyHash[1]!.toString(36)}`
}
