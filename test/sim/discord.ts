import { nonceOf } from '../../adapters/discord/nonce.ts'
import type { Engine } from '../../engine/engine.ts'
import type { World } from '../../engine/world/world.ts'
import { DiscordChannel, DiscordPost, PostState } from '../../systems/discord/columns.ts'
import { snowflakeText } from '../../systems/discord/snowflake.ts'
import { deliveredAs } from '../../systems/memory/duplicate.ts'
import { hash64 } from '../../systems/text/hash.ts'
import type { Guild } from './guild.ts'
import type { Operator } from './operator.ts'
import { bots, general, me } from './troupe.ts'
import type { Court } from './violation.ts'

/** Who can tell whether the world and Discord agree. */
type Sides = { readonly court: Court; readonly guild: Guild; readonly operator: Operator }

const identity = new Uint32Array(2)

/** What the world says was sent is there, and no message of the agent's is there twice. */
export function auditPosts({ court, guild, operator }: Sides, engine: Engine): void {
  const { world } = engine
  const own = [general, bots].flatMap((channel) => guild.messages(channel)).filter(({ author }) => author?.id === me)
  const ids = new Set(own.map(({ id }) => id))
  const posted = new Map<string, number>()
  for (const { nonce } of own) posted.set(String(nonce), (posted.get(String(nonce)) ?? 0) + 1)
  const { state, message_high, message_low } = world.of(DiscordPost)
  const known = new Set<string>()
  for (let row = 1; row <= world.rows(DiscordPost); row++) {
    const { key } = JSON.parse(engine.read('post', row)!) as { key: string }
    known.add(nonceOf(key))
    const count = posted.get(nonceOf(key)) ?? 0
    const most = 1 + (operator.again.get(row) ?? 0)
    court.holds(count <= most, 'once', () => `post ${row} is ${count} messages`)
    const id = snowflakeText(message_high[row]!, message_low[row]!)
    court.holds(state[row] !== PostState.sent || ids.has(id), 'posts', () => `post ${row} was sent and is not there`)
  }
  for (const { nonce, content } of own) {
    court.holds(known.has(String(nonce)), 'posts', () => `nobody asked for the message ${content}`)
  }
}

/** Whatever people have said where the agent listens was heard, and counted once. */
export function auditHeard({ court, guild }: Omit<Sides, 'operator'>, world: World): void {
  for (const channel of [general, bots]) {
    const row = world.find(DiscordChannel, channel)
    const there = guild.messages(channel).filter(({ author }) => author?.bot !== true)
    const counted = row === 0 ? 0 : world.of(DiscordChannel).people[row]!
    const ever = guild.spoken(channel)
    const between = counted >= there.length && counted <= ever
    court.holds(between, 'discord', () => `${counted} messages counted, ${there.length} there, ${ever} ever were`)
    for (const { id } of there) {
      hash64(`discord\n${channel}\n${id}`, identity)
      const known = deliveredAs(world, identity[0]!, identity[1]!)
      court.holds(known !== 0, 'discord', () => `the message ${id} in ${channel} was never heard`)
    }
  }
}
