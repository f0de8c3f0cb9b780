import type { Tick } from '../../engine/system.ts'
import { File, FileVerdict, Gauge } from '../components.ts'
import type { FileStat, FsFileSkipped, FsScanned } from '../events.ts'
import { vanish } from './cursor.ts'
import { itsTurn, surroundings } from './patience.ts'
import { policyOf } from './policy.ts'
import { begin, startChain } from './work.ts'

/** A file was seen: it is looked into only when size or times differ from what was last read. */
export function seeFile(tick: Tick, stat: FileStat): void {
  const file = tick.world.appendKeyed(File, stat.path)
  const columns = tick.world.of(File)
  const known =
    columns.present[file] === 1 &&
    columns.size_bytes[file] === stat.size_bytes &&
    columns.modified_ms[file] === stat.modified_ms &&
    columns.changed_ms[file] === stat.changed_ms
  if (columns.present[file] === 0) {
    columns.present[file] = 1
    tick.world.of(Gauge).files[1]!++
  }
  if (known) return
  columns.size_bytes[file] = stat.size_bytes
  columns.modified_ms[file] = stat.modified_ms
  columns.changed_ms[file] = stat.changed_ms
  begin(tick, file)
}

/** One page of a scan; when the last has come, what none of them named is gone. O(files) on the last page only. */
export function seeScan(tick: Tick, page: FsScanned): void {
  const gauge = tick.world.of(Gauge)
  if (page.scan !== gauge.scan[1]) {
    gauge.scan[1] = page.scan
    tick.world.of(File).seen_scan.fill(0)
  }
  for (const [path, size_bytes, modified_ms, changed_ms] of page.files) {
    seeFile(tick, { path, size_bytes, modified_ms, changed_ms })
    tick.world.of(File).seen_scan[tick.world.find(File, path)] = page.scan
  }
  if (!page.complete) return
  const { present, seen_scan } = tick.world.of(File)
  const rows = tick.world.rows(File)
  for (let file = 1; file <= rows; file++) {
    if (present[file] === 1 && seen_scan[file] !== page.scan) vanish(tick, file)
  }
}

/** Something named like a note that is none; if it was one before, it is gone. */
export function skipFile(tick: Tick, skipped: FsFileSkipped): void {
  tick.world.of(Gauge).skipped[1]!++
  vanish(tick, tick.world.find(File, skipped.path))
}

/** The policy changed: every file is held to it anew. O(files), only then. */
export function revisitAll(tick: Tick): void {
  const { present, sentinel } = tick.world.of(File)
  const policy = policyOf(tick)
  const rows = tick.world.rows(File)
  for (let file = 1; file <= rows; file++) {
    if (present[file] !== 1) continue
    const id = sentinel[file]!
    if (id !== 0) startChain(tick, { id, file, policy })
    begin(tick, file)
  }
}

/** At the start of a run: scans are counted anew, and failures of the surroundings are given another chance. */
export function retryFailed(tick: Tick): void {
  tick.world.of(Gauge).scan[1] = 0
  const { verdict, code } = tick.world.of(File)
  const codes = new Set(surroundings.map((name) => tick.world.names.find(name)))
  codes.delete(0)
  const rows = tick.world.rows(File)
  for (let file = 1; file <= rows; file++) {
    if (verdict[file] === FileVerdict.failed && codes.has(code[file]!)) begin(tick, file)
  }
}

/** Files that failed through no fault of their own are looked at again when their turn has come. */
export function retryWaiting(tick: Tick): void {
  for (const file of itsTurn(tick)) begin(tick, file)
}
