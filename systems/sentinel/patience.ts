import type { Tick } from '../../engine/system.ts'
import { File, Patience } from '../components.ts'

/** First wait before a file that failed through no fault of its own is tried again; it doubles up to the longest. */
const first_ms = 60_000
const longest_ms = 3_600_000

/** Failures that pass by themselves: tried again while the daemon runs. */
const passing = new Set([
  ...['RATE_LIMITED', 'SERVER', 'TIMEOUT', 'NETWORK', 'TRUNCATED', 'BAD_RESPONSE'],
  ...['BUSY', 'NO_SPACE', 'IO', 'ADAPTER_THREW'],
])
/** Failures of the set-up: somebody has to mend it, so a new run of the process tries again. */
const mendable = [
  ...['AUTH', 'NO_MODEL', 'BAD_REQUEST', 'REDIRECT', 'PACKAGE_MISSING', 'NO_PROPOSAL'],
  ...['EFFECT_UNHANDLED', 'PERMISSION'],
]

/** Names of the failures that say nothing about the note itself. */
export const surroundings: readonly string[] = [...passing, ...mendable]

/** After a failure: when it passes by itself, the file waits its turn. */
export function waitTurn(tick: Tick, file: number, code: string): void {
  if (!passing.has(code)) return
  const { failures, patience } = tick.world.of(File)
  let wait_ms = first_ms
  for (let n = 0; n < failures[file]! && wait_ms < longest_ms; n++) wait_ms *= 2
  failures[file] = Math.min(255, failures[file]! + 1)
  const id = tick.world.spawn(Patience)
  const columns = tick.world.of(Patience)
  columns.file[id] = file
  columns.retry_at_ms[id] = tick.now_ms + Math.min(wait_ms, longest_ms) * (0.5 + tick.random())
  patience[file] = id
}

/** Whatever it waited for, the file is looked at now, or is gone. */
export function stopWaiting(tick: Tick, file: number): void {
  const { patience } = tick.world.of(File)
  if (patience[file] !== 0) tick.world.kill(patience[file]!)
  patience[file] = 0
}

/** Files whose turn has come. O(files that wait), which are few or none. */
export function* itsTurn(tick: Tick): Generator<number> {
  const waiting = tick.world.each(Patience)
  if (waiting.length === 0) return
  const { file, retry_at_ms } = tick.world.of(Patience)
  for (const id of waiting) if (retry_at_ms[id]! <= tick.now_ms) yield file[id]!
}
