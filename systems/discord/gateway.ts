import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import type { DiscordGateway } from '../events.ts'
import { DiscordShard, GatewayState } from './columns.ts'

/** Where the connections stand: a session and the sequence of its newest durable event, from which the next run resumes. */

/** Over this long IDENTIFYs are counted. */
const day_ms = 86_400_000
const codeMost = 65_535
const textUnits_max = 500

/** An event of the gateway carries its place: the sequence only ever grows. O(1) */
export function advance(world: World, { shard, sequence }: { shard?: number; sequence?: number }): void {
  if (shard === undefined || sequence === undefined) return
  const row = world.find(DiscordShard, String(shard))
  if (row === 0) return
  const { sequence: newest } = world.of(DiscordShard)
  if (sequence > newest[row]!) newest[row] = sequence
}

/** The gateway says how it stands. A new session begins its own sequence; one that is refused is forgotten. O(1) */
export function hearGateway(tick: Tick, { payload }: Event & { readonly payload: DiscordGateway }): void {
  const { world, now_ms } = tick
  const { shard = 0, state, session, resume_url, sequence, close_code } = payload
  const known = world.find(DiscordShard, String(shard))
  if (known === 0 && world.room(DiscordShard) === 0) return
  const row = known || world.appendKeyed(DiscordShard, String(shard))
  const shards = world.of(DiscordShard)
  if (state === 'at') {
    advance(world, { shard, sequence: sequence ?? 0 })
    return
  }
  shards.state[row] = stateOf(state)
  shards.changed_at_ms[row] = now_ms
  if (close_code !== undefined) shards.close_code[row] = Math.min(codeMost, close_code)
  if (state === 'identified') countIdentify(world, row, now_ms)
  else if (state === 'refused') {
    shards.session[row] = 0
    shards.resume_url[row] = 0
    shards.sequence[row] = 0
  } else if (session !== undefined && world.names.text(shards.session[row]!) !== session) {
    shards.session[row] = nameOf(world, session)
    shards.sequence[row] = sequence ?? 0
  }
  if (resume_url !== undefined && state !== 'refused') shards.resume_url[row] = nameOf(world, resume_url)
  if (state !== 'refused') advance(world, { shard, sequence: sequence ?? 0 })
}

function stateOf(state: DiscordGateway['state']): number {
  if (state === 'identified' || state === 'refused') return GatewayState.connecting
  return state === 'at' ? GatewayState.none : GatewayState[state]
}

function countIdentify(world: World, row: number, now_ms: number): void {
  const { identifies, identifies_since_ms } = world.of(DiscordShard)
  if (now_ms - identifies_since_ms[row]! >= day_ms) {
    identifies[row] = 0
    identifies_since_ms[row] = now_ms
  }
  identifies[row]!++
}

function nameOf(world: World, text: string): number {
  return text === '' ? 0 : world.names.id(text.slice(0, textUnits_max))
}
