import { assert, EngineError, reasonOf } from './errors.ts'
import { type Adapter, type EffectHandler, type Log, type Outside, silent } from './flow/adapter.ts'
import { wallClock } from './flow/clock.ts'
import { Dispatch } from './flow/dispatch.ts'
import { Driver } from './flow/driver.ts'
import { Effect, EffectStatus } from './flow/effect.ts'
import { ClockSet, EngineStarted, type Event, type EventInput, type Payload } from './flow/event.ts'
import { Inbox, type Parcel } from './flow/inbox.ts'
import type { Ring } from './flow/ring.ts'
import { type Limits, limitsOf } from './limits.ts'
import { type DeadLetter, forgetLetter, readDead, setAside } from './record/dead.ts'
import { recordFormat } from './record/journal.ts'
import { markOf } from './record/mark.ts'
import { ownTables, Recorder } from './record/recorder.ts'
import { type Recovered, readRecord, recover } from './record/recover.ts'
import { type ReplayReport, replayJournal } from './record/replay.ts'
import type { Put, Store } from './record/store.ts'
import type { Core, Parts } from './tick.ts'
import { type Timings, Trace } from './trace.ts'
import { runtimeName, version } from './version.ts'
import type { World } from './world/world.ts'

export type EngineOptions = Parts & {
  readonly store: Store
  readonly adapters?: readonly Adapter[]
  readonly limits?: Partial<Limits>
  /** Seed of the world's chance; only a new world takes it. */
  readonly seed?: number
  readonly log?: Log
  /** Wall time in milliseconds; a simulator gives its own. */
  readonly clock?: () => number
  /** `manual`: nothing ticks by itself, the embedder calls `step`. */
  readonly drive?: 'timer' | 'manual'
}

export type Health = 'ok' | 'store_full' | 'stopping' | 'stopped' | 'failed'
export type EngineStatus = {
  readonly health: Health
  readonly tick: number
  readonly now_ms: number
  readonly digest: string
  readonly journal_ticks: number
  readonly snapshot_tick: number
  readonly data_bytes: number
  readonly outbox: { readonly pending: number; readonly in_flight: number; readonly oldest_ms: number }
  readonly inbox: number
  /** Events refused at the edge since this process started. */
  readonly refused: number
  readonly dead: number
}

type Listener = (event: Event) => void

/**
 * Opens a store, recovers the world from its record, and returns an engine at rest: `start()` lets it live.
 * @throws EngineError with the code of what is wrong with the parts, the limits or the store
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const limits = limitsOf(options.limits)
  const trace = new Trace(
    options.systems.map((system) => system.name),
    limits.trace_max,
  )
  const { store, log = silent } = options
  const head = await store.open([ownTables.outbox, ownTables.dead, ...options.records])
  try {
    const ran = (index: number): void => trace.ran(index)
    const recovered = await recover(options, store, head.tick, { ran, backoff_max_ms: limits.backoff_max_ms })
    for (const warning of [...head.warnings, ...recovered.warnings]) log.warn({ store: store.name }, warning)
    return new Engine(options, { limits, trace, recovered, log })
  } catch (thrown) {
    await store.close()
    throw thrown
  }
}

/** A running world: `publish` what happened, `on` what it says, `step` or `start` it, `stop` it. */
export class Engine {
  readonly limits: Limits
  readonly #options: EngineOptions
  readonly #core: Core
  readonly #store: Store
  readonly #log: Log
  readonly #trace: Trace
  readonly #clock: () => number
  readonly #inbox: Inbox
  readonly #own: Ring<Parcel>
  readonly #answers: Ring<Parcel>
  readonly #library: Ring<Parcel>
  readonly #dispatch: Dispatch
  readonly #recorder: Recorder
  readonly #driver: Driver
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #parcels: Parcel[] = []
  readonly #batch: Event[] = []
  readonly #intake = new AbortController()
  #suspects: DeadLetter[]
  #trying: DeadLetter | undefined
  #verifier: NodeJS.Timeout | undefined
  #health: Health = 'ok'
  #started = false
  #refused = 0
  #stopping: Promise<void> | undefined
  #finish: (error: EngineError | undefined) => void = () => {}
  /** Resolves when the engine has ended: with nothing after `stop`, with the error when it failed. */
  readonly finished: Promise<EngineError | undefined>

