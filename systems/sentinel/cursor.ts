import type { Tick } from '../../engine/system.ts'
import { File, FileVerdict, Gauge } from '../components.ts'
import { type FileStat, NoteGone } from '../events.ts'
import { stopWaiting } from './patience.ts'

/** What the world knows of a file: its verdict, and the size, times and hash by which a change is noticed. */

const verdictGauges = [
  undefined,
  'sentinels_pending',
  'sentinels_done',
  'sentinels_failed',
  'sentinels_proposed',
  'sentinels_held',
] as const

/** Sets a file's verdict and keeps the gauges in step; the only place that does. */
export function settleVerdict(
  tick: Tick,
  file: number,
  verdict: number,
  about: { contract?: string; code?: string; reason?: string } = {},
): void {
  const columns = tick.world.of(File)
  const gauge = tick.world.of(Gauge)
  const before = verdictGauges[columns.verdict[file]!]
  const after = verdictGauges[verdict]
  if (before !== undefined) gauge[before][1]!--
  if (after !== undefined) gauge[after][1]!++
  const { names } = tick.world
  columns.verdict[file] = verdict
  columns.contract[file] = about.contract === undefined ? columns.contract[file]! : names.id(about.contract)
  columns.code[file] = about.code === undefined ? 0 : names.id(about.code)
  columns.reason[file] = about.reason === undefined ? 0 : names.id(about.reason.slice(0, 500))
}

/** Takes over what was read or written; true when the content is another than before. */
export function takeStat(tick: Tick, row: number, stat: FileStat & { hash: string }): boolean {
  const file = tick.world.of(File)
  file.size_bytes[row] = stat.size_bytes
  file.modified_ms[row] = stat.modified_ms
  file.changed_ms[row] = stat.changed_ms
  const high = Number.parseInt(stat.hash.slice(0, 8), 16)
  const low = Number.parseInt(stat.hash.slice(8, 16), 16)
  const differs = file.hash_high[row] !== high || file.hash_low[row] !== low
  file.hash_high[row] = high
  file.hash_low[row] = low
  return differs
}

/** Whether a file's size and times are those last seen. */
export function sameStat(tick: Tick, row: number, stat: FileStat): boolean {
  const file = tick.world.of(File)
  return (
    file.size_bytes[row] === stat.size_bytes &&
    file.modified_ms[row] === stat.modified_ms &&
    file.changed_ms[row] === stat.changed_ms
  )
}

/** A file is gone: whoever was at work on it stops, and nothing is written in its place. */
export function vanish(tick: Tick, file: number): void {
  const columns = tick.world.of(File)
  if (file === 0 || columns.present[file] === 0) return
  const sentinel = columns.sentinel[file]!
  if (sentinel !== 0) tick.world.kill(sentinel)
  columns.sentinel[file] = 0
  stopWaiting(tick, file)
  settleVerdict(tick, file, FileVerdict.none)
  columns.present[file] = 0
  columns.size_bytes[file] = -1
  tick.world.of(Gauge).files[1]!--
  tick.emit(NoteGone, { path: tick.world.keyOf(File, file) })
}
