import type { Stats } from '../support.ts'
import type { Resident } from './resident.ts'

/** What the first process says when all events are in. */
export type Filled = {
  readonly memories: number
  readonly keys: number
  readonly edges: number
  readonly seconds: number
  /** Of all threads of the process, from its beginning. */
  readonly cpu_s: number
  /** Events a second over the first and the last window, and over all. */
  readonly first: number
  readonly last: number
  readonly rate: number
  readonly window: number
  readonly resident: Resident
  readonly index_bytes: number
  readonly world_bytes: number
  readonly record_bytes: number
  readonly index_files_bytes: number
  readonly snapshot_pause_ms: number
}

/** What it says of its recalls. */
export type Recalled = {
  readonly queries: number
  /** In milliseconds, one sample a question. */
  readonly stats: Stats
  readonly p90_ms: number
  /** Share of the questions whose message is among the ten hits. */
  readonly found: number
  readonly resident: Resident
}

/** What the second process says, in milliseconds since it began. */
export type Answered = {
  readonly started_ms: number
  /** From the first byte read of a snapshot until its last column was checked, and how many bytes those were. */
  readonly columns_ms: number
  readonly columns_bytes: number
  /** Until the world was recovered, snapshot and journal. */
  readonly recovered_ms: number
  /** Until the files of the index were open. */
  readonly opened_ms: number
  /** Until the index held every memory. */
  readonly complete_ms: number
  /** Until the first recall was answered. */
  readonly answered_ms: number
  readonly memories: number
  readonly edges: number
  /** Ticks after the snapshot, which had to be run again. */
  readonly replayed: number
  /** Memories that the files of the index did not hold. */
  readonly behind: number
}

/** What the process says that only restores edges. */
export type EdgesRestored = { readonly edges: number; readonly bytes: number; readonly ms: number }

/** What a peer says that takes in the same file and answers the same questions. */
export type Peer = {
  readonly rows: number
  readonly rate: number
  /** Of all threads of the process until the last was in. */
  readonly cpu_s: number
  readonly queries: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly bytes: number
}
