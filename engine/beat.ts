import type { EngineError } from './errors.ts'
import type { Departures } from './flow/departures.ts'
import { Effect } from './flow/effect.ts'
import { ClockSet, EffectsHeld, EngineStarted, type Event, type Payload } from './flow/event.ts'
import type { Parcel } from './flow/inbox.ts'
import type { Intake } from './flow/intake.ts'
import type { Listeners } from './flow/listeners.ts'
import type { Limits } from './limits.ts'
import type { DeadLetters } from './record/dead.ts'
import { recordFormat } from './record/journal.ts'
import type { Recorder } from './record/recorder.ts'
import type { Core } from './tick.ts'
import type { Trace } from './trace.ts'
import { runtimeName, version } from './version.ts'

/** Ticks in which effects that can no longer leave are taken back; each may ask for others. */
const heldTicks_max = 64

/** What a beat is made of, and what it asks of the engine around it. */
export type BeatParts = {
  readonly core: Core
  readonly intake: Intake
  readonly recorder: Recorder
  readonly dead: DeadLetters
  readonly departures: Departures
  readonly listeners: Listeners
  readonly trace: Trace
  readonly limits: Limits
  readonly seed: number
  clock(): number
  /** Whether released effects may leave now; while the engine stops they wait in the record. */
  departing(): boolean
  wake(): void
}

/** One tick from the rings to the disk: drain, apply, commit, and only then let effects out and listeners know. */
export class Beat {
  readonly #parts: BeatParts
  readonly #parcels: Parcel[] = []
  readonly #batch: Event[] = []
  /** Effects that must not be repeated and were released after the last moment to leave. */
  readonly #held: number[] = []
  #introduced = false

  constructor(parts: BeatParts) {
    this.#parts = parts
  }

  /** One tick for the driver. @param wall whether it should begin with the wall's time */
  onTime(wall: boolean): Promise<void> | undefined {
    const now = this.#parts.clock()
    const { now_ms, tick_ms } = this.#parts.core
    const { batch_bytes_usual } = this.#parts.limits
    const ahead_ms = now_ms + tick_ms - now
    // A little ahead: wait for the wall. Far ahead: the wall was set back, and time that stood still would hold every
    // timer until it is there again.
    const setBack = ahead_ms > (this.#parts.limits.catch_up_max + 2) * tick_ms
    return this.run(wall || (Math.abs(ahead_ms) > tick_ms && !setBack) ? now : undefined, batch_bytes_usual)
  }

  /**
   * One tick; a promise only when something has to be made durable.
   * @param now_ms world time to set
   * @param usual bytes of events from which on the batch is full enough; else it takes what fits
   */
  run(now_ms: number | undefined, usual?: number): Promise<void> | undefined {
    const { core, trace } = this.#parts
    this.#gather(now_ms, usual)
    trace.beginTick()
    const outcome = core.apply(this.#batch)
    trace.endTick(core.tick)
    return outcome.idle ? undefined : this.#commit()
  }

  /**
   * The last ticks of a run that ends well: what is still in the rings, and what was released and may not leave any more.
   * What systems ask for meanwhile is held too; none of it goes on for ever.
   */
  async finish(): Promise<void> {
    const { intake, clock } = this.#parts
    for (let held = 0; intake.count > 0 || (this.#held.length > 0 && held < heldTicks_max); ) {
      if (this.#held.length > 0) held++
      await this.run(clock())
    }
  }

  /** The running tick will never be durable: those who wait for its events learn why. */
  reject(reason: EngineError): void {
    for (const parcel of this.#parcels) parcel.waiting?.reject(reason)
  }

  /** Sets aside what the tick that threw has heard. */
  async bury(error: EngineError): Promise<void> {
    if (error.code !== 'SYSTEM_THREW') return
    const { core, dead, recorder } = this.#parts
    const puts = dead.bury(this.#batch, core.emitted, { tick: core.tick, reason: error.message })
    if (puts.length > 0) await recorder.put(puts)
  }

  /** The batch: the time where it is due, who writes in the first tick of a run, a suspect alone, else what waits. */
  #gather(now_ms: number | undefined, usual: number | undefined): void {
    const { core, dead, intake, clock } = this.#parts
    const parcels = this.#parcels
    const first = !this.#introduced
    this.#introduced = true
    parcels.length = 0
    if (first || now_ms !== undefined) parcels.push(this.#own(ClockSet.name, { now_ms: now_ms ?? clock() }))
    if (first) parcels.push(this.#own(EngineStarted.name, this.#introduction()))
    if (this.#held.length > 0) parcels.push(this.#own(EffectsHeld.name, { effect_ids: this.#held.splice(0) }))
    const quiet = !first && core.emitted.length === 0
    const suspect = quiet ? dead.trySuspect() : undefined
    if (suspect === undefined) intake.drain(parcels, usual)
    else parcels.push(intake.again(suspect))
    this.#batch.length = 0
    for (const parcel of parcels) this.#batch.push(parcel.event)
  }

  /** Who writes the journal from here on; the second event of every run. */
  #introduction(): Payload {
    const { core, dead, limits, seed } = this.#parts
    const set_aside = dead.setAside(core.emitted)
    return {
      version,
      runtime: runtimeName,
      format: recordFormat,
      arch: process.arch,
      seed,
      tick_ms: limits.tick_ms,
      backoff_max_ms: limits.backoff_max_ms,
      ...(set_aside.length === 0 ? {} : { set_aside }),
    }
  }

  /** An event of the engine's own; its id comes from the tick, so that the same run twice has the same digest. */
  #own(type: string, payload: Payload): Parcel {
    return this.#parts.intake.own({ type, payload, id: `${type}:${this.#parts.core.tick + 1}` })
  }

  async #commit(): Promise<void> {
    const { core, intake, recorder, dead, departures } = this.#parts
    const released = [...core.outcome.released]
    // Most effects leave with the tick that asked for them: their requests need not be read back from the outbox.
    const fresh =
      released.length === 0 ? undefined : new Map(core.outcome.requests.map((each) => [each.effect_id, each.text]))
    await recorder.commit(this.#parcels, dead.forgotten())
    intake.committed()
    departures.ended(core.outcome.settled)
    this.#parts.listeners.committed(core.tick)
    if (this.#parts.departing()) for (const entity of released) departures.depart(entity, fresh)
    else this.#hold(released)
    for (const { event, waiting } of this.#parcels) {
      waiting?.resolve(core.tick)
      this.#tell(event)
    }
    for (const event of core.emitted) this.#tell(event)
    if (intake.count > 0 || core.emitted.length > 0 || dead.suspects > 0) this.#parts.wake()
  }

  #hold(released: readonly number[]): void {
    const { core } = this.#parts
    const { effect_id } = core.world.of(Effect)
    for (const entity of released) if (core.effectTypeOf(entity).retry === 'once') this.#held.push(effect_id[entity]!)
  }

  #tell(event: Event): void {
    this.#parts.trace.saw(event)
    this.#parts.listeners.tell(event)
  }
}
