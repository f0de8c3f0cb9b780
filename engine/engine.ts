import { Beat } from './beat.ts'
import { assert, EngineError, reasonOf } from './errors.ts'
import { type Adapter, type Log, silent } from './flow/adapter.ts'
import { wallClock } from './flow/clock.ts'
import { Departures } from './flow/departures.ts'
import { Dispatch } from './flow/dispatch.ts'
import { Driver, type Pacing } from './flow/driver.ts'
import { Effect, type EffectType } from './flow/effect.ts'
import type { Event, EventInput } from './flow/event.ts'
import { type EventsOptions, eventsOf } from './flow/events.ts'
import { Intake } from './flow/intake.ts'
import { type Listener, Listeners } from './flow/listeners.ts'
import { turns, untilAborted, type Waiting } from './flow/waiting.ts'
import { type Limits, limitsOf } from './limits.ts'
import {
  answersMax,
  declaredEvents,
  type EngineOptions,
  type EngineStatus,
  type Health,
  handlersOf,
} from './options.ts'
import { type DeadLetter, DeadLetters, readDead } from './record/dead.ts'
import { frozenAt } from './record/frozen.ts'
import { markOf } from './record/mark.ts'
import { Past, type PastEntry, recoverAt } from './record/past.ts'
import { ownTables, Recorder } from './record/recorder.ts'
import { type Recovered, recover } from './record/recover.ts'
import { type ReplayReport, replayJournal } from './record/replay.ts'
import type { Store } from './record/store.ts'
import type { Pause, Visit } from './record/visit.ts'
import type { Core } from './tick.ts'
import { type Timings, Trace } from './trace.ts'
import { runtimeName, version } from './version.ts'
import type { World } from './world/world.ts'

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
    const about = { ran, backoff_max_ms: limits.backoff_max_ms }
    const recovered = await (options.at === undefined ? recover : recoverAt)(options, store, head.tick, about)
    for (const warning of [...head.warnings, ...recovered.warnings]) log.warn({ store: store.name }, warning)
    const { at } = options
    const still = at === undefined ? options : { ...options, store: frozenAt(store, at) }
    return new Engine(still, { limits, trace, recovered, log })
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
  readonly #beat: Beat
  readonly #intake: Intake
  readonly #dispatch: Dispatch
  readonly #recorder: Recorder
  readonly #driver: Driver
  readonly #listeners: Listeners
  readonly #stopper = new AbortController()
  readonly #departures: Departures
  readonly #dead: DeadLetters
  /** The ticks before this one: to look at them, to look for one, and to run on from one under something else. */
  readonly past: Past
  #verifier: NodeJS.Timeout | undefined
  #health: Health = 'ok'
  #started = false
  #stopping: Promise<void> | undefined
  #stepping: Promise<void> | undefined
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
    this.#listeners = new Listeners(log)
    const types = declaredEvents(options)
    this.past = new Past(options, { limits, log, types, last: () => this.tick })
    this.#intake = new Intake(types, limits, answersMax(options, limits), {
      health: () => this.health,
      wake: () => this.#driver.wake(),
      clock: this.#clock,
      committed: (listener) => this.#listeners.addCommitted(listener),
      view: this,
      signal: this.#stopper.signal,
      log,
    })
    this.#dispatch = new Dispatch(handlersOf(options.adapters ?? []), (answer) => this.#intake.answer(answer), log)
    const about = { version, runtime: runtimeName }
    this.#recorder = new Recorder(this.#core, this.#store, { limits, log, trace, about, ...recovered })
    this.#driver = new Driver(
      limits,
      (wall) => this.#beat.onTime(wall),
      (thrown) => void this.#fail(thrown),
    )
    const outboxed = (effect_id: number): string | undefined => this.read(ownTables.outbox, effect_id)
    this.#departures = new Departures(this.#core, this.#dispatch, outboxed, (answer) => this.#intake.answer(answer))
    this.#dead = new DeadLetters(this.#store)
    this.#beat = new Beat({
      core: this.#core,
      intake: this.#intake,
      recorder: this.#recorder,
      dead: this.#dead,
      departures: this.#departures,
      listeners: this.#listeners,
      trace,
      limits,
      seed: options.seed ?? 1,
      clock: this.#clock,
      departing: () => this.#health === 'ok',
      wake: () => this.#driver.wake(),
    })
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
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

  /** Nothing waits, is out, or was said and not heard. */
  get quiet(): boolean {
    return this.#intake.count === 0 && this.#core.emitted.length === 0 && this.world.each(Effect).length === 0
  }

  /**
   * Starts the adapters one after the other, then takes up open effects and lets ticks run: none reaches an adapter that has not
   * started. An adapter must not wait for a tick in its `start`. Where the signal ends it, `stop` is still to be called.
   * @throws EngineError SCHEMA_INVALID for a schema of an event or effect that cannot be used
   */
  async start({ signal }: Waiting = {}): Promise<void> {
    signal?.throwIfAborted()
    const fresh = !this.#started && this.#health === 'ok' && this.#options.at === undefined
    assert(fresh, 'ENGINE_STATE', 'start() is called once, on a fresh engine that does not stand in the past')
    this.#intake.compile()
    this.#core.compile()
    this.#started = true
    const started = (adapter: Adapter) => Promise.resolve(adapter.start?.(this.#intake.outside(adapter.name)))
    for (const adapter of this.#options.adapters ?? []) await untilAborted(started(adapter), signal)
    if (this.#health !== 'ok') return
    this.#departures.takeUp(this.#dead.letters)
    if (this.#options.drive !== 'manual') this.#driver.start()
    this.#verifier = setInterval(() => this.#verify(), this.limits.verify_ms)
    this.#verifier.unref()
  }

  /**
   * Runs one tick with what waits in the rings; for embedders with a loop of their own.
   * @param now_ms world time to set; without it the tick advances time by `tick_ms`
   */
  async step(now_ms?: number): Promise<void> {
    const byHand = this.#options.drive === 'manual'
    assert(byHand, 'ENGINE_STATE', "step() needs drive: 'manual'; a started engine ticks by itself")
    assert(this.#health === 'ok', 'ENGINE_STATE', `the engine is ${this.#health}`)
    assert(this.#stepping === undefined, 'ENGINE_STATE', 'the step before has not ended; await it')
    assert(now_ms === undefined || Number.isFinite(now_ms), 'EVENT_INVALID', `${now_ms} is no time`, now_ms)
    try {
      this.#stepping = this.#beat.run(now_ms)
      await this.#stepping
    } catch (thrown) {
      throw await this.#fail(thrown)
    } finally {
      this.#stepping = undefined
    }
  }

  /**
   * Offers an event. False when there is no room: keep it and offer it again.
   * @throws EngineError EVENT_TYPE_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE
   */
  publish(input: EventInput): boolean {
    return this.#intake.publish(input)
  }

  /** Resolves with the tick at which the event is durable; waits while the ring is full. */
  ingest(input: EventInput, waiting: Waiting = {}): Promise<number> {
    return this.#intake.ingest(input, waiting)
  }

  /** Resolves when `publish` would take an event again. @throws EngineError ENGINE_STATE when the engine ends first */
  room({ signal }: Waiting = {}): Promise<void> {
    return this.#intake.room(undefined, signal)
  }

  /** Resolves when all that was published so far is durable. @throws EngineError the reason why it never will be */
  flushed({ signal }: Waiting = {}): Promise<void> {
    return untilAborted(this.#intake.flushed(), signal)
  }

  /** Events of a type, or of all that begin alike (`chat.*`), once they are durable; for `for await`. @throws EngineError LISTENER_SLOW */
  events(type = '*', options: EventsOptions = {}): AsyncGenerator<Event, void, undefined> {
    return eventsOf((listener) => this.on(type, listener), this.finished, options)
  }

  /** Hears events of a type, of all that begin alike (`chat.*`), or of all (`*`), once they are durable. Returns the way to stop. */
  on(type: string, listener: Listener): () => void {
    return this.#listeners.add(type, listener)
  }

  /** A record's text, as systems read it: also of a tick that is being made durable. @throws EngineError RECORD_DAMAGED */
  read(table: string, id: number): string | undefined {
    return this.#core.read(table, id)
  }

  /** Digest of the chain of all journaled ticks. */
  digest(): string {
    return this.#core.digest
  }

  /** CRC-32 of every column: where two worlds differ. O(bytes of the world). */
  mark(): { readonly [column: string]: number } {
    return markOf(this.#core)
  }

  /** Runs the journal again beside this world and holds every tick against the record. With a signal others have their turn. */
  replay({ signal, ...range }: { from?: number; until?: number } & Waiting = {}): Promise<ReplayReport> {
    const { backoff_max_ms } = this.limits
    return replayJournal(this.#options, this.#store, { ...range, pause: turns(signal), backoff_max_ms })
  }

  /**
   * The world as it was after a tick, made anew beside this one for looking at. Of this world it costs what `pause` lets it.
   * @throws EngineError TICK_GONE
   */
  visit(tick: number, how?: Pause | Waiting): Promise<Visit> {
    return this.past.visit(tick, typeof how === 'function' ? how : turns(how?.signal))
  }

  /** The first tick that `visit` can show. */
  get firstTick(): number {
    return this.past.firstTick
  }

  /** Ticks of the snapshots from which `replay` can begin, newest first. */
  snapshots(): readonly number[] {
    return this.#store.snapshots()
  }

  timings(): Timings {
    return this.#trace.timings()
  }

  /** Microseconds of the last 1,200 ticks after one, oldest first: `[tick, whole, ...one for each system]`; at most `max`, the newest. */
  timeline(after_tick: number, max: number): number[][] {
    return this.#trace.timeline(after_tick, max)
  }

  /** The last events, oldest first. */
  recent(): readonly Event[] {
    return this.#trace.recent()
  }

  deadLetters(): readonly DeadLetter[] {
    return readDead(this.#store)
  }

  status(): EngineStatus {
    return {
      health: this.health,
      tick: this.#core.tick,
      now_ms: this.#core.now_ms,
      digest: this.#core.digest,
      journal_ticks: this.#store.journalCount(),
      snapshot_tick: this.#recorder.snapshot_tick,
      data_bytes: this.#store.bytes(),
      outbox: this.#departures.status(),
      inbox: this.#intake.count,
      refused: this.#intake.refused,
      dead: this.#store.count(ownTables.dead),
    }
  }

  /** How fast the world goes by the wall: pause, single steps, rate. For debugging. */
  get pacing(): Pacing {
    return this.#driver
  }

  /** Takes a snapshot of the last durable tick. */
  async snapshot({ signal }: Waiting = {}): Promise<void> {
    assert(this.#health === 'ok', 'ENGINE_STATE', `the engine is ${this.#health}`)
    await untilAborted(this.#recorder.snapshot(), signal)
  }

  /**
   * Takes a snapshot and makes it the beginning of what can be replayed: nothing removed from the world is left in the journal before
   * it. What the system or the database keeps of freed pages is beyond its reach. Nothing is dropped when `save` fails.
   * @returns the tick at which the past now begins
   */
  async dropPast(save?: (past: Iterable<PastEntry>) => Promise<void>): Promise<number> {
    await this.snapshot()
    const tick = this.#recorder.snapshot_tick
    await save?.(this.past.entries(tick))
    await this.#store.dropPast(tick)
    return tick
  }

  /**
   * Stops intake, finishes or parks effects, commits, takes a snapshot, closes the store. Safe to call twice.
   * @throws EngineError when the engine fails while it stops
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #verify(): void {
    try {
      this.#store.verify()
      if (this.#health === 'ok') this.#recorder.rest()
    } catch (thrown) {
      void this.#fail(thrown)
    }
  }

  async #stop(): Promise<void> {
    if (this.#health === 'failed') return void (await this.finished)
    this.#health = 'stopping'
    this.#stopper.abort()
    clearInterval(this.#verifier)
    await this.#stopAdapters()
    const { stop_ms } = this.limits
    // What may be repeated and may take longer than there is time is not waited for: a question to a model, say.
    const long = (type: EffectType): boolean => type.retry === 'safe' && type.deadline_ms > stop_ms
    const timers = [
      setTimeout(() => this.#dispatch.park(long), stop_ms / 10),
      setTimeout(() => this.#dispatch.park(), stop_ms),
    ]
    await this.#dispatch.drained()
    for (const timer of timers) clearTimeout(timer)
    await this.#settle()
    if (this.health === 'failed') throw await this.finished
    await this.#close()
  }

  /** The last ticks of a run that ends well: what is still in the rings, and a snapshot of where it stood. */
  async #close(): Promise<void> {
    try {
      if (this.#started) {
        await this.#beat.finish()
        await this.#recorder.snapshot()
      }
    } catch (thrown) {
      throw await this.#fail(thrown)
    }
    this.#intake.close(new EngineError('ENGINE_STATE', 'the engine has stopped'))
    await this.#store.close()
    this.#health = 'stopped'
    this.#finish(undefined)
  }

  /** Resolves when no tick is under way; one that cannot be written is not tried again for ever. */
  async #settle(): Promise<void> {
    this.#recorder.stop()
    await this.#driver.stop()
    await Promise.allSettled([this.#stepping])
  }

  /** An error nothing can repair: set the batch aside, tell the owner, and end. */
  async #fail(thrown: unknown): Promise<EngineError> {
    const error =
      thrown instanceof EngineError ? thrown : new EngineError('SYSTEM_THREW', reasonOf(thrown), { cause: thrown })
    if (this.#health === 'failed' || this.#health === 'stopped') return error
    this.#health = 'failed'
    this.#log.error({ code: error.code }, error.message)
    this.#stopper.abort()
    clearInterval(this.#verifier)
    this.#dispatch.park()
    await this.#settle()
    await this.#orSay('the dead letters could not be written', () => this.#beat.bury(error))
    this.#beat.reject(error)
    this.#intake.close(error)
    await this.#stopAdapters()
    await this.#orSay('the store could not be closed', () => this.#store.close())
    this.#finish(error)
    return error
  }

  async #stopAdapters(): Promise<void> {
    for (const adapter of [...(this.#options.adapters ?? [])].reverse()) {
      await this.#orSay(`${adapter.name} could not be stopped`, () => adapter.stop?.())
    }
  }

  /** For steps on the way out, which goes on whatever fails. */
  async #orSay(what: string, work: () => void | Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      this.#log.error({ reason: reasonOf(thrown) }, what)
    }
  }
}
