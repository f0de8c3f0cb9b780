import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Task } from 'tinybench'
import { version } from '../engine/version.ts'

/** How large a run is: `smoke` only shows that the benches work, `full` takes the minutes that the largest promises need. */
export type Scale = {
  readonly smoke: boolean
  readonly full: boolean
  /** Whether others do the same work beside us. */
  readonly peers: boolean
  rows(full: number): number
}

/** Of many samples of one thing; all but the count in the row's unit. */
export type Stats = {
  readonly p50: number
  readonly p75: number
  readonly p99: number
  /** Median absolute deviation: the noise that a comparison allows for. */
  readonly mad: number
  readonly samples: number
}

/** One measured line of a bench. */
export type Row = {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the number must reach, as text, where something was promised. */
  readonly goal?: string
  /** Whether it does. */
  readonly met?: boolean
  readonly detail?: string
  readonly stats?: Stats
  /** Where a concern was run several times: the figure of each, whose median is the value. */
  readonly rounds?: readonly number[]
}
export type Concern = { readonly name: string; readonly about: string; run(scale: Scale): Promise<readonly Row[]> }

export function scaleOf({ smoke, full, peers }: Omit<Scale, 'rows'>): Scale {
  return { smoke, full, peers, rows: (most) => (smoke ? Math.max(50, Math.round(most / 100)) : most) }
}

/** The figures of a task of tinybench that has run, times `factor`: it counts in milliseconds. */
export function statsOf(task: Task, factor: number): Stats {
  const { result, name } = task
  if (result.state !== 'completed') throw new Error(`${name} ended as ${result.state}`)
  const { p50, p75, p99, mad, samplesCount } = result.latency
  return { p50: p50 * factor, p75: p75 * factor, p99: p99 * factor, mad: mad * factor, samples: samplesCount }
}

/** The same figures of samples that were taken elsewhere. */
export function statsFrom(samples: Float64Array | readonly number[]): Stats {
  const p50 = percentile(samples, 0.5)
  const strays = Float64Array.from(samples, (sample) => Math.abs(sample - p50))
  return {
    p50,
    p75: percentile(samples, 0.75),
    p99: percentile(samples, 0.99),
    mad: percentile(strays, 0.5),
    samples: samples.length,
  }
}

/** The machine and the versions, for the head of every report. */
export function machine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `promethean ${version}, node ${process.versions.node}, ${cpus().length} × ${cpu?.model ?? 'unknown cpu'}, ${memory} GiB, ${process.platform}`
}

/** A folder that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'promethean-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The value below which a share of the samples lies. Sorts a copy. */
export function percentile(samples: Float64Array | readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Writes notes, in folders of a hundred: whole ones, or ones that lack what the contract asks for. */
export function writeNotes(folder: string, count: number, kind: 'valid' | 'broken'): void {
  const prose = 'The heron stands in the shallow water and waits until the evening has gone quiet. '.repeat(10)
  for (let index = 0; index < count; index++) {
    const inside = join(folder, `part-${Math.floor(index / 100)}`)
    mkdirSync(inside, { recursive: true })
    const whole = `title: Note ${index}\nslug: note-${index}\ndescription: What note ${index} says.\ntags:\n  - heron\n  - water\n`
    const lacking = `title: Note ${index}\nauthor: Ada # kept\nweight: ${index}\n`
    const head = kind === 'valid' ? `---\n${whole}---\n` : index % 3 === 0 ? '' : `---\n${lacking}---\n`
    writeFileSync(join(inside, `note-${index}.md`), `${head}\n# Note ${index}\n\n${prose}\n`)
  }
}
