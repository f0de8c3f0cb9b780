import { setImmediate as turn } from 'node:timers/promises'
import { Agenda } from './agenda.ts'
import { auditOutcomes, auditReplay } from './audit.ts'
import { partsWith } from './canaries.ts'
import { Dice } from './dice.ts'
import { rescan_ms } from './disk.ts'
import { Faults } from './faults.ts'
import { Folder } from './folder.ts'
import { Platter } from './platter.ts'
import type { Wish } from './policy.ts'
import { type Ground, Process, setPolicy } from './process.ts'
import { auditRecall } from './recollection.ts'
import { brokenBy, type SimOptions, type SimReport } from './report.ts'
import { Talk } from './talk.ts'
import { Court, Violation } from './violation.ts'
import { Witness } from './witness.ts'
import { Workload } from './workload.ts'

const tick_ms = 50
const fullEvery = 256
const genesisEvery = 1024
/** Ticks within which everything must come to rest once the faults have ended. */
const restWithin = 6_000

/** Runs one seed: a phase with faults in which nothing may be broken, then one without in which everything must end. */
export function simulate(options: SimOptions): Promise<SimReport> {
  return new Simulation(options).run()
}

/** The faults that a seed enables. */
export function faultsOf(seed: number): Faults {
  return Faults.choose(Dice.of(seed, 'faults'))
}

class Simulation {
  readonly #options: SimOptions
  readonly #dice: Dice
  readonly #faults: Faults
  readonly #court = new Court()
  readonly #ground: Ground
  readonly #witness: Witness
  readonly #workload: Workload
  readonly #talk: Talk
  readonly #crashRate: number
  #process!: Process
  #wish: Wish
  #ticks = 0
  #crashes = 0
  #scans = 0
  #skew_ms = 0
  /** A full disk is waited for in real time, so it comes once a run. */
  #fullLeft = 1
  #journalTicks = 0

  constructor(options: SimOptions) {
    const { seed, canary } = options
    this.#options = options
    this.#dice = Dice.of(seed, 'run')
    this.#faults = faultsOf(seed)
    const agenda = new Agenda()
    const clock = (): number => 1_800_000_000_000 + agenda.now_ms + this.#skew_ms
    const folder = new Folder(clock)
    const small = this.#faults.has('small_rings')
    this.#ground = {
      seed,
      agenda,
      folder,
      platter: new Platter(this.#court, canary === 'early_commit'),
      faults: this.#faults,
      dice: Dice.of(seed, 'neighbours'),
      parts: partsWith(canary),
      limits: {
        stop_ms: 1,
        ...(small ? { inbox_max: 16, batch_max: 8 } : {}),
        ...(this.#faults.has('snapshots') ? { snapshot_bytes: 20_000 } : {}),
      },
      canary,
      clock,
    }
    this.#witness = new Witness(this.#court, folder)
    folder.observe(({ path, by, after }) => {
      if (path !== options.trace?.path) return
      if (after === undefined) this.#trace(`${by} deletes it`)
      else this.#trace(`${by} writes at ${after.stat.changed_ms} ${JSON.stringify(after.bytes.toString())}`)
    })
    this.#workload = new Workload(Dice.of(seed, 'workload'), folder)
    this.#talk = new Talk(Dice.of(seed, 'talk'))
    this.#crashRate = this.#dice.pick([0.003, 0.01, 0.03])
    this.#wish = { write: this.#dice.chance(0.8), chained: this.#dice.chance(0.3) }
  }

  async run(): Promise<SimReport> {
    let violation: SimReport['violation']
    try {
      await this.#begin()
      for (let tick = 0; tick < this.#options.ticks; tick++) await this.#faultyTick()
      await this.#comeToRest()
      await this.#judgeAll(true)
      await this.#endWell()
    } catch (thrown) {
      violation = { ...brokenBy(thrown), tick: this.#ticks }
    }
    return this.#report(violation)
  }

  #trace(line: string): void {
    const { agenda } = this.#ground
    this.#options.trace?.say(`    tick ${this.#ticks}, ${agenda.now_ms} ms: ${line}`)
  }

  #report(violation: SimReport['violation']): SimReport {
    return {
      seed: this.#options.seed,
      ticks: this.#ticks,
      faults: this.#faults.chosen,
      checks: this.#court.checks,
      crashes: this.#crashes,
      ok: violation === undefined,
      violation,
      mark: this.#process.engine.mark(),
      edits: this.#workload.edits,
      journal_ticks: this.#journalTicks,
    }
  }

  async #begin(): Promise<void> {
    this.#process = await Process.begin(this.#ground, this.#wish, ++this.#scans)
    const { engine } = this.#process
    this.#witness.follow(engine)
    this.#trace(`a process begins at tick ${engine.tick}`)
    const { trace } = this.#options
    if (trace !== undefined) {
      engine.on('*', (event) => {
        if (JSON.stringify(event).includes(trace.path)) this.#trace(`${event.type} ${JSON.stringify(event.payload)}`)
      })
    }
    this.#workload.deliverAgain(this.#process.engine)
    this.#talk.deliverAgain(this.#process.engine, this.#ground.clock())
  }

