import type { Event } from '../engine/flow/event.ts'
import { EngineStarted } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { File, Policy, Sentinel, SentinelPhase } from './components.ts'
import {
  AdminCommand,
  ConfigSet,
  FsFileChanged,
  FsFileCreated,
  FsFileDeleted,
  FsFileSkipped,
  FsRead,
  FsScanned,
  FsWrite,
  LlmChat,
} from './events.ts'
import { vanish } from './sentinel/cursor.ts'
import { retryFailed, retryWaiting, revisitAll, seeFile, seeScan, skipFile } from './sentinel/files.ts'
import { type Guard, policyOf } from './sentinel/policy.ts'
import { startUndo, undoFailed, undoRead, undoWritten } from './sentinel/undo.ts'
import { answered, begin, giveUp, readFailed, textRead, writeFailed, written } from './sentinel/work.ts'

/**
 * Holds each watched note to its contract: read, ask, check, write, or try again.
 * Each event moves the one sentinel it concerns; nothing is scanned, so an idle tick costs nothing. O(events).
 */
export const sentinel = system('sentinel', (tick) => {
  retryWaiting(tick)
  for (const event of tick.events) {
    if (ConfigSet.is(event)) obeyPolicy(tick)
    else if (EngineStarted.is(event)) retryFailed(tick)
    else if (FsScanned.is(event)) seeScan(tick, event.payload)
    else if (FsFileCreated.is(event) || FsFileChanged.is(event)) seeFile(tick, event.payload)
    else if (FsFileDeleted.is(event)) vanish(tick, tick.world.find(File, event.payload.path))
    else if (FsFileSkipped.is(event)) skipFile(tick, event.payload)
    else if (AdminCommand.is(event)) command(tick, event.payload)
    else move(tick, event)
  }
})

/** Under another policy every file is looked at again; the first one finds them being looked at anyway. */
function obeyPolicy(tick: Tick): void {
  const row = tick.world.rows(Policy)
  if (row > 1 && tick.world.of(Policy).set_tick[row] === tick.tick) revisitAll(tick)
}

function command(tick: Tick, order: AdminCommand): void {
  const file = tick.world.find(File, order.path)
  if (order.command === 'sentinel.undo') startUndo(tick, file, order.path)
  else if (file !== 0 && tick.world.of(File).present[file] === 1) {
    tick.world.of(File).held[file] = 0
    begin(tick, file)
  }
}

/** An answer moves the sentinel that waits for it; one that nobody waits for any more changes nothing. */
function move(tick: Tick, event: Event): void {
  const effect_id = event.payload['effect_id']
  if (typeof effect_id !== 'number') return
  const id = tick.ownerOf(effect_id)
  const columns = tick.world.of(Sentinel)
  if (id === 0 || !tick.world.alive(Sentinel, id) || columns.effect_id[id] !== effect_id) return
  // Its file may have gone in this very tick: then it ends with it.
  if (tick.world.of(File).sentinel[columns.file[id]!] !== id) return
  columns.effect_id[id] = 0
  const guard: Guard = { id, file: columns.file[id]!, policy: policyOf(tick) }
  const undoing = columns.phase[id]! >= SentinelPhase.reading_back
  if (FsRead.done.is(event)) (undoing ? undoRead : textRead)(tick, guard, event.payload)
  else if (LlmChat.done.is(event)) answered(tick, guard, event.payload.content)
  else if (FsWrite.done.is(event)) (undoing ? undoWritten : written)(tick, guard, event.payload)
  else if (undoing && (FsRead.failed.is(event) || FsWrite.failed.is(event))) undoFailed(tick, guard, event.payload)
  else if (FsRead.failed.is(event)) readFailed(tick, guard, event.payload)
  else if (FsWrite.failed.is(event)) writeFailed(tick, guard, event.payload)
  else if (LlmChat.failed.is(event)) giveUp(tick, guard, event.payload.code, event.payload.reason)
}
