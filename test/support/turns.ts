import type { EffectType } from '../../engine/flow/effect.ts'
import type { Event, Payload } from '../../engine/flow/event.ts'
import { markOf } from '../../engine/record/mark.ts'
import { restoreSnapshot } from '../../engine/record/recover.ts'
import { copyWorld, decodeSnapshot, encodeSnapshot } from '../../engine/record/snapshot.ts'
import { Core, type Parts } from '../../engine/tick.ts'
import { Message, Running, Session, Turn, TurnState } from '../../systems/agents/columns.ts'
import type { AgentsPolicy } from '../../systems/agents/policy.ts'
import { cephalon } from '../../systems/cephalon.ts'
import type { ChatMessage } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { outbox } from '../../systems/outbox.ts'
import { policy } from '../../systems/policy.ts'
import { route } from '../../systems/route.ts'
import { schedule } from '../../systems/schedule.ts'

/** Turns ticked by hand: no adapter answers, the test does, with whatever it likes and whenever. */

export type Asked = { readonly effect_id: number; readonly type: string; readonly request: Payload }
type Answerable = { readonly done: { readonly name: string }; readonly failed: { readonly name: string } }

const start_ms = 1_764_547_200_000

export class Stage {
  core: Core
  readonly records = new Map<string, string>()
  /** All that was heard, in order. */
  readonly heard: Event[] = []
  /** All that was asked for, in order; what was answered stands in `answered`. */
  readonly asked: Asked[] = []
  readonly answered = new Set<number>()
  /** Every batch, for replay. */
  readonly batches: (readonly Event[])[] = []
  /** What every system put out in each tick, as one number. */
  readonly #outputs: object[] = []
  readonly #parts: Parts
  #events = 0

  constructor(given?: Partial<AgentsPolicy>) {
    const { archetypes, events, effects, records } = mind()
    this.#parts = { archetypes, systems: [policy, route, schedule, cephalon, outbox], events, effects, records }
    this.core = this.#fresh()
    if (given !== undefined) this.tick({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(given)) } })
  }

  /** One tick with these events. */
  tick(...events: readonly Said[]): void {
    this.apply(events.map((said) => this.#event(said)))
  }

  /** A tick at this time, and no sooner than time goes anyway. */
  later(ms: number): void {
    this.tick({ type: 'clock.set', payload: { now_ms: this.core.now_ms + ms } })
  }

  tell(session: string, text: string): void {
    const source = { kind: 'operator', channel: session, author: 'operator' }
    this.tick({ type: 'chat.message', source, payload: { text } })
  }

  /** The newest thing of a type, or of any, that was asked for and not answered yet. */
  open(type?: { readonly name: string }): Asked | undefined {
    return this.asked.findLast(
      (one) => !this.answered.has(one.effect_id) && (type === undefined || one.type === type.name),
    )
  }

  /** Answers what is open, or another effect. */
  done(type: EffectType<never, never> | Answerable, payload: Payload, effect_id?: number): void {
    this.#answer(type.done.name, payload, effect_id)
  }
  failed(type: Answerable, code: string, effect_id?: number): void {
    this.#answer(type.failed.name, { code, reason: `it says ${code}` }, effect_id)
  }
  unknown(type: { readonly unknown: { readonly name: string } }, effect_id?: number): void {
    this.#answer(type.unknown.name, {}, effect_id)
  }

  of<P = Payload>(type: string): P[] {
    return this.heard.filter((event) => event.type === type).map(({ payload }) => payload as P)
  }

  state(turn = this.core.world.rows(Turn)): string {
    const state = this.core.world.of(Turn).state[turn]
    return Object.entries(TurnState).find(([, value]) => value === state)?.[0] ?? 'none'
  }

  get running(): number {
    return this.core.world.each(Running).length
  }

  history(session: string): ChatMessage[] {
    const { world } = this.core
    const { previous } = world.of(Message)
    const messages: ChatMessage[] = []
    const row = world.find(Session, session)
    for (let at = row === 0 ? 0 : world.of(Session).newest_message[row]!; at !== 0; at = previous[at]!) {
      messages.unshift(JSON.parse(this.records.get(`message ${at}`)!) as ChatMessage)
    }
    return messages
  }

  /** Goes on in another world, restored from a snapshot. */
  restart(): void {
    const about = { version: '1', runtime: 'r', journal_tick: this.core.tick }
    const file = new Uint8Array(Buffer.concat([...encodeSnapshot(copyWorld(this.core, about))]))
    this.core = this.#fresh()
    restoreSnapshot(this.core, decodeSnapshot(file))
  }

  /** The marks and outputs of this world, and of one that lived all of it again with the records that there are now. */
  replayed(): [unknown, unknown] {
    const again = this.#fresh()
    const outputs = this.batches.map((batch) => ({ ...again.apply(batch).outputs }))
    return [
      { mark: markOf(this.core), outputs: this.#outputs },
      { mark: markOf(again), outputs },
    ]
  }

  apply(batch: readonly Event[]): void {
    this.batches.push(batch)
    const outcome = this.core.apply(batch)
    this.#outputs.push({ ...outcome.outputs })
    for (const { table, key, text } of outcome.puts) {
      const name = `${table} ${key}`
      if (this.records.has(name)) throw new Error(`the record ${name} was written twice`)
      this.records.set(name, text)
    }
    for (const { effect_id, text } of outcome.requests) {
      this.asked.push({ effect_id, ...(JSON.parse(text) as { type: string; request: Payload }) })
    }
    this.heard.push(...outcome.heard)
  }

  #answer(type: string, payload: Payload, effect_id = this.open()?.effect_id ?? 0): void {
    this.tick({ type, payload: { effect_id, ...payload } })
    this.answered.add(effect_id)
  }

  #fresh(): Core {
    const core = new Core(this.#parts, {
      read: (table, id) => this.records.get(`${table} ${id}`),
      backoff_max_ms: 1000,
    })
    core.now_ms = start_ms
    return core
  }

  #event({ type, payload, source = { kind: 'test' } }: Said): Event {
    return { id: `test-${++this.#events}`, ts: 0, type, source, payload }
  }
}

export type Said = Pick<Event, 'type' | 'payload'> & Partial<Pick<Event, 'source'>>
