import type { Payload } from '../../engine/flow/event.ts'
import type { Engine } from '../../engine/index.ts'
import { Memory } from '../../systems/components.ts'
import { DiscordChannel, DiscordShard } from '../../systems/discord/columns.ts'
import type { ChannelPolicy, DiscordPolicy } from '../../systems/discord/policy.ts'

/** What the adapter would publish, without an adapter: what tests of the system discord share. */

export const general = '343179912196128792'
export const bots = '343299242963763200'
export const memes = '367156652140658699'

/** Snowflakes that ascend: the n-th message. */
export function messageId(n: number): string {
  return String(1_200_000_000_000_000_000n + BigInt(n))
}

export function channelPolicy(id: string, more: Partial<ChannelPolicy> = {}): ChannelPolicy {
  return { id, name: `channel ${id.slice(0, 3)}`, locked: true, embed: 'all', speak: 'asked', ...more }
}

/** Sets a policy in which two channels are followed, unless told otherwise; the caller ticks. */
export function obey(engine: Engine, discord: Partial<DiscordPolicy> = {}, more: object = {}): void {
  const policy = { ...more, discord: { channels: [channelPolicy(general), channelPolicy(bots)], ...discord } }
  engine.publish({ type: 'config.set', payload: JSON.parse(JSON.stringify({ policy })) as Payload })
}

export type Heard = Payload & { channel?: string; thread?: string; author?: string; ts?: number }

/** A message as the adapter makes it. */
export function message(id: string, text: string, more: Heard = {}) {
  const { channel = general, thread, author = '77', ts = 0, ...rest } = more
  const source = { kind: 'discord', channel, author, ...(thread === undefined ? {} : { thread }) }
  return { type: 'discord.message.new', id, ts, source, payload: { text, author_name: `name ${author}`, ...rest } }
}

/** The same message as it reads after an edit. */
export function edit(id: string, edited_ms: number, text: string, more: Heard = {}) {
  const event = message(`${id}:${edited_ms}`, text, more)
  return { ...event, type: 'discord.message.edited', payload: { ...event.payload, message_id: id, edited_ms } }
}

export function deletion(ids: readonly string[], channel: string = general) {
  return { type: 'discord.message.deleted', source: { kind: 'discord', channel }, payload: { message_ids: [...ids] } }
}

export function gateway(payload: Payload) {
  return { type: 'discord.gateway', source: { kind: 'discord' }, payload: { shard: 0, ...payload } }
}

/** Publishes events and ticks until they and what they led to were heard. */
export async function hear(engine: Engine, ...events: readonly Parameters<Engine['publish']>[0][]): Promise<void> {
  for (const event of events) while (!engine.publish(event)) await engine.step()
  do await engine.step()
  while (engine.status().inbox > 0)
  await engine.step()
}

/** Columns of a channel, by its snowflake; `row` is 0 when nothing is known of it. */
export function channel(engine: Engine, id: string) {
  const row = engine.world.find(DiscordChannel, id)
  const of = engine.world.of(DiscordChannel)
  return {
    row,
    followed: of.followed[row]!,
    locked: of.locked[row]!,
    speak: of.speak[row]!,
    people: of.people[row]!,
    bots: of.bots[row]!,
    edited: of.edited[row]!,
    deleted: of.deleted[row]!,
    behind: of.behind[row]!,
    closed: of.closed[row]!,
    seen: of.seen[row]!,
  }
}

export function sequence(engine: Engine): number {
  return engine.world.of(DiscordShard).sequence[engine.world.find(DiscordShard, '0')]!
}

/** Texts of the memories that are served, in their order. */
export function served(engine: Engine): string[] {
  const { deleted, replaced_by, parent } = engine.world.of(Memory)
  const texts: string[] = []
  for (let row = 1; row <= engine.world.rows(Memory); row++) {
    if (deleted[row] === 0 && replaced_by[row] === 0 && parent[row] === 0) texts.push(engine.read('text', row) ?? '')
  }
  return texts
}
