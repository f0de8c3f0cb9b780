import { EngineError, reasonOf } from './errors.ts'
import { Effect, EffectStatus, type EffectType, type Failure } from './flow/effect.ts'
import { ClockSet, EffectsHeld, EngineStarted, type Event, type EventType } from './flow/event.ts'
import { plainCopy } from './flow/plain.ts'
import { recordSeed } from './record/frame.ts'
import { chain, type EntryHead } from './record/journal.ts'
import { Puts, type TextPut } from './record/puts.ts'
import { checkLater, type LateCheck } from './schema.ts'
import type { System, Tick } from './system.ts'
import type { Archetype } from './world/archetype.ts'
import { nextRandom } from './world/random.ts'
import { World } from './world/world.ts'

/** What a runtime is made of, besides where its bytes rest: the same parts give the same replay. */
export type Parts = {
  readonly archetypes: readonly Archetype[]
  /** The order in which they run. */
  readonly systems: readonly System[]
  readonly events: readonly EventType[]
  readonly effects: readonly EffectType[]
  /** Tables of records that systems put and read. */
  readonly records: readonly string[]
}

/** What the systems of one tick asked for. The arrays, and the memory under the bytes, are used again by the next tick. */
export type Outcome = {
  readonly puts: readonly TextPut[]
  /** New requests, as they go into the outbox. */
  readonly requests: { effect_id: number; text: string; bytes: Uint8Array }[]
  /** Effect entities that may leave once the tick is durable. */
  readonly released: number[]
  /** Effects that have been answered: their requests leave the outbox. */
  readonly settled: number[]
  /** What the systems heard from the batch: all of it but answers that came late or twice, or will be tried again. */
  readonly heard: Event[]
  outputs: EntryHead['outputs']
  /** Nothing entered and nothing was asked for: such a tick is not journaled. */
  idle: boolean
}

type AnswerKind = { readonly index: number; readonly failed: boolean }
/** Everything a snapshot holds besides the world. */
export type CoreState = {
  readonly tick: number
  readonly now_ms: number
  readonly tick_ms: number
  /** Missing until a run has said it. */
  readonly backoff_max_ms?: number
  readonly random: number
  readonly effects: number
  readonly events: number
  readonly digest: string
  readonly emitted: readonly Event[]
}

/** Where the requests of open effects rest. */
export const outboxTable = 'outbox'

const noOutputs: EntryHead['outputs'] = Object.freeze({})

/**
 * world(n+1) = apply(world(n), batch(n)): the whole of determinism. Live ticks, recovery and replay all call `apply`
 * and nothing else; it reads no clock, starts nothing, and waits for nothing.
 */
export class Core {
  readonly world: World
  readonly parts: Parts
  tick = 0
  now_ms = 0
  tick_ms = 50
  /** Longest wait between attempts of an effect, as the run that wrote the journal said; older runs did not. */
  backoff_max_ms: number | undefined
  /** Digest of the last journaled tick. */
  digest: string = '0'.repeat(32)
  readonly #puts = new Puts()
  readonly outcome: Outcome = {
    puts: this.#puts.list,
    requests: [],
    released: [],
    settled: [],
    heard: [],
    outputs: noOutputs,
    idle: true,
  }
  #effects = 0
  #events = 0
  #emitted: Event[] = []
  #emitting: Event[] = []
  readonly #closing: number[] = []
  #mix = 0
  readonly #open = new Map<number, number>()
  readonly #answers = new Map<string, AnswerKind>()
  readonly #checks: LateCheck[] = []
  readonly #typeIndex = new Map<EffectType<never, never>, number>()
  readonly #view: Tick
  readonly #read: (table: string, id: number) => string | undefined
  readonly #ran: (index: number) => void
  readonly #backoffMax_ms: number

  constructor(
    parts: Parts,
    outside: {
      read(table: string, id: number): string | undefined
      ran?: (index: number) => void
      backoff_max_ms: number
    },
  ) {
    this.parts = parts
    this.world = new World([Effect, ...parts.archetypes])
    this.#read = outside.read
    this.#ran = outside.ran ?? (() => {})
    this.#backoffMax_ms = outside.backoff_max_ms
    parts.effects.forEach((type, at) => {
      const index = at + 1
      this.#typeIndex.set(type as EffectType<never, never>, index)
      this.#checks.push(checkLater(type.schema, `request of ${type.name}`))
      this.#answers.set(type.done.name, { index, failed: false })
      this.#answers.set(type.failed.name, { index, failed: true })
      this.#answers.set(type.unknown.name, { index, failed: false })
    })
    this.#view = this.#tickView()
  }

