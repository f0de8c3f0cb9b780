import { type Event, eventType, type Payload } from '../../engine/flow/event.ts'
import { restoreSnapshot } from '../../engine/record/recover.ts'
import { copyWorld, decodeSnapshot, encodeSnapshot } from '../../engine/record/snapshot.ts'
import { type System, system } from '../../engine/system.ts'
import { Core, type Parts } from '../../engine/tick.ts'
import { chargeTokens, exhausted } from '../../systems/agents/budget.ts'
import { Input, Running, Session, Turn, TurnState } from '../../systems/agents/columns.ts'
import {
  type AgentPolicy,
  defaultAgent,
  defaultScheduler,
  defaultSession,
  type SchedulerPolicy,
  type SessionPolicy,
} from '../../systems/agents/policy.ts'
import { enqueue } from '../../systems/agents/queue.ts'
import { turnEnded } from '../../systems/agents/ready.ts'
import { bringSessions } from '../../systems/agents/sessions.ts'
import { archetypes, Trust, records as tables } from '../../systems/components.ts'
import { ConfigSet, effects, events, SessionSaid, TurnEnded } from '../../systems/events.ts'
import { policy } from '../../systems/policy.ts'
import { schedule } from '../../systems/schedule.ts'

/** The scheduler between a route that obeys the test and a cephalon that ends turns after some ticks. */

/** An input for a session by its key. `turn` makes it an agent's words, said in that turn. */
export type Load = { session: string; bot?: boolean; turn?: number }
export const Loaded = eventType<Load>('test.load', {})

/** How long turns take and what they cost. Functions of the turn's row alone, so that a restored world agrees. */
export type Work = { readonly ticks: (turn: number) => number; readonly tokens?: (turn: number) => number }

export const tick_ms = 50
export const start_ms = 1_760_000_040_000

/** What a session's policy is made of here: only what a test cares for. */
export type Facet = Partial<SessionPolicy> & { readonly name: string }

/** A policy of one agent, `duck`, with these sessions. */
export function policyOf(
  sessions: readonly Facet[],
  scheduler: Partial<SchedulerPolicy> = {},
  agent: Partial<AgentPolicy> = {},
): Payload {
  const made = {
    agents: [
      {
        ...defaultAgent,
        name: 'duck',
        ...agent,
        sessions: sessions.map((each) => ({ ...defaultSession, filters: [], ...each })),
      },
    ],
    scheduler: { ...defaultScheduler, ...scheduler },
  }
  return JSON.parse(JSON.stringify(made)) as Payload
}

const load = system('load', (tick) => {
  const { world } = tick
  for (const event of tick.events) {
    if (ConfigSet.is(event)) bringSessions(tick)
    if (!Loaded.is(event)) continue
    const { session, bot = false, turn } = event.payload
    const input = world.append(Input)
    const inputs = world.of(Input)
    inputs.at_ms[input] = tick.now_ms
    inputs.trust[input] = turn !== undefined ? Trust.own : bot ? Trust.bot : Trust.person
    inputs.bot[input] = bot || turn !== undefined ? 1 : 0
    const type = turn === undefined ? 'chat.message' : SessionSaid.name
    tick.put('input', input, JSON.stringify({ type, payload: turn === undefined ? {} : { turn } }))
    enqueue(tick, world.find(Session, session), input)
  }
})

function worker({ ticks, tokens = () => 0 }: Work): System {
  return system('worker', (tick) => {
    const { world } = tick
    const turns = world.of(Turn)
    for (const entity of world.each(Running)) {
      const turn = world.of(Running).turn[entity]!
      const session = turns.session[turn]!
      turns.rounds[turn]!++
      if (turns.rounds[turn]! < ticks(turn) && exhausted(tick, session) === undefined) continue
      const spent = tokens(turn)
      if (spent > 0) chargeTokens(tick, turn, spent, 0)
      turns.state[turn] = TurnState.done
      turns.ended_at_ms[turn] = tick.now_ms
      world.kill(entity)
      turnEnded(world, session)
      const nothing = { code: '', reason: '', rounds: 0, calls: 0, tokens_in: spent, tokens_out: 0 }
      tick.emit(TurnEnded, { turn, session: world.keyOf(Session, session), state: 'done', ...nothing })
    }
  })
}

/** A world with its records, ticked by hand. */
export class Shop {
  readonly core: Core
  readonly records: Map<string, string>
  /** All that was heard, in order. */
  readonly heard: Event[] = []
  readonly #parts: Parts
  #events = 0

  constructor(work: Work, records = new Map<string, string>()) {
    this.records = records
    this.#parts = {
      archetypes,
      systems: [policy, load, schedule, worker(work)],
      events: [...events, Loaded] as Parts['events'],
      effects: [...effects] as Parts['effects'],
      records: tables,
    }
    this.core = new Core(this.#parts, {
      read: (table, id) => this.records.get(`${table} ${id}`),
      backoff_max_ms: 1000,
    })
    this.core.now_ms = start_ms
  }

  /** One tick with these inputs. */
  tick(inputs: readonly Load[] = [], set?: Payload): void {
    const batch: Event[] = inputs.map((payload) => this.#event(Loaded.name, payload))
    if (set !== undefined) batch.unshift(this.#event(ConfigSet.name, { policy: set }))
    const outcome = this.core.apply(batch)
    for (const { table, key, text } of outcome.puts) this.records.set(`${table} ${key}`, text)
    this.heard.push(...outcome.heard)
  }

  /** Events of a type that were heard. */
  of<P extends Payload>(type: { readonly name: string; is(event: Event): event is Event<P> }): P[] {
    return this.heard.filter((event) => type.is(event)).map((event) => event.payload)
  }

  row(session: string): number {
    return this.core.world.find(Session, session)
  }

  /** The rest of this shop's life in another world, restored from its snapshot. */
  again(work: Work): Shop {
    const about = { version: '1', runtime: 'r', journal_tick: this.core.tick }
    const file = new Uint8Array(Buffer.concat([...encodeSnapshot(copyWorld(this.core, about))]))
    const shop = new Shop(work, new Map(this.records))
    restoreSnapshot(shop.core, decodeSnapshot(file))
    shop.#events = this.#events
    return shop
  }

  #event(type: string, payload: Payload): Event {
    return { id: `test-${++this.#events}`, ts: 0, type, source: { kind: 'test' }, payload }
  }
}

/** A seeded stream of numbers in [0, 1). */
export function chance(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}
