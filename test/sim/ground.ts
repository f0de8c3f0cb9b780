import { Agenda } from './agenda.ts'
import { partsWith } from './canaries.ts'
import { Dice } from './dice.ts'
import { Docket } from './docket.ts'
import { Eraser } from './eraser.ts'
import { Faults } from './faults.ts'
import { Folder } from './folder.ts'
import { Foreman } from './foreman.ts'
import { Guild } from './guild.ts'
import { Operator } from './operator.ts'
import { Platter } from './platter.ts'
import type { Ground } from './process.ts'
import { Replica } from './replica.ts'
import type { SimOptions } from './report.ts'
import { Returns } from './returns.ts'
import { Shed } from './shed.ts'
import { Talk } from './talk.ts'
import { Court } from './violation.ts'
import { Witness } from './witness.ts'
import { Workload } from './workload.ts'

const epoch_ms = 1_800_000_000_000

/** Wall time, which a run may set wrong. */
export type Skew = { ms: number }

/** Everybody who takes part in a run and outlives the process. */
export type Cast = {
  readonly ground: Ground
  readonly court: Court
  readonly witness: Witness
  readonly docket: Docket
  readonly operator: Operator
  readonly replica: Replica
  readonly workload: Workload
  readonly talk: Talk
  readonly eraser: Eraser
  readonly returns: Returns
  readonly foreman: Foreman
  readonly skew: Skew
}

/** The faults of a run: those that are asked for, else those of its seed. */
export function faultsOf({ seed, faults }: Pick<SimOptions, 'seed' | 'faults'>): Faults {
  return faults === undefined ? Faults.choose(Dice.of(seed, 'faults')) : new Faults(faults)
}

/** Everybody, as the seed makes them. @param tight whether the budgets of agents are small */
export function castOf(options: SimOptions, tight: boolean): Cast {
  const { seed, canary } = options
  const agenda = new Agenda()
  const skew: Skew = { ms: 0 }
  const clock = (): number => epoch_ms + agenda.now_ms + skew.ms
  const faults = faultsOf(options)
  const court = new Court()
  const folder = new Folder(clock)
  const guild = new Guild(Dice.of(seed, 'guild'), () => epoch_ms + agenda.now_ms)
  const eraser = new Eraser(Dice.of(seed, 'eraser'))
  const shed = new Shed(Dice.of(seed, 'shed'), clock)
  const operator = new Operator(Dice.of(seed, 'operator'))
  const docket = new Docket({ court, guild, operator, tight })
  const platter = new Platter(court, canary === 'early_commit')
  const parts = partsWith(canary)
  let serials = 0
  const ground: Ground = {
    seed,
    agenda,
    folder,
    guild,
    shed,
    docket,
    platter,
    faults,
    dice: Dice.of(seed, 'neighbours'),
    parts,
    limits: {
      stop_ms: 1,
      snapshot_bytes: faults.has('snapshots') ? 50_000 : 200_000,
      ...(faults.has('small_rings') ? { inbox_max: 16, batch_max: 8 } : {}),
    },
    canary,
    clock,
    isForgotten: (text) => eraser.isForgotten(text),
    serial: () => ++serials,
  }
  return {
    ground,
    court,
    docket,
    operator,
    replica: new Replica(court, parts, platter.ram),
    skew,
    witness: new Witness(court, folder),
    workload: new Workload(Dice.of(seed, 'workload'), folder),
    talk: new Talk(Dice.of(seed, 'talk')),
    foreman: new Foreman({ court, shed, operator }),
    returns: new Returns(court),
    eraser,
  }
}
