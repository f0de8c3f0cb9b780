import type { EffectHandler, View } from '../flow/adapter.ts'
import type { Event, EventInput, EventType } from '../flow/event.ts'
import { Inbox } from '../flow/inbox.ts'
import type { Limits } from '../limits.ts'
import { Core, type Parts } from '../tick.ts'
import { runtimeName, version } from '../version.ts'
import { Branch, type BranchEffect } from './fork-branch.ts'
import { type Asked, Recording, type Stamps } from './fork-recording.ts'
import { copiedInto, type PastStore, scratchOver } from './fork-store.ts'
import { decodeEntry, type Entry } from './journal.ts'
import { restoreSnapshot } from './recover.ts'
import { copyWorld } from './snapshot.ts'
import type { Store } from './store.ts'
import { viewOf } from './view.ts'
import { advance, entriesAfter, furthestBack, type Pause, visit } from './visit.ts'

export type ForkOptions = {
  /** The last tick that both have in common. */
  readonly tick: number
  /** The last tick to run; default: the last of the record. */
  readonly until?: number
  /** What only the fork hears, in the tick after. */
  readonly change: readonly EventInput[]
  /** Is shown the world of that tick, before anything else is run. */
  readonly begun?: (view: View) => void
  /** Types of recorded events that the fork does not hear, because `change` stands for them. */
  readonly without?: readonly string[]
  /** Who performs effects of which the recording has no answer; all others of those fail with FORK_REFUSED. */
  readonly handlers?: (view: View) => { readonly [type: string]: EffectHandler }
  /** Answers that depend on more than the request. */
  readonly stamps?: Stamps
  /** An open store without anything in it, which becomes the record of the fork; default: memory, and gone afterwards. */
  readonly into?: Store
  readonly pause?: Pause
}

/** A record's world as it became, and as it would have become. */
export type Forked = {
  readonly tick: number
  readonly until: number
  /** The snapshot that was replayed from; 0 for the beginning. */
  readonly from_tick: number
  readonly fork: Core
  readonly recorded: Core
  readonly effects: {
    /** Effects with a request that both asked for. */
    readonly same: number
    /** What only the recorded run asked for, oldest first, and how many those were. */
    readonly only_recorded: readonly BranchEffect[]
    readonly only_recorded_count: number
    /** What only the fork asked for, oldest first, and how many those were. */
    readonly only_fork: readonly BranchEffect[]
    readonly only_fork_count: number
    /** Requests that were performed, and that failed with FORK_REFUSED; also of those that both asked for. */
    readonly performed: number
    readonly refused: number
  }
}

/** Effects of each kind that are told one by one. */
const toldMax = 10_000

/**
 * Runs the inputs that were recorded after a tick again, under what `change` says. An effect whose request the recording knows, by
 * type and content, is answered as it was then and after as many ticks; any other is performed at once by `handlers`, while
 * world time stands still, or refused. The record is read and never written. O(journal and ticks since the snapshot, twice).
 * @throws EngineError EVENT_TYPE_UNKNOWN, EVENT_INVALID before anything runs; SYSTEM_THREW when a system of the fork throws
 */
export async function fork(
  parts: Parts,
  store: Store,
  options: ForkOptions & { readonly until: number; readonly limits: Limits; readonly types: readonly EventType[] },
): Promise<Forked> {
  const { tick, until, limits, pause } = options
  const { backoff_max_ms } = limits
  const inbox = new Inbox(options.types, limits)
  const eventOf = (input: EventInput): Event => {
    const { event, chunk } = inbox.parcel(input, 'fork')
    chunk.live--
    return event
  }
  const change = options.change.map(eventOf)
  const recording = new Recording(parts, options.stamps ?? {})
  const watching = {
    pause,
    before: (at: Core, { head, events }: Entry) => recording.answers(at, head.tick, events),
    after: (at: Core) => recording.asks(at),
  }
  const { from_tick, ...recorded } = await visit(parts, store, {
    tick,
    backoff_max_ms,
    ...watching,
    // What was asked and answered before the fork is known only as far as it is replayed.
    snapshots: furthestBack(store, tick),
  })
  const { core, journal_tick } = recorded
  options.begun?.(viewOf(core))
  const snapshot = copyWorld(core, { version, runtime: runtimeName, journal_tick })
  const open = recording.begin(core)
  await advance(recorded, store, until, watching)
  const past: PastStore = {
    read: (table, key) => (recording.isLater(table, key) ? undefined : store.read(table, key)),
    keys: (table) => store.keys(table),
    journal: (from, to) => store.journal(from, to),
  }
  const { into } = options
  const rest = into === undefined ? scratchOver(past) : await copiedInto(into, past, { snapshot, parts, open })
  const forked = new Core(parts, { read: rest.read, backoff_max_ms })
  restoreSnapshot(forked, snapshot)
  const branch = new Branch(forked, recording, { rest, eventOf, store, ...branchOptions(options, forked) })
  await run(branch, forked, { store, until, journal_tick, change, pause })
  return { tick, until, from_tick, fork: forked, recorded: core, effects: effectsOf(branch, recording) }
}

function branchOptions({ handlers, without = [] }: ForkOptions, core: Core) {
  const view = viewOf(core)
  return { without: new Set(without), handlers: new Map(Object.entries(handlers?.(view) ?? {})) }
}

async function run(
  branch: Branch,
  core: Core,
  about: { store: Store; until: number; journal_tick: number; change: readonly Event[]; pause: Pause | undefined },
): Promise<void> {
  const { store, until, pause } = about
  let last = about.journal_tick
  let change = about.change
  const to = async (tick: number): Promise<void> => {
    while (core.tick < tick) {
      await branch.tick([], change)
      change = []
      if (core.tick % 1_024 === 0) await pause?.()
    }
  }
  for (let slice = entriesAfter(store, last, until); slice.length > 0; slice = entriesAfter(store, last, until)) {
    for (const { tick, bytes } of slice) {
      const { events } = decodeEntry(bytes, tick)
      await to(tick - 1)
      await branch.tick(events, change)
      change = []
      last = tick
    }
    await pause?.()
  }
  await to(until)
}

function effectsOf(branch: Branch, recording: Recording): Forked['effects'] {
  const left: BranchEffect[] = []
  let count = 0
  for (const asked of recording.left()) if (++count <= toldMax) left.push(recordedEffect(asked))
  const { own, same, performed, refused } = branch
  return {
    same,
    only_recorded: left,
    only_recorded_count: count,
    only_fork: own.slice(0, toldMax),
    only_fork_count: own.length,
    performed,
    refused,
  }
}

function recordedEffect({ effect_id, type, tick, text, legs, withdrawn }: Asked): BranchEffect {
  const answered = legs.at(-1)?.answered !== undefined
  return { effect_id, type, tick, text, end: withdrawn ? 'withdrawn' : answered ? 'recorded' : 'open' }
}

export type { BranchEffect } from './fork-branch.ts'
