import { setImmediate as nextTurn } from 'node:timers/promises'
import { search } from '../../adapters/search.ts'
import { createEngine, type Engine, type Payload, type Store, system, type World } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Family, Memory } from '../../systems/components.ts'
import { DiscordChannel } from '../../systems/discord/columns.ts'
import { Embedding } from '../../systems/eidolon/columns.ts'
import {
  DiscordSaid,
  type DiscordSay,
  type Filter,
  type JanitorReport,
  MemoryFamily,
  type SessionSaid,
} from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import type { JanitorPolicy } from '../../systems/janitor/policy.ts'
import { duckPolicy, type Model, modelAdapter, sessionOf } from './agents.ts'

/** The janitor among systems of the mind, with one in place of `discord` and `memory` that counts and does nothing else. */

export const dawn_ms = 1_764_547_200_000
export const bots = '343299242963763200'
export const general = '343179912196128792'
export const reports = '450688080542695436'

/** A message of a program whose `title` is given is of the family with that text; `queue` sets how many embeddings wait. */
const crowd = system('crowd', (tick) => {
  const { world } = tick
  for (const event of tick.events) {
    if (!DiscordSaid.is(event)) continue
    const { bot, title, channel_name } = event.payload
    const { queue, again } = event.payload as Payload
    if (typeof queue === 'number') world.of(Embedding).waiting[1] = queue
    if (again === true) continue
    const row = world.appendKeyed(DiscordChannel, event.source.thread ?? event.source.channel ?? '')
    const channels = world.of(DiscordChannel)
    if (channel_name !== undefined) channels.name[row] = world.names.id(channel_name)
    if (bot === true) channels.bots[row]!++
    else channels.people[row]!++
    if (title === undefined) continue
    channels.counted[row]!++
    const family = familyOf(world, title)
    if (family === 0) {
      const memory_id = appendFamily(world, title, row)
      tick.put('text', memory_id, title)
      tick.emit(MemoryFamily, { family: world.rows(Family), memory_id })
    } else world.of(Family).count[family]!++
  }
})

function familyOf(world: World, title: string): number {
  const { author } = world.of(Family)
  const name = world.names.id(title)
  for (let row = 1; row <= world.rows(Family); row++) if (author[row] === name) return row
  return 0
}

function appendFamily(world: World, title: string, channel: number): number {
  const memory = world.append(Memory)
  const row = world.append(Family)
  const families = world.of(Family)
  families.memory_id[row] = memory
  families.channel[row] = channel
  families.author[row] = world.names.id(title)
  families.count[row] = 1
  return memory
}

function parts() {
  const { systems, ...rest } = mind()
  const others = systems.filter(({ name }) => name !== 'discord' && name !== 'memory')
  return { ...rest, systems: [others[0]!, crowd, ...others.slice(1)] }
}

export const hearsReports: readonly Filter[] = [{ type: 'janitor.report' }]

export type Opening = {
  readonly store?: Store
  readonly model?: Model
  readonly policy?: Partial<JanitorPolicy>
  /** What the session `duck/janitor` hears; `duck/other` hears reports. */
  readonly hears?: readonly Filter[]
}

/** An engine with the janitor in it, and all that it said. */
export class Yard {
  readonly engine: Engine
  readonly given: JanitorReport[] = []
  readonly posted: DiscordSay[] = []
  readonly #sayings: { session: string; text: string }[] = []
  #said = 0

  private constructor(engine: Engine) {
    this.engine = engine
    engine.on('janitor.report', ({ payload }) => void this.given.push(payload as unknown as JanitorReport))
    engine.on('session.said', ({ payload }) => void this.#sayings.push(payload as unknown as SessionSaid))
    engine.on('discord.say', ({ payload }) => void this.posted.push(payload as unknown as DiscordSay))
  }

  /** A started engine; without a policy it goes on with the one that its store has. */
  static async open({
    store = ram(),
    model = () => ({ say: 'In words.' }),
    policy,
    hears,
  }: Opening = {}): Promise<Yard> {
    const engine = await createEngine({
      ...parts(),
      store,
      adapters: [modelAdapter(model), search()],
      drive: 'manual',
      clock: () => dawn_ms,
      seed: 7,
      limits: { stop_ms: 50 },
    })
    const yard = new Yard(engine)
    await engine.start()
    if (policy !== undefined) yard.obey(policy, hears)
    await engine.step(dawn_ms)
    return yard
  }

  obey(janitor: Partial<JanitorPolicy>, filters: readonly Filter[] = []): void {
    const caps = { inputs_max: 1 }
    const other = sessionOf('other', { filters: hearsReports })
    const agents = duckPolicy([], [sessionOf('janitor', { lane: 'maintenance', filters, caps }), other])
    this.publish('config.set', JSON.parse(JSON.stringify({ policy: { ...agents, janitor } })) as Payload, 'config')
  }

  publish(type: string, payload: Payload, kind = 'operator'): void {
    if (!this.engine.publish({ type, payload, source: { kind } })) throw new Error('the ring is full')
  }

  /** So many messages of one kind in a channel, heard in one tick. */
  async say(channel: string, count: number, more: Payload = {}, thread?: string): Promise<void> {
    for (let at = 0; at < count; at++) {
      const id = `m${++this.#said}`
      const source = { kind: 'discord', channel, author: 'a', ...(thread === undefined ? {} : { thread }) }
      const payload = { text: `Message ${id}`, bot: true, ...more }
      this.engine.publish({ type: 'discord.message.new', id, ts: 0, source, payload })
    }
    await this.engine.step()
  }

  /** A tick so much later, and those in which what it said is heard. */
  async later(ms: number): Promise<void> {
    await this.engine.step(this.engine.now_ms + ms)
    await this.settle()
  }

  /** Ticks until nothing moves. */
  async settle(): Promise<void> {
    for (let still = 0; still < 3; ) {
      await this.engine.step()
      await nextTurn()
      still = this.engine.quiet ? still + 1 : 0
    }
  }

  /** The report that the operator wants now. */
  async ask(): Promise<JanitorReport> {
    this.publish('janitor.asked', {})
    await this.engine.step()
    await this.engine.step()
    return this.given.at(-1)!
  }

  /** The sessions that said something, in order. */
  get said(): string[] {
    return this.#sayings.map(({ session }) => session)
  }

  saidBy(key: string): string[] {
    return this.#sayings.filter(({ session }) => session === key).map(({ text }) => text)
  }

  channel(id: string): { rate: number; pressure: number } {
    const { world } = this.engine
    const row = world.find(DiscordChannel, id)
    const { rate, pressure } = world.of(DiscordChannel)
    return { rate: rate[row]!, pressure: pressure[row]! }
  }
}
