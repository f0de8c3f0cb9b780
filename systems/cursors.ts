import type { View } from '../engine/flow/adapter.ts'
import { DiscordChannel, DiscordShard, GatewayState } from './discord/columns.ts'
import { OpencodeHeard, OpencodeSession } from './opencode/columns.ts'
import { hash64 } from './text/hash.ts'

/** Where the outside stopped, for adapters that go on from there. Everything here is durable, or about to be. */

export type ShardStand = {
  /** Of the session to resume; empty when there is none. */
  readonly session: string
  readonly resume_url: string
  /** Of the newest event that the world has. */
  readonly sequence: number
  readonly identifies: number
  readonly identifies_since_ms: number
  /** It stopped for good: another start without another config would end the same. */
  readonly failed: boolean
}
export type ChannelStand = {
  readonly followed: boolean
  readonly direct: boolean
  readonly gone: boolean
  readonly behind: boolean
  /** Snowflake of the newest message that the world has; empty when there is none. */
  readonly cursor: string
  /** Of a thread: its channel. */
  readonly parent: string
  readonly name: string
}

/** How it stands with a connection; undefined when there was none yet. */
export function shardStand({ world }: View, shard: number): ShardStand | undefined {
  const row = world.find(DiscordShard, String(shard))
  if (row === 0) return undefined
  const { state, session, resume_url, sequence, identifies, identifies_since_ms } = world.of(DiscordShard)
  return {
    session: nameOf(world, session[row]!),
    resume_url: nameOf(world, resume_url[row]!),
    sequence: sequence[row]!,
    identifies: identifies[row]!,
    identifies_since_ms: identifies_since_ms[row]!,
    failed: state[row] === GatewayState.failed,
  }
}

/** How it stands with a channel; undefined when it was never heard of. */
export function channelStand({ world }: View, channel: string): ChannelStand | undefined {
  const row = world.find(DiscordChannel, channel)
  if (row === 0) return undefined
  const { followed, direct, gone, behind, cursor_high, cursor_low, parent, name } = world.of(DiscordChannel)
  return {
    followed: followed[row] === 1,
    direct: direct[row] === 1,
    gone: gone[row] === 1,
    behind: behind[row] === 1,
    cursor: snowflakeOf(cursor_high[row]!, cursor_low[row]!),
    parent: parent[row] === 0 ? '' : world.keyOf(DiscordChannel, parent[row]!),
    name: nameOf(world, name[row]!),
  }
}

/** All channels that were heard of, in the order in which they were. */
export function* channelsKnown({ world }: View): Generator<string> {
  for (let row = 1; row <= world.rows(DiscordChannel); row++) yield world.keyOf(DiscordChannel, row)
}

/** A snowflake from its halves; empty for 0. */
function snowflakeOf(high: number, low: number): string {
  return high === 0 && low === 0 ? '' : String((BigInt(high) << 32n) | BigInt(low))
}

function nameOf(world: View['world'], id: number): string {
  return id === 0 ? '' : world.names.text(id)
}

const id = new Uint32Array(2)

/** Whether the world has heard an event of opencode with this id. O(1) */
export function opencodeHeard({ world }: View, event: string): boolean {
  if (world.rows(OpencodeHeard) === 0) return false
  hash64(event, id)
  return world.findPair(OpencodeHeard, 'id', id[0]!, id[1]!) !== 0
}

/** Up to when a session's history is known, by opencode's clock; 0 when it never was read. O(1) */
export function opencodeRead_ms({ world }: View, session: string): number {
  const row = world.find(OpencodeSession, session)
  return row === 0 ? 0 : world.of(OpencodeSession).read_ms[row]!
}