  /** Compiles the schemas that no request has needed yet. @throws EngineError SCHEMA_INVALID */
  compile(): void {
    for (const check of this.#checks) check.compile()
  }

  /** Events emitted by the last tick, to be heard by the next. */
  get emitted(): readonly Event[] {
    return this.#emitted
  }

  /**
   * A record's text. What the last tick put comes first: it may not be durable yet, and in replay the store already holds
   * what later ticks wrote. @throws EngineError RECORD_DAMAGED
   */
  read(table: string, id: number): string | undefined {
    return this.#puts.read(table, id) ?? this.#read(table, id)
  }

  /** The Effect entity of an open effect, or 0. */
  openEffect(effect_id: number): number {
    return this.#open.get(effect_id) ?? 0
  }

  effectTypeOf(entity: number): EffectType {
    const type = this.parts.effects[this.world.of(Effect).type[entity]! - 1]
    if (type === undefined)
      throw new EngineError('EFFECT_TYPE_UNKNOWN', `entity ${entity} is no effect`, { value: entity })
    return type
  }

  /** Runs the next tick. @throws EngineError SYSTEM_THREW; the world is then half-run and must be thrown away */
  apply(batch: readonly Event[]): Outcome {
    this.#begin(batch)
    const { systems } = this.parts
    let outputs: Record<string, number> | undefined
    for (let index = 0; index < systems.length; index++) {
      this.#mix = 0
      this.#run(systems[index]!)
      if (this.#mix !== 0) {
        outputs ??= {}
        outputs[systems[index]!.name] = this.#mix
      }
      this.world.settle()
      this.#ran(index)
    }
    return this.#end(batch, outputs)
  }

  /** Ends a journaled tick by linking it to the one before. */
  link(batch: string | Uint8Array): string {
    this.digest = chain(this.digest, this.tick, batch, this.outcome.outputs)
    return this.digest
  }

  state(): CoreState {
    return {
      tick: this.tick,
      now_ms: this.now_ms,
      tick_ms: this.tick_ms,
      ...(this.backoff_max_ms === undefined ? {} : { backoff_max_ms: this.backoff_max_ms }),
      random: this.world.randomState[0]!,
      effects: this.#effects,
      events: this.#events,
      digest: this.digest,
      emitted: this.#emitted,
    }
  }

  /** Takes over a snapshot's state; its world must be restored first. */
  restore(state: CoreState): void {
    this.tick = state.tick
    this.now_ms = state.now_ms
    this.tick_ms = state.tick_ms
    this.backoff_max_ms = state.backoff_max_ms
    this.world.randomState[0] = state.random
    this.#effects = state.effects
    this.#events = state.events
    this.digest = state.digest
    this.#emitted = [...state.emitted]
    const { effect_id } = this.world.of(Effect)
    for (const entity of this.world.each(Effect)) this.#open.set(effect_id[entity]!, entity)
  }

  #begin(batch: readonly Event[]): void {
    const { outcome } = this
    this.tick++
    this.#puts.reset()
    outcome.requests.length = 0
    outcome.released.length = 0
    outcome.settled.length = 0
    outcome.heard.length = 0
    outcome.outputs = noOutputs
    const first = batch[0]
    if (first !== undefined && ClockSet.is(first)) this.now_ms = Math.max(this.now_ms, first.payload.now_ms)
    else this.now_ms += this.tick_ms
    const second = batch[1]
    const setAside = second !== undefined && EngineStarted.is(second) ? second.payload.set_aside : undefined
    for (const event of this.#emitted) if (!setAside?.includes(event.id)) outcome.heard.push(event)
    for (const event of batch) if (this.#admits(event)) outcome.heard.push(event)
  }

  #run(system: System): void {
    try {
      system.run(this.#view)
    } catch (thrown) {
      throw new EngineError('SYSTEM_THREW', `${system.name} at tick ${this.tick}: ${reasonOf(thrown)}`, {
        value: system.name,
        cause: thrown,
      })
    }
  }

  #end(batch: readonly Event[], outputs: EntryHead['outputs'] | undefined): Outcome {
    const { outcome } = this
    for (const entity of this.#closing) {
      this.#open.delete(this.world.of(Effect).effect_id[entity]!)
      this.world.kill(entity)
    }
    this.#closing.length = 0
    this.world.settle()
    this.world.growAhead()
    outcome.idle =
      batch.length === 0 && outputs === undefined && this.#emitted.length === 0 && outcome.released.length === 0
    if (outputs !== undefined) outcome.outputs = outputs
    const heard = this.#emitted
    this.#emitted = this.#emitting
    heard.length = 0
    this.#emitting = heard
    return outcome
  }

  /** Whether systems may hear an event: answers only once, only while they are awaited, and only when final. */
  #admits(event: Event): boolean {
    if (EngineStarted.is(event)) {
      this.tick_ms = event.payload.tick_ms
      this.backoff_max_ms = event.payload.backoff_max_ms ?? this.backoff_max_ms
      if (this.tick === 1) this.world.randomState[0] = event.payload.seed >>> 0
      return true
    }
    if (EffectsHeld.is(event)) {
      for (const effect_id of event.payload.effect_ids) this.#takeBack(effect_id)
      return false
    }
    const kind = this.#answers.get(event.type)
    if (kind === undefined) return true
    const effect = this.world.of(Effect)
    const effect_id = event.payload['effect_id'] as number
    const entity = this.#open.get(effect_id)
    if (entity === undefined || effect.type[entity] !== kind.index) return false
    if (effect.status[entity] !== EffectStatus.in_flight) return false
    if (kind.failed && this.#triesAgain(entity, event.payload as unknown as Failure)) return false
    effect.status[entity] = EffectStatus.none
    this.outcome.settled.push(effect_id)
    this.#closing.push(entity)
    return true
  }

  /** An effect that was released and did not leave waits again; not for this tick's outbox, which could not send it either. */
  #takeBack(effect_id: number): void {
    const effect = this.world.of(Effect)
    const entity = this.#open.get(effect_id)
    if (entity === undefined || effect.status[entity] !== EffectStatus.in_flight) return
    effect.status[entity] = EffectStatus.retry
    effect.attempts[entity]!--
    effect.retry_at_ms[entity] = this.now_ms + 1
  }

