import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { Dice } from './dice.ts'
import { rescan_ms } from './disk.ts'
import { type Cast, castOf } from './ground.ts'
import { Judge } from './judge.ts'
import { Marks } from './marks.ts'
import type { Fate } from './platter.ts'
import { otherWish, type Wish, wishBy } from './policy.ts'
import { Process, setPolicy } from './process.ts'
import { brokenBy, type SimOptions, type SimReport } from './report.ts'
import { Spells } from './spells.ts'
import { vectorsAwaited, vectorsResumeAt } from './vectors.ts'
import { Violation } from './violation.ts'

const tick_ms = 50
/** Ticks within which everything must come to rest once the faults have ended. */
const restWithin = 6_000
/** When so many ticks in a row had nothing to do, time goes faster until one has. */
const boredAfter = 40
/** By how much a clock is wrong, or is set. */
const skews_ms = [-3_600_000, -500, 700, 60_000, 7_200_000]
/** After so many restarts there are fewer. */
const wearyAfter = 20
const bored_ms = 5_000

/** Runs one seed: a phase with faults in which nothing may be broken, then one without in which everything must end. */
export function simulate(options: SimOptions): Promise<SimReport> {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: SimOptions
  readonly #dice: Dice
  readonly #cast: Cast
  readonly #judge: Judge
  readonly #spells: Spells
  readonly #marks = new Marks()
  readonly #crashRate: number
  #process!: Process
  #wish: Wish
  #ticks = 0
  #crashes = 0
  #scans = 0
  /** A full disk is waited for in real time, so it comes once a run. */
  #fullLeft = 1
  #digest = ''
  /** Ticks in a row, without faults, in which nothing was under way. */
  #bored = 0

  constructor(options: SimOptions) {
    this.#options = options
    this.#dice = Dice.of(options.seed, 'run')
    this.#spells = new Spells(Dice.of(options.seed, 'spells'), options.storm === true)
    this.#crashRate = this.#dice.pick(options.storm ? [0.02, 0.05, 0.1] : [0.002, 0.004, 0.01])
    this.#wish = wishBy(this.#dice)
    this.#cast = castOf(options, this.#wish.tight)
    this.#judge = new Judge(this.#cast)
    this.#cast.ground.folder.observe(({ path, by, after }) => {
      if (path !== options.trace?.path) return
      if (after === undefined) this.#trace(`${by} deletes it`)
      else this.#trace(`${by} writes at ${after.stat.changed_ms} ${JSON.stringify(after.bytes.toString())}`)
    })
  }

  async run(): Promise<SimReport> {
    let violation: SimReport['violation']
    try {
      await this.#begin()
      for (let tick = 0; tick < this.#options.ticks; tick++) await this.#faultyTick()
      await this.#comeToRest()
      await this.#judge.atRest(this.#wish)
      await this.#endWell()
    } catch (thrown) {
      violation = { ...brokenBy(thrown), tick: this.#ticks }
    }
    return this.#report(violation)
  }

  #trace(line: string): void {
    const { agenda } = this.#cast.ground
    this.#options.trace?.say(`    tick ${this.#ticks}, ${agenda.now_ms} ms: ${line}`)
  }

  #report(violation: SimReport['violation']): SimReport {
    const { ground, court, workload } = this.#cast
    return {
      seed: this.#options.seed,
      ticks: this.#ticks,
      faults: ground.faults.chosen,
      struck: ground.faults.struck,
      checks: court.checks,
      crashes: this.#crashes,
      ok: violation === undefined,
      violation,
      digest: this.#digest,
      marks: [...this.#marks.seen].sort(),
      edits: workload.edits,
      journal_ticks: this.#judge.journalTicks,
    }
  }

  async #begin(): Promise<void> {
    const { ground, workload, talk, operator, eraser } = this.#cast
    this.#process = await Process.begin(ground, this.#wish, ++this.#scans)
    const { engine } = this.#process
    this.#judge.follow(this.#process)
    this.#marks.follow(engine)
    this.#trace(`a process begins at tick ${engine.tick}`)
    const { trace } = this.#options
    if (trace !== undefined) {
      engine.on('*', (event) => {
        if (JSON.stringify(event).includes(trace.path)) this.#trace(`${event.type} ${JSON.stringify(event.payload)}`)
      })
    }
    workload.deliverAgain(engine)
    talk.deliverAgain(engine, ground.clock())
    operator.deliverAgain(engine)
    eraser.deliverAgain(engine)
  }

  async #faultyTick(): Promise<void> {
    const { faults } = this.#cast.ground
    const stirs = this.#spells.stirs()
    if (stirs) this.#stir()
    // Faults meet work: while nothing is under way they are rare.
    const rate = stirs || !this.#process.engine.quiet ? 1 : 0.02
    if (faults.strikes('policy_change', this.#dice, 0.004 * rate)) this.#changePolicy()
    if (faults.strikes('clock_jump', this.#dice, 0.04 * rate)) {
      this.#cast.skew.ms += this.#dice.pick(skews_ms)
    }
    if (this.#fullLeft > 0 && faults.strikes('store_full', this.#dice, 0.02 * rate)) {
      this.#fullLeft--
      await this.#tickWhileFull()
    }
    await this.#passTime(tick_ms)
    // A life that never lasts long does nothing but recover.
    const weary = this.#options.storm || this.#crashes < wearyAfter ? 1 : 0.1
    await this.#tickOrDie(this.#crashRate * rate * weary)
    await this.#judge.now(this.#ticks)
  }

  /** What everybody outside does in a tick in which anything is done. */
  #stir(): void {
    const { ground, workload, talk, operator, eraser } = this.#cast
    const { engine } = this.#process
    workload.edit()
    workload.speak(engine)
    talk.speak(engine, ground.clock())
    operator.act(engine)
    eraser.act(engine)
    if (this.#dice.chance(0.15)) ground.guild.stir()
    if (this.#dice.chance(0.1)) ground.shed.stir()
    if (ground.faults.strikes('flood', this.#dice, 0.01)) for (let left = 40; left > 0; left--) ground.guild.stir()
  }

  #changePolicy(): void {
    const wish = otherWish(this.#wish, this.#dice)
    if (setPolicy(this.#process.engine, wish)) this.#wish = wish
  }

  /** Virtual time; whoever had an answer then has delivered it. */
  async #passTime(span_ms: number): Promise<void> {
    const ran = this.#cast.ground.agenda.advance(span_ms)
    this.#process.gateway.pump()
    this.#process.hands.pump()
    if (ran > 0) await turn()
  }

  async #tickOrDie(rate: number): Promise<void> {
    const { faults } = this.#cast.ground
    const dice = this.#dice
    if (faults.strikes('crash', dice, rate)) return this.#rise(() => this.#process.kill())
    if (faults.strikes('clean_restart', dice, rate / 2)) return this.#stopWell()
    if (faults.strikes('crash_in_commit', dice, rate)) {
      return this.#dieInCommit(dice.chance(0.5) ? 'lost' : 'unacknowledged')
    }
    if (faults.strikes('torn_tail', dice, rate / 2)) return this.#dieInCommit('torn')
    if (faults.strikes('snapshots', dice, rate)) await this.#process.engine.snapshot()
    await this.#tick(faults.strikes('clock_jump', dice, rate))
  }

  /** What the operator has allowed in the last moment is taken in, and has to wait for the next life. */
  async #stopWell(): Promise<void> {
    for (let left = 40; left > 0 && this.#cast.operator.hurry(this.#process.engine) === 0; left--) {
      await this.#tick(false)
      await this.#passTime(tick_ms)
    }
    await this.#rise(() => this.#process.stop())
  }

  async #tick(wall: boolean, now_ms?: number): Promise<void> {
    const { engine } = this.#process
    this.#cast.operator.look(engine)
    this.#ticks++
    await engine.step(now_ms ?? (wall ? this.#cast.ground.clock() : undefined))
    await this.#cast.eraser.goOn(() => this.#cast.replica.follow(engine))
    this.#judge.afterTick()
  }

  /** The disk is full when the next tick is committed: nothing is taken in until there is room, or until the process dies. */
  async #tickWhileFull(): Promise<void> {
    const { ground, court } = this.#cast
    const { engine } = this.#process
    ground.platter.fullFor = 1
    this.#ticks++
    const stepping = engine.step(ground.clock())
    await turn()
    court.holds(engine.health === 'store_full', 'store full', () => `the disk is full and health is ${engine.health}`)
    const taken = setPolicy(engine, this.#wish)
    court.holds(!taken, 'store full', () => 'an event was taken in while the disk was full')
    if (this.#dice.chance(0.75)) await this.#rise(() => this.#process.kill())
    else await stepping
    court.session()
  }

  /** Ticks until one has something to commit, and dies in the middle of that. */
  async #dieInCommit(fate: Fate): Promise<void> {
    const hung = this.#cast.ground.platter.doom(fate)
    let died = false
    void hung.then(() => {
      died = true
    })
    for (let left = 20; left > 0 && !died; left--) {
      this.#ticks++
      await Promise.race([this.#process.engine.step(), hung])
      if (!died) await this.#passTime(tick_ms)
    }
    this.#cast.court.session()
    await this.#rise(() => this.#process.kill())
  }

  /** The process ends, time goes by in which people go on working, and another one begins on the same disks. */
  async #rise(end: () => void | Promise<void>): Promise<void> {
    const { ground, workload, court } = this.#cast
    this.#crashes++
    await end()
    for (let left = this.#dice.whole(0, 5); left > 0; left--) {
      workload.edit()
      if (this.#dice.chance(0.2)) ground.guild.stir()
      if (this.#dice.chance(0.2)) ground.shed.stir()
      ground.agenda.advance(tick_ms)
    }
    if (this.#dice.chance(0.15)) ground.agenda.advance(this.#dice.whole(1_000, 600_000))
    if (ground.faults.strikes('clock_jump', this.#dice, 0.2)) this.#cast.skew.ms = this.#dice.pick(skews_ms)
    await this.#begin()
    court.session()
  }

  async #comeToRest(): Promise<void> {
    const { ground } = this.#cast
    ground.faults.calm()
    while (!setPolicy(this.#process.engine, this.#wish)) await this.#calmTick()
    const begun = this.#ticks
    // A hint that was lost before is made up for by the next comparison at the latest.
    const quietFrom = ground.agenda.now_ms + 2 * rescan_ms
    while (ground.agenda.now_ms < quietFrom || !this.#rests) {
      await this.#calmTick()
      if (this.#ticks - begun > restWithin) {
        const open = JSON.stringify(this.#process.engine.status().outbox)
        throw new Violation('liveness', `after ${restWithin} ticks without faults something is still open: ${open}`)
      }
    }
  }

  get #rests(): boolean {
    const { engine, disk, gateway, hands } = this.#process
    const { docket, eraser, foreman } = this.#cast
    if (!hands.told || !foreman.quiet(engine)) return false
    return (
      eraser.idle && engine.quiet && disk.told && gateway.told && docket.quiet && vectorsAwaited(engine.world) === 0
    )
  }

  async #calmTick(): Promise<void> {
    const { now_ms, quiet } = this.#process.engine
    this.#bored = quiet ? this.#bored + 1 : 0
    const bored = this.#bored > boredAfter
    // What has spent its budget may have to wait for another day, and vectors for their model.
    const { world } = this.#process.engine
    const until_ms = Math.max(this.#cast.docket.blockedUntil, vectorsResumeAt(world))
    const span_ms = bored ? Math.max(bored_ms, until_ms - now_ms) : tick_ms
    await this.#passTime(span_ms)
    await this.#tick(false, bored ? now_ms + span_ms : undefined)
  }

  /** A clean stop and a start: the world must be the one that was left. */
  async #endWell(): Promise<void> {
    const { ground, court } = this.#cast
    const { engine } = this.#process
    const tick = engine.tick
    const before = JSON.stringify(engine.mark())
    await this.#process.stop()
    this.#process = await Process.begin(ground, this.#wish, ++this.#scans)
    const { engine: found } = this.#process
    const after = JSON.stringify(found.mark())
    court.holds(found.tick !== tick || before === after, 'recovery', () => 'a clean stop came back as another world')
    court.holds(found.tick === tick, 'recovery', () => `stopped at tick ${tick}, came back at ${found.tick}`)
    this.#digest = hash('sha256', `${found.digest()} ${after} ${court.checks}`).slice(0, 16)
    await this.#process.stop()
    court.session()
  }
}
