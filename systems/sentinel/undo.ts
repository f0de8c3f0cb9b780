import { hash } from 'node:crypto'
import type { Failure } from '../../engine/flow/effect.ts'
import type { Tick } from '../../engine/system.ts'
import { File, FileVerdict, Revision, Sentinel, SentinelPhase, SentinelState } from '../components.ts'
import { FsRead, type FsReadDone, FsWrite, type FsWriteDone, SentinelUndone } from '../events.ts'
import { settleVerdict, takeStat } from './cursor.ts'
import type { Guard } from './policy.ts'
import { type Change, end, pathOf } from './work.ts'

/** The operator takes back the newest write of a file: it is read first, so that nothing newer is lost. */
export function startUndo(tick: Tick, file: number, path: string): void {
  const columns = tick.world.of(File)
  const refuse = (reason: string): void => tick.emit(SentinelUndone, { path, undone: false, reason })
  if (file === 0) return refuse('no such note was ever seen')
  if (columns.present[file] === 0) return refuse('the note is gone')
  if (columns.sentinel[file] !== 0) return refuse('a sentinel is at work on it; try again in a moment')
  if (columns.revision[file] === 0) return refuse('nothing was written to it that could be taken back')
  const id = tick.world.spawn(Sentinel)
  const sentinel = tick.world.of(Sentinel)
  sentinel.file[id] = file
  sentinel.contract[id] = 1
  sentinel.state[id] = SentinelState.running
  sentinel.phase[id] = SentinelPhase.reading_back
  sentinel.revision[id] = columns.revision[file]!
  sentinel.effect_id[id] = tick.request(FsRead, { path }, id)
  columns.sentinel[file] = id
}

/**
 * The head that was written must still stand there; then the old one takes its place and the body stays. An edit that
 * came meanwhile is looked at when the undo has ended, whatever became of it.
 */
export function undoRead(tick: Tick, guard: Guard, done: FsReadDone): void {
  const sentinel = tick.world.of(Sentinel)
  const change = changeOf(tick, guard)
  if (!done.text.startsWith(change.after_head)) {
    return finish(tick, guard, 'the front matter was changed since; take your own change back first')
  }
  const restored = change.before_head + done.text.slice(change.after_head.length)
  const request = {
    path: pathOf(tick, guard),
    before_hash: done.hash,
    after_hash: hash('sha256', restored),
    cut_bytes: Buffer.byteLength(change.after_head),
    head: change.before_head,
  }
  sentinel.phase[guard.id] = SentinelPhase.taking_back
  sentinel.effect_id[guard.id] = tick.request(FsWrite, request, guard.id)
}

/** The old head is back. The file is held as the operator wants it, until it changes. */
export function undoWritten(tick: Tick, guard: Guard, done: FsWriteDone): void {
  const file = tick.world.of(File)
  takeStat(tick, guard.file, done)
  file.revision[guard.file] = tick.world.of(Revision).previous[file.revision[guard.file]!]!
  file.held[guard.file] = 1
  settleVerdict(tick, guard.file, FileVerdict.held)
  finish(tick, guard, undefined)
}

export function undoFailed(tick: Tick, guard: Guard, failure: Failure): void {
  finish(tick, guard, failure.reason)
}

function finish(tick: Tick, guard: Guard, refused: string | undefined): void {
  tick.emit(SentinelUndone, { path: pathOf(tick, guard), undone: refused === undefined, reason: refused ?? '' })
  end(tick, guard)
}

function changeOf(tick: Tick, guard: Guard): Change {
  return JSON.parse(tick.read('change', tick.world.of(Sentinel).revision[guard.id]!) ?? '{}') as Change
}