  async #faultyTick(): Promise<void> {
    this.#workload.edit()
    this.#workload.speak(this.#process.engine)
    this.#talk.speak(this.#process.engine, this.#ground.clock())
    if (this.#faults.has('policy_change') && this.#dice.chance(0.01)) this.#changePolicy()
    if (this.#faults.has('clock_jump') && this.#dice.chance(0.02)) {
      this.#skew_ms += this.#dice.pick([-3_600_000, -500, 700, 60_000, 7_200_000])
    }
    if (this.#faults.has('store_full') && this.#fullLeft > 0 && this.#dice.chance(0.004)) {
      this.#fullLeft--
      await this.#tickWhileFull()
    }
    await this.#passTime()
    await this.#tickOrDie()
    if (this.#ticks % fullEvery === 0) await this.#judgeAll(this.#ticks % genesisEvery === 0)
  }

  #changePolicy(): void {
    const wish = {
      write: !this.#wish.write,
      chained: this.#dice.chance(0.2) ? !this.#wish.chained : this.#wish.chained,
    }
    if (setPolicy(this.#process.engine, wish)) this.#wish = wish
  }

  /** A tick's worth of virtual time; whoever had an answer then has delivered it. */
  async #passTime(): Promise<void> {
    if (this.#ground.agenda.advance(tick_ms) > 0) await turn()
  }

  async #tickOrDie(): Promise<void> {
    if (this.#faults.has('crash') && this.#dice.chance(this.#crashRate)) return this.#rise(() => this.#process.kill())
    if (this.#faults.has('clean_restart') && this.#dice.chance(this.#crashRate / 2)) {
      return this.#rise(() => this.#process.stop())
    }
    if (this.#faults.has('snapshots') && this.#dice.chance(0.01)) await this.#process.engine.snapshot()
    if (this.#faults.has('crash_in_commit') && this.#dice.chance(this.#crashRate)) return this.#dieInCommit()
    await this.#tick()
  }

  async #tick(): Promise<void> {
    const { engine } = this.#process
    const jump = this.#faults.has('clock_jump') && this.#dice.chance(0.1)
    this.#ticks++
    await engine.step(jump ? this.#ground.clock() : undefined)
    this.#witness.afterTick(this.#process.disk)
    this.#court.session()
  }

  /** The disk is full when the next tick is committed: nothing is taken in until there is room, or until the process dies. */
  async #tickWhileFull(): Promise<void> {
    const { platter } = this.#ground
    const { engine } = this.#process
    platter.fullFor = 1
    this.#ticks++
    const stepping = engine.step(this.#ground.clock())
    await turn()
    this.#court.holds(
      engine.health === 'store_full',
      'store full',
      () => `the disk is full and health is ${engine.health}`,
    )
    const taken = setPolicy(engine, this.#wish)
    this.#court.holds(!taken, 'store full', () => 'an event was taken in while the disk was full')
    if (this.#faults.has('crash') && this.#dice.chance(0.5)) await this.#rise(() => this.#process.kill())
    else await stepping
    this.#court.session()
  }

  /** Ticks until one has something to commit, and dies in the middle of that. */
  async #dieInCommit(): Promise<void> {
    const hung = this.#ground.platter.doom(this.#dice.chance(0.5) ? 'lost' : 'unacknowledged')
    let died = false
    void hung.then(() => {
      died = true
    })
    for (let left = 20; left > 0 && !died; left--) {
      this.#ticks++
      await Promise.race([this.#process.engine.step(), hung])
      if (!died) await this.#passTime()
    }
    this.#court.session()
    await this.#rise(() => this.#process.kill())
  }

  /** The process ends, time goes by in which people go on working, and another one begins on the same disks. */
  async #rise(end: () => void | Promise<void>): Promise<void> {
    this.#crashes++
    await end()
    for (let left = this.#dice.whole(0, 5); left > 0; left--) {
      this.#workload.edit()
      await this.#passTime()
    }
    await this.#begin()
    this.#court.session()
  }

  async #comeToRest(): Promise<void> {
    this.#faults.calm()
    while (!setPolicy(this.#process.engine, this.#wish)) await this.#calmTick()
    const begun = this.#ticks
    // A hint that was lost before is made up for by the next comparison at the latest.
    const quietFrom = begun + Math.ceil((2 * rescan_ms) / tick_ms)
    while (this.#ticks < quietFrom || !this.#rests) {
      await this.#calmTick()
      if (this.#ticks - begun > restWithin) {
        const open = JSON.stringify(this.#process.engine.status().outbox)
        throw new Violation('liveness', `after ${restWithin} ticks without faults something is still open: ${open}`)
      }
    }
    this.#witness.atRest(this.#wish)
    this.#court.session()
  }

  get #rests(): boolean {
    return this.#process.engine.quiet && this.#process.disk.told
  }

  async #calmTick(): Promise<void> {
    await this.#passTime()
    await this.#tick()
  }

  async #judgeAll(genesis: boolean): Promise<void> {
    const { engine } = this.#process
    const froms = genesis ? [...engine.snapshots(), 0] : engine.snapshots().slice(0, 1)
    for (const from of froms.length === 0 ? [0] : froms) await auditReplay(this.#court, engine, from)
    if (genesis) {
      const { parts, platter } = this.#ground
      auditOutcomes(this.#court, parts, platter.ram, { notes: this.#workload.notes, said: this.#talk.said })
      auditRecall(this.#court, engine)
    }
    this.#journalTicks = engine.status().journal_ticks
    this.#court.session()
  }

  /** A clean stop and a start: the world must be the one that was left. */
  async #endWell(): Promise<void> {
    const { engine } = this.#process
    const tick = engine.tick
    const before = JSON.stringify(engine.mark())
    await this.#process.stop()
    this.#process = await Process.begin(this.#ground, this.#wish, ++this.#scans)
    const after = JSON.stringify(this.#process.engine.mark())
    const found = this.#process.engine.tick
    this.#court.holds(found !== tick || before === after, 'recovery', () => 'a clean stop came back as another world')
    this.#court.holds(found === tick, 'recovery', () => `stopped at tick ${tick}, came back at ${found}`)
    await this.#process.stop()
    this.#court.session()
  }
}
