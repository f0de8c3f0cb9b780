import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import type { View } from '../../engine/flow/adapter.ts'
import type { Event } from '../../engine/flow/event.ts'
import type { First } from '../../engine/record/first.ts'
import type { Arguments } from './arguments.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { type Look, lookOf } from './travel/look.ts'
import { openWhole } from './travel/open.ts'
import { oneLine, momentOf as timeOf } from './words.ts'

/** What a script exports: whether something holds of the world as it was after a tick. */
export type Check = (view: View, look: Look) => boolean | Promise<boolean>

/** `promethean bisect --check SCRIPT`: the first tick at which a condition holds, found by replay. */
export async function bisect(args: Arguments): Promise<ExitCode> {
  const { check: script, every, from, to } = args.travel
  if (script === undefined)
    throw new CliError(exitCodes.usage, 'bisect needs --check SCRIPT, a module that exports a function')
  if (every === 0) throw new CliError(exitCodes.usage, '--every takes at least 1')
  const config = configOf(args, args.words[0])
  const check = await checkOf(script)
  const engine = await openWhole(config)
  try {
    const range = { from: from ?? Math.max(1, engine.firstTick), to: to ?? engine.tick }
    const holds = async (view: View): Promise<boolean> => holdsAt(check, view)
    const first = await engine.past.firstWhere({ ...range, holds, every, pause: () => nextTurn() })
    if (first === undefined) {
      process.stdout.write(args.json ? `${JSON.stringify({ tick: null, ...range })}\n` : `${nowhere(range, every)}\n`)
      return exitCodes.failed
    }
    const found = await foundOf(engine, first)
    process.stdout.write(args.json ? `${JSON.stringify({ ...found, ...range })}\n` : `${foundWords(found, args)}\n`)
    return exitCodes.ok
  } finally {
    await engine.stop()
  }
}

/** @throws CliError 65 for a script that cannot be used */
async function checkOf(script: string): Promise<Check> {
  const path = resolve(script)
  if (!existsSync(path)) throw new CliError(exitCodes.data, `--check ${script}: there is no such file`)
  let exported: { readonly default?: unknown }
  try {
    exported = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
  } catch (thrown) {
    throw new CliError(exitCodes.data, `--check ${script}: ${reasonOf(thrown)}`)
  }
  const check = exported.default
  if (isCheck(check)) return check
  throw new CliError(exitCodes.data, `--check ${script}: its default export must be a function (view, look) => boolean`)
}

function isCheck(value: unknown): value is Check {
  return typeof value === 'function'
}

async function holdsAt(check: Check, view: View): Promise<boolean> {
  let answer: unknown
  try {
    answer = await check(view, lookOf(view))
  } catch (thrown) {
    throw new CliError(exitCodes.data, `the condition threw at tick ${view.tick}: ${reasonOf(thrown)}`)
  }
  if (typeof answer === 'boolean') return answer
  throw new CliError(
    exitCodes.data,
    `the condition said ${oneLine(String(answer), 60)} at tick ${view.tick}, not true or false`,
  )
}

type EventBrief = Pick<Event, 'id' | 'type' | 'source' | 'payload'>
type EffectBrief = { readonly effect_id: number; readonly type: string; readonly request: unknown }
type Found = {
  readonly tick: number
  readonly now_ms: number
  readonly before: number | undefined
  readonly asked: number
  /** What entered at that tick. */
  readonly events: readonly EventBrief[]
  /** What was asked of the outside in it. */
  readonly effects: readonly EffectBrief[]
}

async function foundOf(engine: Engine, { tick, core, before, asked }: First): Promise<Found> {
  const { events, requests } = await engine.past.tickAt(tick)
  return {
    tick,
    now_ms: core.now_ms,
    before,
    asked,
    events: events.map(({ id, type, source, payload }) => ({ id, type, source, payload })),
    effects: requests.map(({ effect_id, text }) => {
      const { type, request } = JSON.parse(text) as { type: string; request: unknown }
      return { effect_id, type, request }
    }),
  }
}

function nowhere({ from, to }: { from: number; to: number }, every: number | undefined): string {
  const looked = every === undefined ? `it does not hold at tick ${to}` : `it holds at none that was looked at`
  return `never from tick ${from} to ${to}: ${looked}`
}

const shownMax = 20

function foundWords(
  { tick, now_ms, before, asked, events, effects }: Found,
  { words: [folder], travel }: Arguments,
): string {
  const at = `promethean replay ${folder === undefined ? '' : `${oneLine(folder, 400)} `}--at`
  const since =
    before === undefined ? 'it held at the first tick that was looked at' : `it did not hold at tick ${before}`
  const gap =
    travel.every !== undefined && before !== undefined && tick - before > 1 ? '; somewhere between them it began' : ''
  return [
    `first at tick ${tick}, ${timeOf(now_ms)}: ${since}${gap} (${asked} ticks looked at)`,
    events.length === 0 ? 'nothing entered in that tick' : `${events.length} events entered:`,
    ...events
      .slice(0, shownMax)
      .map(({ id, type, payload }) => `  ${oneLine(`${type} ${id} ${JSON.stringify(payload)}`, 200)}`),
    ...(effects.length === 0 ? [] : [`${effects.length} effects were asked for:`]),
    ...effects.slice(0, shownMax).map(({ type, request }) => `  ${oneLine(`${type} ${JSON.stringify(request)}`, 200)}`),
    'look further with:',
    `  ${at} ${tick}`,
    ...(before === undefined ? [] : [`  ${at} ${before}`]),
    `  ${at} ${tick} --repl`,
  ].join('\n')
}
