import type { Row } from '../support.ts'

/** What became of a figure since another run was saved. */
export type Change = {
  readonly name: string
  readonly before: number
  readonly now: number
  readonly unit: string
  /** Share by which it is worse; below 0 it is better. */
  readonly worse: number
  /** Share that noise alone may make: known only of figures with samples or rounds. */
  readonly noise: number | undefined
  /** `worse` and `better` are beyond a tenth and beyond the noise; of a figure without either nobody can say. */
  readonly verdict: 'worse' | 'better' | 'same' | 'unsure'
}
export type NamedRow = Row & { readonly concern: string }

/** A change that is worth a word. */
const threshold = 0.1
/** Deviations from the median that noise is given, on both sides together. */
const deviations = 3
/** A median absolute deviation as a standard deviation of a normal distribution. */
const madScale = 1.4826
/** Samples that are worth one, because neighbours in time are alike. */
const alike = 16

/** Rates and shares of a peer are better when larger, everything else when smaller. */
export function largerIsBetter({ unit, goal }: Row): boolean {
  if (goal !== undefined) return goal.startsWith('>')
  return unit.includes('/s') || /^× (faster|its)/.test(unit)
}

/** Holds each figure against the one of the same name in another run; figures that only one run has are left out. */
export function compare(rows: readonly NamedRow[], saved: readonly NamedRow[]): Change[] {
  const before = new Map(saved.map((row) => [keyOf(row), row]))
  return rows.flatMap((row) => {
    const other = before.get(keyOf(row))
    return other === undefined || other.value === 0 || row.value === 0 ? [] : [changeOf(row, other)]
  })
}

function keyOf({ concern, name, unit }: NamedRow): string {
  return `${concern}: ${name} ${unit}`
}

function changeOf(row: NamedRow, other: NamedRow): Change {
  const worse = largerIsBetter(row) ? other.value / row.value - 1 : row.value / other.value - 1
  const noise = noiseOf(row, other)
  const { unit, value: now } = row
  return {
    name: `${row.concern}: ${row.name}`,
    before: other.value,
    now,
    unit,
    worse,
    noise,
    verdict: verdictOf(worse, noise),
  }
}

function noiseOf(row: NamedRow, other: NamedRow): number | undefined {
  const errors = [row, other].map(errorOf)
  if (errors.includes(undefined)) return undefined
  return (deviations * madScale * Math.max(...errors.map((error) => error ?? 0))) / other.value
}

/** How far a figure may be off by chance: what the rounds stray, or the median of its samples; undefined when it has neither. */
function errorOf({ stats, rounds = [], value }: NamedRow): number | undefined {
  const strays = rounds.map((each) => Math.abs(each - value)).sort((a, b) => a - b)
  const between = rounds.length < 3 ? undefined : strays[Math.floor(strays.length / 2)]
  const within = stats === undefined ? undefined : stats.mad / Math.sqrt(Math.max(1, stats.samples / alike))
  if (between === undefined) return within
  return Math.max(between, within ?? 0)
}

function verdictOf(worse: number, noise: number | undefined): Change['verdict'] {
  if (Math.abs(worse) <= threshold) return 'same'
  if (noise === undefined) return 'unsure'
  if (Math.abs(worse) <= noise) return 'same'
  return worse > 0 ? 'worse' : 'better'
}
