import { discord } from '../../adapters/discord.ts'
import { createEngine, silent, system } from '../../engine/index.ts'
import type { Parts } from '../../engine/tick.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { DiscordChannel, DiscordPost, PostState } from '../../systems/discord/columns.ts'
import { ConfigSet, DiscordSaid, DiscordSay } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { isSkipped } from '../../systems/skipped.ts'

/**
 * A mind in Discord that is to be killed: `discord-child <data> <api_url> <token> <channel>`. It remembers what it hears, and
 * where somebody says `say N` it says `answer N` there. It prints how far it is, and stops when its input ends.
 */

/** Says what it is told to say, once for each time that it is told. */
const speaker = system('speaker', (tick) => {
  for (const event of tick.events) {
    if (!DiscordSaid.is(event) || isSkipped(event)) continue
    const asked = /^say (\d+)/.exec(event.payload.text)
    if (asked !== null) tick.emit(DiscordSay, { channel: event.source.channel ?? '', text: `answer ${asked[1]}` })
  }
})

/** The mind with the speaker in it. */
export function speaking(): Parts {
  const parts = mind()
  return { ...parts, systems: [...parts.systems.slice(0, -1), speaker, ...parts.systems.slice(-1)] }
}

async function live(data: string, api_url: string, token: string, channel: string): Promise<void> {
  const follows = { channels: new Set([channel]), others: false, direct: true }
  const adapter = discord({
    token,
    token_name: 'env:DISCORD_TOKEN',
    api_url,
    follows: () => follows,
    times: { first_ms: 5, most_ms: 40, identify_ms: 0, at_ms: 50, stop_ms: 1_000 },
  })
  const engine = await createEngine({ ...speaking(), store: lmdb(data), adapters: [adapter], log: silent })
  const channels = [{ id: channel, name: 'general', locked: true, embed: 'all', speak: 'asked' }]
  engine.publish({ type: ConfigSet.name, payload: { policy: { discord: { channels } } } })
  await engine.start()
  process.stdout.write('open\n')
  const told = setInterval(() => {
    const { people } = engine.world.of(DiscordChannel)
    const { state } = engine.world.of(DiscordPost)
    const row = engine.world.find(DiscordChannel, channel)
    let sent = 0
    let open = 0
    let unknown = 0
    for (let post = 1; post <= engine.world.rows(DiscordPost); post++) {
      if (state[post] === PostState.sent) sent++
      else open++
      if (state[post] === PostState.unknown) unknown++
    }
    process.stdout.write(`${JSON.stringify({ people: people[row], sent, open, unknown })}\n`)
  }, 50)
  process.stdin
    .once('end', () => {
      clearInterval(told)
      void engine.stop()
    })
    .resume()
}

const [data, api_url, token, channel] = process.argv.slice(2)
if (channel !== undefined) await live(data!, api_url!, token!, channel)
