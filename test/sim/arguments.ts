import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type CanaryName, canaryNames } from './canaries.ts'
import { type FaultName, faultNames } from './faults.ts'

/** What the command line asks for. */
export type Arguments = {
  readonly first: number
  /** The last seed, included; with `minutes` there is none. */
  readonly last: number
  readonly ticks: number
  readonly minutes: number | undefined
  readonly jobs: number
  readonly faults: readonly FaultName[] | undefined
  readonly storm: boolean
  readonly canary: CanaryName | undefined
  readonly trace: string | undefined
  readonly json: boolean
}

/** Ticks of the phase with faults, where nothing else is said. */
export const ticksUsual = 16_000
const ticksInStorm = 1_200

/** Reads the command line. @throws Error with a sentence about what is wrong */
export function argumentsOf(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: withCanary(args),
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      ticks: { type: 'string' },
      jobs: { type: 'string' },
      faults: { type: 'string' },
      storm: { type: 'boolean', default: false },
      canary: { type: 'string' },
      trace: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const first = values.seed === undefined ? Date.now() % 1_000_000 : wholeOf('seed', values.seed)
  const runs = values.runs === undefined ? 1 : wholeOf('runs', values.runs)
  const range = values.seeds === undefined ? { first, last: first + runs - 1 } : rangeOf(values.seeds)
  const minutes = values.minutes === undefined ? undefined : wholeOf('minutes', values.minutes)
  return {
    ...range,
    last: minutes === undefined ? range.last : Number.MAX_SAFE_INTEGER,
    ticks: values.ticks === undefined ? (values.storm ? ticksInStorm : ticksUsual) : wholeOf('ticks', values.ticks),
    minutes,
    jobs: values.jobs === undefined ? Math.min(8, availableParallelism()) : Math.max(1, wholeOf('jobs', values.jobs)),
    faults: values.faults === undefined ? undefined : faultsIn(values.faults),
    canary: values.canary === undefined ? undefined : canaryOf(values.canary),
    storm: values.storm,
    trace: values.trace,
    json: values.json,
  }
}

/** `--canary` alone plants the first of them. */
function withCanary(args: readonly string[]): string[] {
  return args.flatMap((each, at) => {
    const next = args[at + 1]
    return each === '--canary' && (next === undefined || next.startsWith('--')) ? [each, canaryNames[0]] : [each]
  })
}

function wholeOf(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not ${text}`)
  return value
}

function rangeOf(text: string): { first: number; last: number } {
  const found = /^(\d+)\.\.(\d+)$/.exec(text)
  if (found === null) throw new Error(`--seeds must be like 1..50, not ${text}`)
  return { first: Number(found[1]), last: Number(found[2]) }
}

function faultsIn(text: string): FaultName[] {
  const named = text === 'none' ? [] : text.split(',')
  return named.map((each) => {
    const fault = faultNames.find((name) => name === each)
    if (fault === undefined) throw new Error(`there is no fault ${each}; there are ${faultNames.join(', ')}`)
    return fault
  })
}

function canaryOf(text: string): CanaryName {
  const canary = canaryNames.find((name) => name === text)
  if (canary === undefined) throw new Error(`there is no canary ${text}; there are ${canaryNames.join(', ')}`)
  return canary
}
