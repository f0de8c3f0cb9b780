import { auditOutcomes, auditReplay } from './audit.ts'
import type { Cast } from './ground.ts'
import { auditNexus } from './nexus.ts'
import { auditForgotten } from './oblivion.ts'
import type { Wish } from './policy.ts'
import type { Process } from './process.ts'
import { auditRecall } from './recollection.ts'
import { viewOf } from './replica.ts'
import { auditVectors } from './vectors.ts'

const fullEvery = 256
/** Ticks in which nothing happens are looked at so often. */
const idleEvery = 16
/** A world at rest takes a snapshot now and then, and a life that begins from it has few idle ticks to run again; but not always. */
const oldAfter = 3_000
const oldEvery = 4
/** One seed in so many is replayed from genesis by the engine itself. */
const genesisEvery = 8

/** Decides when which checkers look, and asks the court after each of them. */
export class Judge {
  /** Ticks in a row in which nothing happened. */
  idle = 0
  journalTicks = 0
  readonly #cast: Cast
  #process!: Process
  #looked = ''
  #due = false
  #begunFrom = 0

  constructor(cast: Cast) {
    this.#cast = cast
  }

  /** A new life of the process is watched from here on: it must be the world that the journal tells of. */
  follow(process: Process): void {
    const { witness, docket, replica, returns } = this.#cast
    this.#process = process
    this.#looked = ''
    witness.follow(process.engine)
    docket.follow(process.engine)
    returns.follow(process.engine)
    replica.follow(process.engine)
  }

  /** The cheap checks: after every tick that was journaled, and now and then after one in which nothing happened. */
  afterTick(): void {
    const { court, witness, docket, foreman } = this.#cast
    const digest = this.#process.engine.digest()
    this.idle = digest === this.#looked ? this.idle + 1 : 0
    if (this.idle % idleEvery !== 0) return
    this.#looked = digest
    witness.afterTick(this.#process.disk)
    docket.afterTick()
    foreman.afterTick(this.#process.engine)
    court.session()
  }

  /** The full checks every 256 ticks, where the world is durable and can be compared: after a journaled tick. */
  async now(ticks: number): Promise<void> {
    this.#due ||= ticks % fullEvery === 0
    if (this.#due && this.idle === 0) await this.all()
  }

  /** The full checks. The replica has run every entry once; a snapshot is begun from once, while it is the newest. */
  async all(): Promise<void> {
    const { engine } = this.#process
    const { ground, court, docket, replica, eraser, returns } = this.#cast
    this.#due = false
    docket.judgeAll()
    returns.judgeAll(engine)
    auditVectors(court, engine.world)
    replica.compare(engine)
    const { records } = ground.parts
    await auditForgotten(court, engine, { store: ground.platter.ram, records, forgotten: eraser.forgotten })
    if (ground.seed % oldEvery !== 0 && engine.tick - (engine.snapshots()[0] ?? 0) > oldAfter) await engine.snapshot()
    const [newest = 0] = engine.snapshots()
    if (newest !== this.#begunFrom) await auditReplay(court, engine, newest)
    this.#begunFrom = newest
    this.journalTicks = replica.entries
    court.session()
  }

  /** After the faults have ended and everything has come to rest. */
  async atRest(wish: Wish): Promise<void> {
    const { engine } = this.#process
    const { court, witness, docket, replica, ground, workload, talk, operator, eraser, foreman } = this.#cast
    witness.atRest(wish)
    docket.atRest()
    foreman.atRest(engine)
    court.session()
    await this.all()
    // The replica has lived from genesis already: the engine's own replay of all of it is tried now and then.
    if (ground.seed % genesisEvery === 0 && !eraser.dropped) await auditReplay(court, engine, 0)
    replica.finish(engine)
    const given = { notes: workload.notes, said: talk.said, told: operator.told }
    auditOutcomes(court, engine.world, ground.platter.ram, replica.heard, given)
    auditNexus(court, engine.world)
    auditRecall(court, engine, viewOf(replica.core, ground.platter.ram))
    court.session()
  }
}
