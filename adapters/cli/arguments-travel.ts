import { CliError, exitCodes } from './exit.ts'

/** Options of the commands that go to earlier ticks, as `parseArgs` takes them. */
export const travelOptions = {
  at: { type: 'string' },
  with: { type: 'string' },
  check: { type: 'string' },
  every: { type: 'string' },
  recall: { type: 'string' },
  find: { type: 'string' },
  repl: { type: 'boolean' },
  live: { type: 'boolean' },
} as const

/** Which tick is gone to, and what is done there. */
export type Travel = {
  readonly at: number | undefined
  /** What is recalled, and the memory that is shown, as of then. */
  readonly recall: string | undefined
  readonly find: string | undefined
  readonly repl: boolean
  /** The file of a fork's policy. */
  readonly with: string | undefined
  /** Whether a fork may ask the model what the recording has no answer to. */
  readonly live: boolean
  /** The module of a condition. */
  readonly check: string | undefined
  readonly every: number | undefined
  /** The range of a search. */
  readonly from: number | undefined
  readonly to: number | undefined
}

type Given = { readonly [name in keyof typeof travelOptions]?: string | boolean | undefined } & {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** What the words say; `--from` and `--to` are ticks for `bisect` alone. @throws CliError 64 for what is no tick */
export function travelOf(command: string, values: Given): Travel {
  const searching = command === 'bisect'
  const { at, every, recall, find, check } = values
  return {
    at: tickOf('--at', at),
    recall: textOf(recall),
    find: textOf(find),
    repl: values.repl === true,
    with: textOf(values.with),
    live: values.live === true,
    check: textOf(check),
    every: tickOf('--every', every),
    from: searching ? tickOf('--from', values.from) : undefined,
    to: searching ? tickOf('--to', values.to) : undefined,
  }
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function tickOf(name: string, value: string | boolean | undefined): number | undefined {
  if (typeof value !== 'string') return undefined
  const tick = Number(value)
  if (/^\d+$/.test(value) && Number.isSafeInteger(tick)) return tick
  throw new CliError(exitCodes.usage, `${name} takes a number of ticks, not ${value}`)
}
