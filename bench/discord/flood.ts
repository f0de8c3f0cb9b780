import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Intake } from '../../adapters/discord/intake.ts'
import type { RawDispatch, RawMessage } from '../../adapters/discord/raw.ts'
import type { Outside } from '../../engine/flow/adapter.ts'
import { createEngine, defaultLimits, silent } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Family, Gauge, Memory, Trust } from '../../systems/components.ts'
import { DiscordChannel } from '../../systems/discord/columns.ts'
import { ConfigSet } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { type FloodMessage, floodOf, templates } from '../../test/support/flood.ts'
import { collect } from '../collect.ts'
import { say, waitForEnd } from '../memory/children.ts'
import { resident } from '../memory/resident.ts'

/**
 * Floods four locked channels through the adapter's own path: parsed dispatches of the gateway, made of recorded texts, go
 * through the intake into the ring, ticks and LMDB. Arguments: a folder, how many messages, how many of them are people's.
 */
waitForEnd()
const [folder = '', countText = '', peopleText = ''] = process.argv.slice(2)
const count = Number(countText)
const channels = ['343299242963763200', '450688080542695436', '343179912196128792', '367156652140658699']
const guild = '300000000000000000'
const piece = 256
const epoch_ms = 1_420_070_400_000n
const begin_ms = 1_760_000_000_000n

export type Flooded = {
  readonly messages: number
  readonly seconds: number
  readonly rate: number
  readonly people: number
  readonly bots: number
  readonly memories: number
  readonly ofPeople: number
  readonly families: number
  readonly members: number
  /** Bytes of the process's own memory, from a quarter of the messages on, one figure each tenth. */
  readonly own: readonly number[]
  readonly mapped: number
  readonly record_bytes: number
}

const engine = await createEngine({ ...mind(), store: lmdb(join(folder, 'data')), adapters: [], log: silent })
await engine.start()
const policy = {
  discord: {
    channels: channels.map((id) => ({ id, name: id, locked: true, embed: 'aggregates', speak: 'never' })),
    others: 'ignore',
    direct: true,
    bot_hops_max: 3,
  },
}
await engine.ingest({ type: ConfigSet.name, payload: { policy } })
const signal = new AbortController().signal
const outside: Outside = {
  publish: (input) => engine.publish(input),
  ingest: (input) => engine.ingest(input),
  room: () => engine.room(),
  flushed: () => engine.flushed(),
  view: engine,
  committed: () => () => undefined,
  log: silent,
  signal,
}
let behind = 0
const follows = { channels: new Set(channels), others: false, direct: true }
const intake = new Intake(outside, {
  follows: () => follows,
  fetch: () => {
    behind++
  },
  lookUp: () => undefined,
})
// A session that goes on: after a new one, history is read up first.
intake.self = { id: '1', application: '1' }
intake.begin(0)
const known = channels.map((id) => ({ id, type: 0, name: id }))
intake.dispatch({ t: 'GUILD_CREATE', s: 1, d: { id: guild, channels: known, threads: [] } })
await engine.flushed()
const people = Number(peopleText)
// What is said is made before: the adapter does not make it either.
const said = floodOf(3, { copies: Math.min(count - people, 50_000), people: 0, bots: 8 })
const human = floodOf(4, { copies: 0, people })
const own: number[] = []
const began = performance.now()
let personal = 0
for (let n = 0; n < count; n++) {
  const isPerson = personal < people && n % Math.floor(count / people) === 0
  intake.dispatch(dispatchOf(isPerson ? human[personal++]! : said[n % said.length]!, n))
  // The gateway's socket is read in pieces, and the world runs between them. A full ring would only have messages fetched again.
  if (n % piece === piece - 1) {
    do await nextTurn()
    while (engine.status().inbox > defaultLimits.inbox_max - 2 * piece)
  }
  if (n >= count / 4 && n % Math.floor(count / 10) === 0) own.push(settled())
}
await engine.flushed()
const seconds = (performance.now() - began) / 1000
own.push(settled())
const { world } = engine
const { people: heard, bots } = world.of(DiscordChannel)
const { trust, replaced_by } = world.of(Memory)
const { count: members } = world.of(Family)
const sum = (column: Float64Array, rows: number): number =>
  column.subarray(1, rows + 1).reduce((total, each) => total + each, 0)
let ofPeople = 0
for (let row = 1; row <= world.rows(Memory); row++)
  if (trust[row] === Trust.person && replaced_by[row] === 0) ofPeople++
if (behind > 0) throw new Error(`${behind} channels fell behind`)
say('flooded', {
  messages: count,
  seconds,
  rate: count / seconds,
  people: sum(heard, world.rows(DiscordChannel)),
  bots: sum(bots, world.rows(DiscordChannel)),
  memories: world.of(Gauge).memories[1]!,
  ofPeople,
  families: world.of(Gauge).families[1]!,
  members: sum(members, world.rows(Family)),
  own,
  mapped: resident().file,
  record_bytes: engine.status().data_bytes,
} satisfies Flooded)
await engine.stop()
process.exit(0)

/** What stays: garbage that was not collected yet comes and goes by some forty megabytes. */
function settled(): number {
  collect()
  return resident().anonymous
}

function dispatchOf({ text, author, bot, template }: FloodMessage, n: number): RawDispatch {
  const at_ms = begin_ms + BigInt(n * 20)
  const d: RawMessage = {
    id: String(((at_ms - epoch_ms) << 22n) | BigInt(n & 0xfff)),
    channel_id: channels[template < 0 ? n % 4 : Math.floor((template * 4) / templates.length)]!,
    guild_id: guild,
    author: { id: String(2_000_000 + hashed(author)), username: author, ...(bot ? { bot } : {}) },
    content: text,
    timestamp: new Date(Number(at_ms)).toISOString(),
    edited_timestamp: null,
    type: 0,
    mentions: [],
    embeds: [],
    attachments: [],
  }
  return { t: 'MESSAGE_CREATE', s: n + 2, d }
}

function hashed(text: string): number {
  let state = 7
  for (let at = 0; at < text.length; at++) state = (Math.imul(state, 31) + text.charCodeAt(at)) & 0xfffff
  return state
}
