import type { View } from '../flow/adapter.ts'
import type { Core, Parts } from '../tick.ts'
import { runtimeName, version } from '../version.ts'
import { freshCore, restoreSnapshot } from './recover.ts'
import { copyWorld, type Snapshot } from './snapshot.ts'
import type { Store } from './store.ts'
import { viewOf } from './view.ts'
import { advance, type Pause, type Progress, visit } from './visit.ts'

/** Asks whether something holds of the world as it was after a tick; it must not keep or change what it is shown. */
export type Condition = (view: View) => boolean | Promise<boolean>

export type FirstOptions = {
  /** The first tick that is looked at. */
  readonly from: number
  /** The last one. */
  readonly to: number
  readonly holds: Condition
  /**
   * Undefined: what holds once holds from then on, so the ticks are halved again and again. Else every so many ticks are looked
   * at in their order, from the first on, and the last one too.
   */
  readonly every?: number | undefined
  readonly backoff_max_ms: number
  readonly pause?: Pause | undefined
}

/** Where a condition holds first. */
export type First = {
  readonly tick: number
  /** The world after that tick. */
  readonly core: Core
  /** Ticks of which the condition was asked. */
  readonly asked: number
  /** A tick before it at which the condition did not hold; undefined where it held from the first one on. */
  readonly before: number | undefined
}

/**
 * The first tick at which a condition holds; undefined where it holds at none that was looked at. Halving replays each tick of
 * the range about once, from copies of the world that are kept in memory: O(ticks and journal of the range, and log(ticks) worlds).
 * @throws EngineError TICK_GONE, JOURNAL_DAMAGED, SNAPSHOT_DAMAGED; and whatever the condition throws
 */
export async function firstWhere(parts: Parts, store: Store, options: FirstOptions): Promise<First | undefined> {
  const { from, backoff_max_ms, pause } = options
  const { core, journal_tick } = await visit(parts, store, { tick: from, backoff_max_ms, pause })
  const start = { core, journal_tick }
  if (await options.holds(viewOf(core))) return { tick: from, core, asked: 1, before: undefined }
  return options.every === undefined ? halving(parts, store, start, options) : stepping(store, start, options)
}

async function stepping(
  store: Store,
  at: Progress,
  { to, holds, every = 1, pause }: FirstOptions,
): Promise<First | undefined> {
  for (let asked = 2, before = at.core.tick; before < to; asked++) {
    await advance(at, store, Math.min(before + every, to), { pause })
    const { tick } = at.core
    if (await holds(viewOf(at.core))) return { tick, core: at.core, asked, before }
    before = tick
  }
  return undefined
}

/** The condition does not hold at `low`, a copy of the world; it does at `high`, once that was asked. */
async function halving(parts: Parts, store: Store, start: Progress, options: FirstOptions): Promise<First | undefined> {
  const { to, holds } = options
  let low = kept(start)
  let high = to + 1
  let asked = 1
  let found: Core | undefined
  while (high - low.tick > 1) {
    // The last tick is asked first: where it does not hold there, it holds nowhere.
    const tick = high > to ? to : low.tick + Math.floor((high - low.tick) / 2)
    const at = await reached(parts, store, low, { ...options, tick })
    asked++
    if (await holds(viewOf(at.core))) {
      high = tick
      found = at.core
    } else if (high > to) return undefined
    else low = kept(at)
  }
  return found === undefined ? undefined : { tick: high, core: found, asked, before: low.tick }
}

/** The world after a tick, from the copy or from a snapshot of the record that is nearer. */
async function reached(
  parts: Parts,
  store: Store,
  low: Kept,
  options: FirstOptions & { readonly tick: number },
): Promise<Progress> {
  const { tick, backoff_max_ms, pause } = options
  const near = store.snapshots().find((at) => at <= tick && at > low.tick)
  if (near !== undefined) return visit(parts, store, { tick, backoff_max_ms, pause, snapshots: [near] })
  const at = again(parts, store, low, options)
  await advance(at, store, tick, { pause })
  return at
}

type Kept = { readonly tick: number; readonly snapshot: Snapshot }

function kept({ core, journal_tick }: Progress): Kept {
  return { tick: core.tick, snapshot: copyWorld(core, { version, runtime: runtimeName, journal_tick }) }
}

function again(parts: Parts, store: Store, { snapshot }: Kept, options: FirstOptions): Progress {
  const core = freshCore(parts, store, options)
  restoreSnapshot(core, snapshot)
  return { core, journal_tick: snapshot.head.journal_tick }
}