  #withdraw(effect_id: number): boolean {
    const { status } = this.world.of(Effect)
    const entity = this.#open.get(effect_id)
    if (entity === undefined || status[entity] === EffectStatus.none) return false
    if (status[entity] === EffectStatus.in_flight && this.effectTypeOf(entity).retry === 'once') return false
    status[entity] = EffectStatus.none
    this.#record(effect_id, recordSeed('withdraw', effect_id))
    this.outcome.settled.push(effect_id)
    this.#closing.push(entity)
    return true
  }

  #triesAgain(entity: number, failure: Failure): boolean {
    const effect = this.world.of(Effect)
    const type = this.effectTypeOf(entity)
    const attempts = effect.attempts[entity]!
    if (failure.transient !== true || attempts >= type.attempts_max) return false
    const most_ms = this.backoff_max_ms ?? this.#backoffMax_ms
    let wait_ms = type.backoff_ms
    for (let n = 1; n < attempts && wait_ms < most_ms; n++) wait_ms *= 2
    wait_ms = Math.min(wait_ms, most_ms) * (0.5 + nextRandom(this.world.randomState))
    effect.status[entity] = EffectStatus.retry
    effect.retry_at_ms[entity] = this.now_ms + Math.max(wait_ms, failure.retry_after_ms ?? 0)
    return true
  }

  #request(type: EffectType<never, never>, request: unknown, owner: number): number {
    const index = this.#typeIndex.get(type)
    if (index === undefined) {
      throw new EngineError('EFFECT_TYPE_UNKNOWN', `${type.name} was not given to createEngine`, { value: type.name })
    }
    const [problem] = this.#checks[index - 1]!(request)
    if (problem !== undefined) {
      throw new EngineError('EFFECT_INVALID', `${type.name}: ${problem.path || 'the request'} ${problem.message}`, {
        value: request,
      })
    }
    const entity = this.world.spawn(Effect)
    const effect = this.world.of(Effect)
    const effect_id = ++this.#effects
    effect.effect_id[entity] = effect_id
    effect.type[entity] = index
    effect.status[entity] = EffectStatus.waiting
    effect.owner[entity] = owner
    effect.requested_at_ms[entity] = this.now_ms
    this.#open.set(effect_id, entity)
    const text = JSON.stringify({ type: type.name, request })
    const bytes = this.#puts.frame(outboxTable, effect_id, text)
    this.#record(effect_id, this.#puts.crc)
    this.outcome.requests.push({ effect_id, text, bytes })
    return effect_id
  }

  #emit(type: EventType<never>, payload: unknown): void {
    const said = {
      id: String(++this.#events),
      ts: this.now_ms,
      type: type.name,
      source: { kind: 'world' },
      payload: payload as Event['payload'],
    }
    // Heard as it would be after a crash: a snapshot holds it as JSON.
    const copy = plainCopy(said)
    const text = JSON.stringify(copy ?? said)
    this.#record(this.#events, this.#puts.sum('emit', this.#events, text))
    this.#emitting.push((copy ?? JSON.parse(text)) as Event)
  }

  /** Folds one output into the running system's mark. Never 0 afterwards, so that 0 can mean none. */
  #record(key: number, crc: number): void {
    const folded = Math.imul(this.#mix ^ key, 0x9e3779b1) ^ crc
    this.#mix = folded >>> 0 || 1
  }

  #tickView(): Tick {
    const core = this
    return {
      world: this.world,
      events: this.outcome.heard,
      get tick() {
        return core.tick
      },
      get now_ms() {
        return core.now_ms
      },
      read: (table, id) => this.read(table, id),
      put: (table, key, text) => this.#record(key, this.#puts.put(table, key, text)),
      request: (type, request, owner = 0) => this.#request(type as EffectType<never, never>, request, owner),
      withdraw: (effect_id) => this.#withdraw(effect_id),
      ownerOf: (effect_id) => this.world.of(Effect).owner[this.#open.get(effect_id) ?? 0]!,
      release: (entity) => {
        this.#record(entity, recordSeed('release', entity))
        this.outcome.released.push(entity)
      },
      effectType: (entity) => this.effectTypeOf(entity),
      emit: (type, payload) => this.#emit(type as EventType<never>, payload),
      random: () => nextRandom(this.world.randomState),
    }
  }
}
