import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import { EffectFailure, type View } from '../../../engine/flow/adapter.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import {
  ChannelPressure,
  DiscordChannel,
  DiscordPost,
  DiscordShard,
  GatewayState,
  PostState,
  Speak,
} from '../../../systems/discord/columns.ts'
import { DiscordResolve } from '../../../systems/events.ts'
import type { DiscordAdapter } from '../compose-discord.ts'
import { postsOf } from './posts.ts'

/** What may be asked about Discord. */
export type DiscordQuestion =
  | { readonly ask: 'discord' }
  | { readonly ask: 'backfill'; readonly channel: string; readonly since_ms?: number; readonly limit?: number }
  | { readonly ask: 'resolve'; readonly post: number; readonly order: DiscordResolve['order'] }

const asking = (ask: string, more: { [name: string]: JsonSchema } = {}): JsonSchema =>
  objectOf({ ask: { const: ask }, ...more })

/** The form of each question. */
export const discordSchemas: { readonly [ask in DiscordQuestion['ask']]: JsonSchema } = {
  discord: asking('discord'),
  backfill: asking('backfill', {
    channel: { type: 'string', pattern: '^[0-9]{1,20}$' },
    'since_ms?': { type: 'number', minimum: 0 },
    'limit?': { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
  }),
  resolve: asking('resolve', {
    post: { type: 'integer', minimum: 1 },
    order: { enum: ['again', 'drop'] },
  }),
}

/** A channel as the world knows it. */
export type ChannelView = {
  readonly id: string
  readonly name: string
  readonly locked: boolean
  readonly speak: string
  readonly behind: boolean
  readonly gone: boolean
  readonly closed: boolean
  readonly people: number
  readonly bots: number
  readonly counted: number
  readonly suppressed: number
  readonly rate: number
  readonly pressure: string
  readonly last_at_ms: number
}
/** `live` is what the adapter says of itself; null where no daemon runs. */
export type DiscordView = {
  readonly configured: boolean
  readonly gateway: {
    readonly state: string
    readonly sequence: number
    readonly close_code: number
    readonly identifies: number
    readonly changed_at_ms: number
  } | null
  readonly live: object | null
  readonly channels: readonly ChannelView[]
  readonly channels_known: number
  readonly posts: ReturnType<typeof postsOf>
}
export type Backfilled = { readonly channel: string; readonly read: number; readonly published: number }
export type Resolved = {
  readonly post: number
  readonly done: boolean
  readonly state: string
  readonly reason: string
}

/** The channels that are shown when very many are followed. */
const channelsMax = 1_000

/** Answers a question about Discord. @throws EngineError ENGINE_STATE where Discord is not connected, or did not do it */
export async function answerOfDiscord(
  engine: Engine,
  question: DiscordQuestion,
  discord: DiscordAdapter | undefined,
): Promise<object> {
  switch (question.ask) {
    case 'discord':
      return discordOf(engine, discord)
    case 'backfill':
      return backfilled(engine, question, discord)
    case 'resolve':
      return resolved(engine, question)
  }
}

/** How it stands with Discord. O(channels + posts) */
export function discordOf(view: View, discord?: DiscordAdapter): DiscordView {
  const { world } = view
  const shard = world.of(DiscordShard)
  return {
    configured: discord !== undefined,
    gateway:
      world.rows(DiscordShard) === 0
        ? null
        : {
            state: nameIn(GatewayState, shard.state[1]!),
            sequence: shard.sequence[1]!,
            close_code: shard.close_code[1]!,
            identifies: shard.identifies[1]!,
            changed_at_ms: shard.changed_at_ms[1]!,
          },
    live: discord?.status() ?? null,
    channels: channelsOf(view),
    channels_known: world.rows(DiscordChannel),
    posts: postsOf(view),
  }
}

function channelsOf({ world }: View): ChannelView[] {
  const columns = world.of(DiscordChannel)
  const found: ChannelView[] = []
  for (let row = 1; row <= world.rows(DiscordChannel) && found.length < channelsMax; row++) {
    if (columns.followed[row] === 0) continue
    found.push({
      id: world.keyOf(DiscordChannel, row),
      name: world.names.text(columns.name[row]!),
      locked: columns.locked[row] === 1,
      speak: nameIn(Speak, columns.speak[row]!),
      behind: columns.behind[row] === 1,
      gone: columns.gone[row] === 1,
      closed: columns.closed[row] === 1,
      people: columns.people[row]!,
      bots: columns.bots[row]!,
      counted: columns.counted[row]!,
      suppressed: columns.suppressed[row]!,
      rate: Math.round(columns.rate[row]! * 10) / 10,
      pressure: nameIn(ChannelPressure, columns.pressure[row]!),
      last_at_ms: columns.last_at_ms[row]!,
    })
  }
  return found
}

/** The part of `promethean status` about Discord; nothing where nothing was ever heard of it. O(channels + posts) */
export function discordLine(view: View, discord?: DiscordAdapter): { discord?: object } {
  const { world } = view
  if (discord === undefined && world.rows(DiscordShard) === 0) return {}
  const { gateway, channels, posts } = discordOf(view, discord)
  const live = discord?.status()
  return {
    discord: {
      state: live?.state ?? gateway?.state ?? 'none',
      channels: channels.length,
      behind: channels.filter(({ behind }) => behind).length,
      waiting: posts.filter(({ state }) => state !== 'unknown').length,
      unknown: posts.filter(({ state }) => state === 'unknown').length,
      ...(live === undefined || live.trouble === '' ? {} : { trouble: live.trouble }),
    },
  }
}

async function backfilled(
  engine: Engine,
  { channel, since_ms, limit }: DiscordQuestion & { ask: 'backfill' },
  discord: DiscordAdapter | undefined,
): Promise<Backfilled> {
  if (discord === undefined) throw new EngineError('ENGINE_STATE', 'Discord is not configured: discord is missing')
  // What the policy says is in the world by then: whom it follows decides what is taken.
  await engine.flushed()
  try {
    const order = { ...(since_ms === undefined ? {} : { since: since_ms }), ...(limit === undefined ? {} : { limit }) }
    const { read, published } = await discord.backfill(channel, order)
    await engine.flushed()
    return { channel, read, published }
  } catch (thrown) {
    if (!(thrown instanceof EffectFailure)) throw thrown
    throw new EngineError('ENGINE_STATE', `${thrown.code}: ${thrown.message}`, { cause: thrown })
  }
}

/** The operator's word on a post of which nobody knows; durable when this resolves. */
async function resolved(engine: Engine, { post, order }: DiscordQuestion & { ask: 'resolve' }): Promise<Resolved> {
  const { world } = engine
  const { state } = world.of(DiscordPost)
  if (post > world.rows(DiscordPost)) return { post, done: false, state: 'none', reason: 'there is no such post' }
  if (state[post] !== PostState.unknown) {
    const now = nameIn(PostState, state[post]!)
    return { post, done: false, state: now, reason: `it is ${now}; only a post that is unknown needs your word` }
  }
  await engine.ingest({ type: DiscordResolve.name, source: { kind: 'operator' }, payload: { post, order } })
  const after = world.of(DiscordPost).state[post]!
  const done = after !== PostState.unknown
  return { post, done, state: nameIn(PostState, after), reason: done ? '' : 'the world left it as it was' }
}

function nameIn(states: object, value: number): string {
  return Object.keys(states)[value] ?? ''
}
