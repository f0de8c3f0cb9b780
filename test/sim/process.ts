import { createEngine, type Engine } from '../../engine/engine.ts'
import { EngineError } from '../../engine/errors.ts'
import type { Adapter, Outside } from '../../engine/flow/adapter.ts'
import type { EventInput, Payload } from '../../engine/flow/event.ts'
import type { Limits } from '../../engine/limits.ts'
import type { Parts } from '../../engine/tick.ts'
import { ConfigSet, effects } from '../../systems/events.ts'
import type { Agenda } from './agenda.ts'
import type { CanaryName } from './canaries.ts'
import type { Dice } from './dice.ts'
import { Disk } from './disk.ts'
import type { Docket } from './docket.ts'
import { embedder } from './embedder.ts'
import type { Faults } from './faults.ts'
import type { Folder } from './folder.ts'
import { Gateway } from './gateway.ts'
import type { Guild } from './guild.ts'
import { Hands } from './hands.ts'
import { Calls } from './neighbour.ts'
import type { Platter } from './platter.ts'
import { policyFor, type Wish } from './policy.ts'
import { proposer } from './proposer.ts'
import { recaller } from './recaller.ts'
import type { Shed } from './shed.ts'
import { workshop } from './workshop.ts'

/** What outlives a process: the two disks, time, and chance. */
export type Ground = {
  readonly seed: number
  readonly agenda: Agenda
  readonly folder: Folder
  readonly guild: Guild
  readonly shed: Shed
  readonly docket: Docket
  readonly platter: Platter
  readonly faults: Faults
  readonly dice: Dice
  readonly parts: Parts
  readonly limits: Partial<Limits>
  readonly canary: CanaryName | undefined
  clock(): number
  /** Whether something holds what is forgotten: nobody says it again. */
  isForgotten(text: string): boolean
  /** A number that is given once in a run: ids made of it are the same whenever the seed is run. */
  serial(): number
}

/** One life of the daemon: an engine and its neighbours, until it stops or is killed. */
export class Process {
  readonly engine: Engine
  readonly disk: Disk
  readonly gateway: Gateway
  readonly hands: Hands
  readonly #calls: Calls
  readonly #die: () => void

  constructor(engine: Engine, parts: { disk: Disk; gateway: Gateway; hands: Hands; calls: Calls; die: () => void }) {
    this.engine = engine
    this.disk = parts.disk
    this.gateway = parts.gateway
    this.hands = parts.hands
    this.#calls = parts.calls
    this.#die = parts.die
  }

  /** Opens the record and starts; what the operator wishes is the first thing the world is told. */
  static async begin(ground: Ground, wish: Wish, scan: number): Promise<Process> {
    const { agenda, folder, platter, faults, dice, canary, docket } = ground
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
    const gateway = new Gateway({ guild: ground.guild, agenda, calls, faults, dice, deaf: canary === 'deaf_gateway' })
    const { shed } = ground
    const hands = new Hands({
      shed,
      agenda,
      calls,
      faults,
      dice,
      clock: () => ground.clock(),
      deaf: canary === 'deaf_hands',
    })
    const began = docket.began.bind(docket)
    const bench = workshop({ calls, faults, dice, began, twice: canary === 'tool_twice' })
    const neighbours = [
      model,
      disk.adapter,
      gateway.adapter,
      hands.adapter,
      bench,
      recaller(calls, faults, dice),
      embedder(calls, faults, dice),
    ]
    const { store, die } = platter.life()
    const echoes: Echoes = { calls, to: undefined }
    const engine = await createEngine({
      ...ground.parts,
      store,
      adapters: neighbours.map((adapter) => watched(adapter, ground, echoes)),
      limits: ground.limits,
      seed: ground.seed,
      clock: () => ground.clock(),
      drive: 'manual',
    })
    const { publish } = engine
    engine.publish = (input) => publish.call(engine, named(ground, input))
    setPolicy(engine, wish)
    echoes.to = engine
    await engine.start()
    return new Process(engine, { disk, gateway, hands, calls, die })
  }

  /** As `kill -9` does it: nothing is said, nothing is finished. */
  kill(): void {
    this.disk.die()
    this.#calls.die()
    this.#die()
    // Nothing it writes arrives anywhere any more; it only lets go of its timers, which would keep it in memory.
    void this.engine.stop()
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
  return engine.publish({ type: ConfigSet.name, source: { kind: 'config' }, payload: { policy: policyFor(wish) } })
}

const onceEffects: ReadonlySet<string> = new Set(
  effects.filter(({ retry }) => retry === 'once').map(({ name }) => name),
)

/** Where answers are said once more. */
type Echoes = { readonly calls: Calls; to: Engine | undefined }

/** The adapter, with every effect that leaves held against the rule of output commit, and answers that come twice. */
function watched(adapter: Adapter, ground: Ground, echoes: Echoes): Adapter {
  const { platter, docket, faults, dice } = ground
  const handlers = Object.entries(adapter.effects ?? {}).map(([type, handler]) => [
    type,
    async (...[request, call]: Parameters<typeof handler>) => {
      platter.checkDeparture(call.effect_id, type)
      if (onceEffects.has(type)) docket.departed(call.effect_id, call.attempt, type)
      const answer = await handler(request, call)
      if (faults.strikes('twice', dice, 0.1)) echo(echoes, ground, type, { ...answer, effect_id: call.effect_id })
      return answer
    },
  ])
  const start = (outside: Outside): void | Promise<void> =>
    adapter.start?.({ ...outside, publish: (input) => outside.publish(named(ground, input)) })
  return { ...adapter, effects: Object.fromEntries(handlers), start }
}

/** The event under an id from the seed, where it has none: otherwise chance would choose one. */
function named({ serial }: Ground, input: EventInput): EventInput {
  return { id: `simulated ${serial()}`, ...input }
}

/** Says an answer again after a while; whether it can be taken in or not, nothing may come of it. */
function echo({ calls, to }: Echoes, { dice, isForgotten }: Ground, type: string, payload: Payload): void {
  calls.after(dice.whole(0, 3_000), () => {
    if (isForgotten(JSON.stringify(payload))) return
    try {
      to?.publish({ type: `${type}.done`, payload })
    } catch (thrown) {
      if (!(thrown instanceof EngineError) || thrown.code !== 'EVENT_INVALID') throw thrown
    }
  })
}
