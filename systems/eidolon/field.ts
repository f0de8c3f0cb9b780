import { hash } from 'node:crypto'

/** What is the case right now, as numbers and names; the field digest is made of nothing else. */
export type Circumstances = {
  readonly health: string
  /** What the mind attends to; empty for nothing in particular. */
  readonly focus: string
  /** Events a minute of each kind of source. */
  readonly rates: { readonly [source: string]: number }
  /** Work that waits. */
  readonly backlog: number
  /** How old the newest memory is. */
  readonly memory_age_ms: number
  /** How long the oldest open effect has waited. */
  readonly outbox_oldest_ms: number
  /** Families of errors that are seen now. */
  readonly errors: readonly string[]
  /** How often each tag and key was seen lately. */
  readonly tags: { readonly [tag: string]: number }
  readonly keys: { readonly [key: string]: number }
}

export type Amount = 'low' | 'med' | 'high' | 'flood'
export type Age = 'fresh' | 'stale' | 'old' | 'critical'

/** The circumstances in few classes: what two moments must share to be alike. */
export type FieldClasses = {
  readonly health: string
  readonly focus: string
  readonly rates: { readonly [source: string]: Amount }
  readonly backlog: Amount
  readonly memory: Age
  readonly outbox: Age
  readonly errors: readonly string[]
  readonly tags: readonly string[]
  readonly keys: readonly string[]
}

/** A field in force: its classes, their canonical JSON, 64 bits of its hash, and the stretch of time it was made in. */
export type Field = {
  readonly classes: FieldClasses
  readonly text: string
  readonly hash_high: number
  readonly hash_low: number
  readonly bucket: number
}

/** Within this time the field changes by an override only. */
export const embeddingBucket_ms = 3_600_000
/** As `embeddingBucket_ms`, for queries, which follow the present more closely. */
export const queryBucket_ms = 900_000

const amounts: readonly Amount[] = ['low', 'med', 'high', 'flood']
const ages: readonly Age[] = ['fresh', 'stale', 'old', 'critical']
/** From here on an amount is of the next class: events a minute, and jobs. */
const rateSteps = [10, 100, 1_000]
const backlogSteps = [100, 1_000, 10_000]
const memorySteps_ms = [60_000, 3_600_000, 86_400_000]
const outboxSteps_ms = [10_000, 60_000, 600_000]
const namesMax = 8
const sourcesMax = 16

/**
 * The field in force: a new one in each stretch of time, or within it when health, focus, the outbox or the pressure of
 * work have changed in kind, or a family of errors is new; else the one before, so that what depends on it stays alike.
 */
export function fieldAt(before: Field | undefined, now: Circumstances, now_ms: number, bucket_ms: number): Field {
  const bucket = Math.floor(now_ms / bucket_ms)
  const classes = classesOf(now)
  if (before !== undefined && before.bucket === bucket && !overrides(before.classes, classes)) return before
  return { ...digestOf(classes), classes, bucket }
}

/** The classes of some circumstances: the same for every order in which their parts are named. */
export function classesOf(now: Circumstances): FieldClasses {
  const busiest = mostOf(now.rates, sourcesMax)
  const rates = Object.fromEntries(busiest.map((source) => [source, amounts[stepOf(now.rates[source]!, rateSteps)]!]))
  return {
    health: now.health,
    focus: now.focus,
    rates,
    backlog: amounts[stepOf(now.backlog, backlogSteps)]!,
    memory: ages[stepOf(now.memory_age_ms, memorySteps_ms)]!,
    outbox: ages[stepOf(now.outbox_oldest_ms, outboxSteps_ms)]!,
    errors: [...new Set(now.errors)].sort(byCodeUnits).slice(0, namesMax),
    tags: mostOf(now.tags, namesMax),
    keys: mostOf(now.keys, namesMax),
  }
}

/** Canonical JSON of classes, and 64 bits of its SHA-256. */
export function digestOf(classes: FieldClasses): Pick<Field, 'text' | 'hash_high' | 'hash_low'> {
  const text = canonical(classes)
  const digest = hash('sha256', text, 'buffer')
  return { text, hash_high: digest.readUInt32LE(0), hash_low: digest.readUInt32LE(4) }
}

/** The field in a line of words, to stand before a text that is embedded as seen under it. */
export function phraseOf({ health, focus, rates, backlog, outbox, errors, tags }: FieldClasses): string {
  const flows = Object.keys(rates)
    .sort(byCodeUnits)
    .map((source) => `${source} ${rates[source]!}`)
  const parts = [`health ${health}`, focus === '' ? '' : `focus ${focus}`, `backlog ${backlog}`, `outbox ${outbox}`]
  return [...parts, ...flows, ...errors, ...tags].filter((part) => part !== '').join(', ')
}

function overrides(before: FieldClasses, now: FieldClasses): boolean {
  return (
    before.health !== now.health ||
    before.focus !== now.focus ||
    pressing(before) !== pressing(now) ||
    (before.outbox === 'critical') !== (now.outbox === 'critical') ||
    now.errors.some((family) => !before.errors.includes(family))
  )
}

function pressing({ backlog, rates }: FieldClasses): boolean {
  return [backlog, ...Object.values(rates)].some((amount) => amount === 'high' || amount === 'flood')
}

/** How many steps a number has passed; what is no number has passed none. */
function stepOf(value: number, steps: readonly number[]): number {
  return steps.filter((step) => value >= step).length
}

/** The names that were seen most, by code units: which of them was most says nothing lasting. */
function mostOf(counts: { readonly [name: string]: number }, most: number): string[] {
  const seen = Object.keys(counts).filter((name) => counts[name]! > 0)
  const first = seen.sort((a, b) => counts[b]! - counts[a]! || byCodeUnits(a, b)).slice(0, most)
  return first.sort(byCodeUnits)
}

/** JSON with the keys of every object in order of their code units. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => byCodeUnits(a, b))
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
