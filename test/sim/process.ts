import { createEngine, type Engine } from '../../engine/engine.ts'
import type { Adapter } from '../../engine/flow/adapter.ts'
import type { Limits } from '../../engine/limits.ts'
import type { Parts } from '../../engine/tick.ts'
import { ConfigSet } from '../../systems/events.ts'
import type { Agenda } from './agenda.ts'
import type { CanaryName } from './canaries.ts'
import type { Dice } from './dice.ts'
import { Disk } from './disk.ts'
import type { Faults } from './faults.ts'
import type { Folder } from './folder.ts'
import { Calls } from './neighbour.ts'
import type { Platter } from './platter.ts'
import { policyFor, type Wish } from './policy.ts'
import { proposer } from './proposer.ts'

/** What outlives a process: the two disks, time, and chance. */
export type Ground = {
  readonly seed: number
  readonly agenda: Agenda
  readonly folder: Folder
  readonly platter: Platter
  readonly faults: Faults
  readonly dice: Dice
  readonly parts: Parts
  readonly limits: Partial<Limits>
  readonly canary: CanaryName | undefined
  clock(): number
}

/** One life of the daemon: an engine and its neighbours, until it stops or is killed. */
export class Process {
  readonly engine: Engine
  readonly disk: Disk
  readonly #calls: Calls
  readonly #die: () => void

  constructor(engine: Engine, disk: Disk, calls: Calls, die: () => void) {
    this.engine = engine
    this.disk = disk
    this.#calls = calls
    this.#die = die
  }

  /** Opens the record and starts; what the operator wishes is the first thing the world is told. */
  static async begin(ground: Ground, wish: Wish, scan: number): Promise<Process> {
    const { agenda, folder, platter, faults, dice, canary } = ground
    const calls = new Calls(agenda)
    const disk = new Disk({
      folder,
      calls,
      faults,
      dice,
      scan,
      pageFiles: dice.whole(1, 8),
      unguarded: canary === 'unguarded_write',
    })
    const model = proposer({ calls, faults, dice, mute: canary === 'mute_model' })
    const { store, die } = platter.life()
    const engine = await createEngine({
      ...ground.parts,
      store,
      adapters: [model, disk.adapter].map((adapter) => watched(adapter, platter)),
      limits: ground.limits,
      seed: ground.seed,
      clock: () => ground.clock(),
      drive: 'manual',
    })
    setPolicy(engine, wish)
    await engine.start()
    return new Process(engine, disk, calls, die)
  }

  /** As `kill -9` does it: nothing is said, nothing is finished. */
  kill(): void {
    this.disk.die()
    this.#calls.die()
    this.#die()
  }

  /** Ends in good order. */
  async stop(): Promise<void> {
    await this.engine.stop()
    this.disk.die()
    this.#calls.die()
  }
}

/** Tells the world what the operator wishes. False when it takes nothing in just now. */
export function setPolicy(engine: Engine, wish: Wish): boolean {
  const policy = JSON.parse(JSON.stringify(policyFor(wish)))
  return engine.publish({ type: ConfigSet.name, source: { kind: 'config' }, payload: { policy } })
}

/** The adapter, with every effect that leaves held against the rule of output commit. */
function watched(adapter: Adapter, platter: Platter): Adapter {
  const handlers = Object.entries(adapter.effects ?? {}).map(([type, handler]) => [
    type,
    (...[request, call]: Parameters<typeof handler>) => {
      platter.checkDeparture(call.effect_id, type)
      return handler(request, call)
    },
  ])
  return { ...adapter, effects: Object.fromEntries(handlers) }
}