  constructor(options: EngineOptions, parts: { limits: Limits; trace: Trace; recovered: Recovered; log: Log }) {
    const { limits, trace, recovered, log } = parts
    this.#options = options
    this.limits = limits
    this.#core = recovered.core
    this.#store = options.store
    this.#log = log
    this.#trace = trace
    this.#clock = options.clock ?? wallClock
    this.#inbox = new Inbox(declaredEvents(options), limits)
    this.#own = this.#inbox.ring()
    this.#answers = this.#inbox.ring(answersMax(options, limits))
    this.#library = this.#inbox.ring()
    this.#dispatch = new Dispatch(handlersOf(options.adapters ?? []), (answer) => this.#answer(answer), log)
    const about = { version, runtime: runtimeName }
    this.#recorder = new Recorder(this.#core, this.#store, { limits, log, trace, about, ...recovered })
    this.#driver = new Driver(
      limits,
      (wall) => this.#tick(wall),
      (thrown) => void this.#fail(thrown),
    )
    this.#suspects = readDead(this.#store)
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#introduce(options.seed ?? 1)
  }

  /** The world between two ticks, for looking only. */
  get world(): World {
    return this.#core.world
  }

  get tick(): number {
    return this.#core.tick
  }

  get now_ms(): number {
    return this.#core.now_ms
  }

  get health(): Health {
    return this.#recorder.full && this.#health === 'ok' ? 'store_full' : this.#health
  }

  /** Starts the adapters, takes up the effects that were open, and lets ticks run. */
  async start(): Promise<void> {
    assert(!this.#started && this.#health === 'ok', 'ENGINE_STATE', 'start() is called once, on a fresh engine')
    this.#started = true
    this.#takeUp()
    if (this.#options.drive !== 'manual') this.#driver.start()
    this.#verifier = setInterval(() => this.#verify(), this.limits.verify_ms)
    this.#verifier.unref()
    for (const adapter of this.#options.adapters ?? []) await adapter.start?.(this.#outside(adapter.name))
  }

  /**
   * Runs one tick with what waits in the rings; for embedders with a loop of their own.
   * @param now_ms world time to set; without it the tick advances time by `tick_ms`
   */
  async step(now_ms?: number): Promise<void> {
    assert(
      this.#options.drive === 'manual',
      'ENGINE_STATE',
      "step() needs drive: 'manual'; a started engine ticks by itself",
    )
    assert(this.#health === 'ok', 'ENGINE_STATE', `the engine is ${this.#health}`)
    try {
      await this.#run(now_ms)
    } catch (thrown) {
      throw await this.#fail(thrown)
    }
  }

  /**
   * Offers an event. False when there is no room: keep it and offer it again.
   * @throws EngineError EVENT_TYPE_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE
   */
  publish(input: EventInput): boolean {
    return this.#offer(this.#library, input, 'library')
  }

  /** Resolves with the tick at which the event is durable; waits while the ring is full. */
  ingest(input: EventInput): Promise<number> {
    return this.#ingest(this.#library, input, 'library')
  }

  /** Hears events of a type (`*` for all) once they are durable. Returns the way to stop. */
  on(type: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(type, listeners)
    return () => void listeners.delete(listener)
  }

  /** A record's text, as systems read it. @throws EngineError RECORD_DAMAGED */
  read(table: string, id: number): string | undefined {
    return readRecord(this.#store, table, id)
  }

  /** Digest of the chain of all journaled ticks. */
  digest(): string {
    return this.#core.digest
  }

  /** CRC-32 of every column: where two worlds differ. O(bytes of the world). */
  mark(): { readonly [column: string]: number } {
    return markOf(this.#core)
  }

  /** Runs the journal again beside this world and holds every tick against the record. */
  replay(options: { from?: number; until?: number } = {}): Promise<ReplayReport> {
    return replayJournal(this.#options, this.#store, { ...options, backoff_max_ms: this.limits.backoff_max_ms })
  }

  timings(): Timings {
    return this.#trace.timings()
  }

  /** The last events, oldest first. */
  recent(): readonly Event[] {
    return this.#trace.recent()
  }

  deadLetters(): readonly DeadLetter[] {
    return readDead(this.#store)
  }

  status(): EngineStatus {
    const effect = this.world.of(Effect)
    let oldest = Number.POSITIVE_INFINITY
    const open = this.world.each(Effect)
    for (const entity of open) oldest = Math.min(oldest, effect.requested_at_ms[entity]!)
    return {
      health: this.health,
      tick: this.#core.tick,
      now_ms: this.#core.now_ms,
      digest: this.#core.digest,
      journal_ticks: this.#store.journalCount(),
      snapshot_tick: this.#recorder.snapshot_tick,
      data_bytes: this.#store.bytes(),
      outbox: {
        pending: open.length,
        in_flight: this.#dispatch.count,
        oldest_ms: open.length === 0 ? 0 : Math.max(0, this.#core.now_ms - oldest),
      },
      inbox: this.#inbox.count,
      refused: this.#refused,
      dead: this.#store.count(ownTables.dead),
    }
  }

  /** Takes a snapshot now; between two ticks when driven by hand. */
  async snapshot(): Promise<void> {
    await this.#recorder.snapshot()
  }

  /** Stops intake, finishes or parks effects, commits, takes a snapshot, closes the store. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** The first batch of a run: the time, and who writes from here on. */
  #introduce(seed: number): void {
    const { arch, runtime } = { arch: process.arch, runtime: runtimeName }
    const payload = { version, format: recordFormat, runtime, arch, seed, tick_ms: this.limits.tick_ms }
    this.#own.push(this.#inbox.parcel({ type: ClockSet.name, payload: { now_ms: this.#clock() } }, 'engine'))
    this.#own.push(this.#inbox.parcel({ type: EngineStarted.name, payload }, 'engine'))
  }

  /** Effects that were out when the last run ended: `safe` ones go again, of `once` ones nobody can know. */
  #takeUp(): void {
    const effect = this.world.of(Effect)
    const letters = new Map(this.#suspects.map((letter) => [letter.event.payload['effect_id'], letter]))
    this.#suspects = this.#suspects.filter((letter) => letter.state === 'suspect')
    for (const entity of this.world.each(Effect)) {
      if (effect.status[entity] !== EffectStatus.in_flight) continue
      const effect_id = effect.effect_id[entity]!
      const type = this.#core.effectTypeOf(entity)
      const letter = letters.get(effect_id)
      if (letter?.state === 'dead') {
        this.#answer({ type: type.failed.name, payload: { effect_id, code: 'ANSWER_DEAD', reason: letter.reason } })
      } else if (letter === undefined && type.retry === 'safe') this.#depart(entity)
      else if (letter === undefined) this.#answer({ type: type.unknown.name, payload: { effect_id } })
    }
  }

  #outside(name: string): Outside {
    const ring = this.#inbox.ring()
    return {
      publish: (input) => {
        try {
          return this.#offer(ring, input, name)
        } catch (thrown) {
          if (!(thrown instanceof EngineError)) throw thrown
          this.#log.warn({ adapter: name, code: thrown.code, type: input.type }, thrown.message)
          return true
        }
      },
      ingest: (input) => this.#ingest(ring, input, name),
      log: this.#log,
      signal: this.#intake.signal,
    }
  }

  #offer(ring: Ring<Parcel>, input: EventInput, source: string): boolean {
    if (this.health !== 'ok' || ring.full) return false
    ring.push(this.#parcel(input, source))
    this.#driver.wake()
    return true
  }

  async #ingest(ring: Ring<Parcel>, input: EventInput, source: string): Promise<number> {
    while (ring.full || this.health === 'store_full') await this.#inbox.room()
    assert(this.#health === 'ok', 'ENGINE_STATE', `the engine is ${this.#health} and takes nothing in`)
    return new Promise((resolve) => {
      ring.push(this.#parcel(input, source, resolve))
      this.#driver.wake()
    })
  }

  #parcel(input: EventInput, source: string, committed?: (tick: number) => void): Parcel {
    try {
      return this.#inbox.parcel({ ts: this.#clock(), ...input }, source, committed)
    } catch (thrown) {
      this.#refused++
      throw thrown
    }
  }

  #answer(answer: EventInput): void {
    const parcel = this.#parcel(answer, 'effect')
    assert(this.#answers.push(parcel), 'INBOX_FULL', 'more answers than effects can be out', answer.type)
    this.#driver.wake()
  }

  /** One tick for the driver; a promise only when something has to be made durable. */
  #tick(wall: boolean): Promise<void> | undefined {
    const now = this.#clock()
    const drift = Math.abs(this.#core.now_ms + this.#core.tick_ms - now)
    const work = wall || drift > this.#core.tick_ms
    return this.#run(work && this.#core.tick > 0 ? now : undefined)
  }

  #run(now_ms: number | undefined): Promise<void> | undefined {
    const parcels = this.#parcels
    parcels.length = 0
    if (now_ms !== undefined) parcels.push(this.#inbox.parcel({ type: ClockSet.name, payload: { now_ms } }, 'engine'))
    if (this.#suspects.length > 0 && this.#core.tick > 0) this.#trySuspect(parcels)
    else this.#inbox.drain(parcels)
    this.#batch.length = 0
    for (const parcel of parcels) this.#batch.push(parcel.event)
    this.#trace.beginTick()
    const outcome = this.#core.apply(this.#batch)
    this.#trace.endTick()
    return outcome.idle ? undefined : this.#commit(parcels)
  }

  #trySuspect(parcels: Parcel[]): void {
    const letter = this.#suspects.shift()
    if (letter === undefined) return
    this.#trying = letter
    parcels.push({ event: letter.event, text: JSON.stringify(letter.event), committed: undefined })
  }

  async #commit(parcels: readonly Parcel[]): Promise<void> {
    const forgotten: Put[] = this.#trying === undefined ? [] : [forgetLetter(this.#trying.id)]
    this.#trying = undefined
    const released = [...this.#core.outcome.released]
    await this.#recorder.commit(parcels, forgotten)
    if (this.#health === 'ok') for (const entity of released) this.#depart(entity)
    for (const { event, committed } of parcels) {
      committed?.(this.#core.tick)
      this.#tell(event)
    }
    for (const event of this.#core.emitted) this.#tell(event)
    if (this.#inbox.count > 0 || this.#core.emitted.length > 0 || this.#suspects.length > 0) this.#driver.wake()
  }

  #tell(event: Event): void {
    this.#trace.saw(event)
    for (const key of [event.type, '*']) {
      const listeners = this.#listeners.get(key)
      if (listeners === undefined) continue
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (thrown) {
          this.#log.error({ type: event.type, reason: reasonOf(thrown) }, 'a listener threw; the world goes on')
        }
      }
    }
  }

  #depart(entity: number): void {
    const effect = this.world.of(Effect)
    const effect_id = effect.effect_id[entity]!
    const type = this.#core.effectTypeOf(entity)
    const text = this.read(ownTables.outbox, effect_id)
    if (text === undefined) {
      this.#answer({
        type: type.failed.name,
        payload: { effect_id, code: 'REQUEST_LOST', reason: 'its request is not in the outbox' },
      })
      return
    }
    const { request } = JSON.parse(text) as { request: Payload }
    this.#dispatch.send({ effect_id, type, request, attempt: effect.attempts[entity]! })
  }

  #verify(): void {
    try {
      this.#store.verify()
    } catch (thrown) {
      void this.#fail(thrown)
    }
  }

  async #stop(): Promise<void> {
    if (this.#health === 'failed') return
    const wasStarted = this.#started
    this.#health = 'stopping'
    this.#intake.abort()
    clearInterval(this.#verifier)
    for (const adapter of [...(this.#options.adapters ?? [])].reverse()) await adapter.stop?.()
    const timer = setTimeout(() => this.#dispatch.park(), this.limits.stop_ms)
    await this.#dispatch.drained()
    clearTimeout(timer)
    await this.#driver.stop()
    if (wasStarted) {
      while (this.#inbox.count > 0) await this.#run(this.#clock())
      await this.#recorder.snapshot()
    }
    this.#recorder.stop()
    await this.#store.close()
    this.#health = 'stopped'
    this.#finish(undefined)
  }

  /** An error nothing can repair: set the batch aside, tell the owner, and end. */
  async #fail(thrown: unknown): Promise<EngineError> {
    const error =
      thrown instanceof EngineError ? thrown : new EngineError('SYSTEM_THREW', reasonOf(thrown), { cause: thrown })
    if (this.#health === 'failed' || this.#health === 'stopped') return error
    this.#health = 'failed'
    this.#log.error({ code: error.code }, error.message)
    this.#intake.abort()
    clearInterval(this.#verifier)
    this.#dispatch.park()
    this.#recorder.stop()
    await this.#driver.stop()
    await this.#bury(error)
    for (const adapter of this.#options.adapters ?? []) await adapter.stop?.()
    await this.#store.close()
    this.#finish(error)
    return error
  }

  async #bury(error: EngineError): Promise<void> {
    if (error.code !== 'SYSTEM_THREW') return
    const events = this.#batch.filter((event) => !ClockSet.is(event) && !EngineStarted.is(event))
    const first = this.#trying?.id ?? 1 + Math.max(0, ...this.#store.keys(ownTables.dead))
    if (events.length > 0) await this.#recorder.put(setAside(events, this.#core.tick, error, first))
  }
}

function declaredEvents(parts: Parts): EngineOptions['events'] {
  const answers = parts.effects.flatMap((type) => [type.done, type.failed, type.unknown])
  return [ClockSet, EngineStarted, ...parts.events, ...answers] as EngineOptions['events']
}

/** Room for an answer from every effect that can be out, so that an answer never waits behind other events. */
function answersMax(parts: Parts, limits: Limits): number {
  return parts.effects.reduce((sum, type) => sum + type.in_flight_max, limits.inbox_max)
}

function handlersOf(adapters: readonly Adapter[]): ReadonlyMap<string, EffectHandler> {
  const handlers = new Map<string, EffectHandler>()
  for (const adapter of adapters) {
    for (const [type, handler] of Object.entries(adapter.effects ?? {})) {
      assert(!handlers.has(type), 'EFFECT_TYPE_UNKNOWN', `two adapters perform ${type}; remove one`, adapter.name)
      handlers.set(type, handler)
    }
  }
  return handlers
}
