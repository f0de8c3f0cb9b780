import type { Event } from '../../engine/flow/event.ts'

/**
 * What the inspector's places answer, for the page, `promethean top` and `promethean repl` alike. Types alone: the page
 * imports this file too. Times are milliseconds since 1970 unless a name says otherwise; 0 = unknown or none.
 */

/** The first event of `/api/stream`: what does not change while the daemon runs. */
export type Hello = {
  readonly version: string
  /** Names of the systems in the order of a tick; the columns of `Frame.ticks`. */
  readonly systems: readonly string[]
  readonly tick_ms: number
  /** Whether this daemon takes debug orders (`--inspector-write`). */
  readonly write: boolean
}

/** An event `frame` of `/api/stream`: how things stand between two ticks, and what happened since the frame before. At most 10 a second. */
export type Frame = {
  readonly tick: number
  readonly now_ms: number
  readonly health: string
  readonly paused: boolean
  /** Ticks since the frame before, oldest first, at most 200: `[tick, whole, ...one for each system]`, in microseconds. */
  readonly ticks: readonly (readonly number[])[]
  /** Running counts by name, as in `/api/status`. */
  readonly gauges: { readonly [name: string]: number }
  /** The sessions with most to do, at most 50. */
  readonly sessions: readonly SessionBrief[]
  /** What came in by kind of source and channel, the busiest twenty and `other`. */
  readonly sources: readonly SourceBrief[]
  readonly models: readonly ModelBrief[]
  readonly outbox: { readonly pending: number; readonly in_flight: number; readonly oldest_ms: number }
  /** Work that waits, by what it is: `embedding`, `sentinel`, `discord`, … */
  readonly jobs: readonly { readonly name: string; readonly waiting: number; readonly running: number }[]
  /** With `tap=`: events that match, oldest first, at most 50; a payload that is too long is left out. */
  readonly events: readonly Event[]
  /** Matching events beyond those. */
  readonly events_left_out: number
  /** With `watch=`: what changed in the watched archetypes since the frame before, at most 200 cells. */
  readonly changes: readonly Change[]
  readonly changes_left_out: number
}

export type SessionBrief = {
  readonly session: string
  readonly lane: string
  readonly state: string
  readonly why: string
  readonly queued: number
  readonly queue_max: number
  readonly turn: number
}
export type SourceBrief = { readonly source: string; readonly events: number; readonly per_minute: number }
export type ModelBrief = {
  readonly model: string
  readonly calls: number
  readonly failed: number
  readonly tokens_in: number
  readonly tokens_out: number
  /** Of turns whose agent has prices. */
  readonly cost: number
}
export type Change = {
  readonly of: string
  /** Entity or row. */
  readonly id: number
  readonly column: string
  /** `null` where it was not there before, or is not there any more. */
  readonly before: number | null
  readonly after: number | null
}

/** `/api/history`: the gauges over time. `minutes`: the last day; `ticks`: the last minute. Columns run alike. */
export type History = {
  readonly every: 'tick' | 'minute'
  readonly at_ms: readonly number[]
  readonly gauges: { readonly [name: string]: readonly number[] }
}

/** `/api/recall?q=TEXT&hits=N`: what answers, and the walk as a graph. */
export type Found = {
  readonly query: string
  readonly answered: boolean
  readonly confidence: number
  readonly took_ms: number
  readonly hits: readonly FoundHit[]
  readonly walk: Walk
}
export type FoundHit = {
  readonly memory_id: number
  readonly id: string
  readonly title: string
  readonly text: string
  readonly kind: string
  readonly score: number
  readonly lanes: readonly string[]
  readonly path: readonly string[]
  readonly parts: readonly { readonly name: string; readonly value: number }[]
  readonly happened_at_ms: number
}
/** Memories and the keys that led from one to the other. */
export type Walk = {
  readonly nodes: readonly {
    /** `memory 12` or `key 7`. */
    readonly id: string
    readonly kind: 'memory' | 'key'
    readonly label: string
    /** Of a memory that is a hit, else 0. */
    readonly score: number
  }[]
  /** From a memory to a key, or from a key to the memory that was reached by it. */
  readonly links: readonly { readonly from: string; readonly to: string; readonly score: number }[]
}

/** `/api/turns?limit=N`: the newest first. */
export type TurnBrief = {
  readonly turn: number
  readonly session: string
  readonly state: string
  readonly asked_at_ms: number
  readonly tokens_in: number
  readonly tokens_out: number
}
/** `/api/turn?id=N`: the context as blocks, in the order in which the model had them. */
export type TurnBlocks = {
  readonly turn: number
  readonly session: string
  readonly state: string
  readonly trust: string
  readonly window_tokens: number
  readonly budget_tokens: number
  readonly tokens: number
  readonly blocks: readonly {
    /** `headers`, `related`, `persistent`, `recent`, `input`, `tools`, `answer`, `free`. */
    readonly name: string
    readonly tokens: number
    /** What the policy gives it of the window, 0 = no share of its own. */
    readonly share: number
    readonly items: readonly { readonly label: string; readonly tokens: number; readonly why: string }[]
  }[]
  readonly left_out: readonly { readonly label: string; readonly why: string }[]
  readonly left_out_count: number
  readonly outcome: string
}

/** `/api/families?limit=N`: the largest first. */
export type FamilyBrief = {
  readonly family: number
  readonly memory_id: number
  readonly template: string
  readonly author: string
  readonly channel: string
  readonly count: number
  readonly first_at_ms: number
  readonly last_at_ms: number
}

/** `/api/world`: what there is. */
export type WorldShape = {
  readonly tick: number
  readonly archetypes: readonly {
    readonly name: string
    readonly kind: 'archetype' | 'table'
    /** Entities alive, or rows. */
    readonly count: number
    readonly columns: readonly { readonly name: string; readonly type: string }[]
  }[]
}
/** `/api/rows?of=NAME&from=ID&limit=N`, and with `at=TICK` as it was then: the cells of some rows, ascending. */
export type Rows = {
  readonly of: string
  readonly tick: number
  readonly columns: readonly string[]
  readonly ids: readonly number[]
  /** One array for each id, in the order of `columns`. */
  readonly cells: readonly (readonly number[])[]
  readonly count: number
}

/** `/api/moment?at=TICK`: the world as it was after that tick, by replay beside the running one. */
export type Moment = {
  readonly tick: number
  readonly now_ms: number
  /** From which snapshot it was replayed, and how long that took. */
  readonly from_tick: number
  readonly took_ms: number
  readonly gauges: { readonly [name: string]: number }
  readonly sessions: readonly SessionBrief[]
  readonly archetypes: WorldShape['archetypes']
}
/** `/api/times`: which ticks can be visited. */
export type Times = { readonly first_tick: number; readonly last_tick: number; readonly snapshots: readonly number[] }

/** POST `/api/debug`, only with `--inspector-write`. `rate`: ticks a second by the wall; time in the world goes on as ever. */
export type DebugOrder =
  | { readonly order: 'pause' | 'resume' | 'step' }
  | { readonly order: 'rate'; readonly ticks_per_second: number }
export type DebugState = { readonly paused: boolean; readonly ticks_per_second: number; readonly tick: number }
