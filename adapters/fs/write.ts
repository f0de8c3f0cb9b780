import { hash } from 'node:crypto'
import { accessSync, closeSync, constants, fstatSync, linkSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { reasonOf } from '../../engine/errors.ts'
import { type EffectCall, EffectFailure, type Log } from '../../engine/flow/adapter.ts'
import type { FsWriteDone, FsWriteRequest } from '../../systems/events.ts'
import { errnoOf, failureOf } from './failure.ts'
import { checkFolder, closeFolder, type Folder, openFolder, type Root, syncFolder } from './folder.ts'
import { checkPath, splitPath, tempName } from './paths.ts'
import { type OpenNote, openNote, sameStatus } from './read.ts'
import { bytesDiffer, createTemp, putBack, type Temp } from './temp.ts'

/** Replaces the head of a note so that at every moment the path holds either all old bytes or all new ones. */

/** How often a write begins anew because somebody touched the file while it ran. */
const attemptsMax = 3

/** What every write of one adapter has in common. */
export type WriteContext = {
  readonly root: Root
  readonly note_bytes_max: number
  readonly log: Log
  /** Puts the new file in the note's place; another one only in tests, to act in that very moment. */
  readonly rename?: (from: string, to: string) => void
  /** Called between the last look at the note and the rename; only in tests. */
  readonly looked?: () => void
}

/** Everything one attempt needs to know. */
type Job = {
  readonly context: WriteContext
  readonly request: FsWriteRequest
  readonly call: EffectCall
  readonly folder: Folder
  readonly name: string
}

/**
 * Writes if the note still has the bytes it was read with, and says so if the write has happened before.
 * @throws EffectFailure CHANGED, BAD_REQUEST, NO_SPACE, and those of `readNote`; the note is then as it was
 */
export async function writeNote(
  context: WriteContext,
  request: FsWriteRequest,
  call: EffectCall,
): Promise<FsWriteDone> {
  checkPath(request.path)
  const { folder: folderPath, name } = splitPath(request.path)
  try {
    const folder = openFolder(context.root, folderPath)
    try {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        const done = await tryWrite({ context, request, call, folder, name })
        if (done !== undefined) return done
      }
      throw new EffectFailure('BUSY', 'the file is being changed by others', { transient: true })
    } finally {
      closeFolder(folder)
    }
  } catch (thrown) {
    throw failureOf(thrown, request.path)
  }
}

/** The bytes a request makes of a file. Pure. @throws EffectFailure BAD_REQUEST or TOO_LARGE */
export function splice(current: Buffer, request: FsWriteRequest, bytesMax: number): Buffer {
  const { cut_bytes, head, after_hash } = request
  if (cut_bytes > current.length) {
    throw new EffectFailure('BAD_REQUEST', `cut_bytes is ${cut_bytes}, but the file has ${current.length} bytes`)
  }
  const next = Buffer.concat([Buffer.from(head, 'utf8'), current.subarray(cut_bytes)])
  if (hash('sha256', next) !== after_hash) {
    throw new EffectFailure('BAD_REQUEST', 'the new bytes do not have the hash that was announced')
  }
  if (next.length > bytesMax) {
    throw new EffectFailure('TOO_LARGE', `the file would have ${next.length} bytes; at most ${bytesMax} are read again`)
  }
  return next
}

/** One attempt; undefined when somebody touched the file meanwhile, so that it must be read again. */
async function tryWrite(job: Job): Promise<FsWriteDone | undefined> {
  const { context, request, folder, name } = job
  const note = openNote(folder, name, context.note_bytes_max)
  try {
    if (note.hash === request.after_hash) {
      await syncFolder(folder)
      return answerOf(request, note.stat, true)
    }
    if (note.hash !== request.before_hash) throw changed()
    const next = splice(note.bytes, request, context.note_bytes_max)
    refuseReadOnly(folder.prefix + name, note)
    if (note.stat.nlink > 1) {
      const fields = { path: request.path, links: note.stat.nlink }
      context.log.warn(fields, 'a note with several hard links is replaced; its other names keep the old bytes')
    }
    return await replace(job, note, next)
  } finally {
    closeSync(note.descriptor)
  }
}

function changed(): EffectFailure {
  return new EffectFailure('CHANGED', 'the file is no longer the one that was read')
}

function answerOf(request: FsWriteRequest, stat: OpenNote['stat'], repeated: boolean): FsWriteDone {
  return {
    path: request.path,
    size_bytes: stat.size,
    modified_ms: stat.mtimeMs,
    changed_ms: stat.ctimeMs,
    hash: request.after_hash,
    repeated,
  }
}

/** A rename asks only the folder for permission, so the file's own wish to stay as it is must be asked for. */
function refuseReadOnly(path: string, note: OpenNote): void {
  if ((note.stat.mode & constants.S_IWUSR) === 0) throw new EffectFailure('PERMISSION', 'the file is read-only')
  accessSync(path, constants.W_OK)
}

async function replace(job: Job, note: OpenNote, next: Buffer): Promise<FsWriteDone | undefined> {
  const { context, request, folder, name, call } = job
  const temp = await createTemp(folder, note.stat, next, call.effect_id, context.log)
  let placed = false
  try {
    if (call.signal.aborted) {
      throw new EffectFailure('BUSY', 'the write ran out of time before anything was replaced', { transient: true })
    }
    if (!isStill(folder, name, note)) return undefined
    context.looked?.()
    const aside = setAside(folder, name, call.effect_id)
    try {
      if (!place(job, temp)) return undefined
      placed = true
      if (aside !== undefined && lstatSync(aside).ino !== note.stat.ino) throw overtaken(job, aside, temp)
    } finally {
      if (aside !== undefined) discard(aside, context.log)
    }
    // Somebody who had the old file open may have written in the moment of the rename, or while the folder was synced.
    if (bytesDiffer(note)) throw returned(job, note, temp, next)
    await syncFolder(folder)
    if (bytesDiffer(note)) throw returned(job, note, temp, next)
    return answerOf(request, fstatSync(temp.descriptor), false)
  } finally {
    closeSync(temp.descriptor)
    if (!placed) discard(temp.path, context.log)
  }
}

/** Synchronous, and directly followed by the rename: whether the path still is the file that was read, byte for byte. */
function isStill(folder: Folder, name: string, note: OpenNote): boolean {
  checkFolder(folder)
  if (bytesDiffer(note)) return false
  const stat = lstatSync(folder.prefix + name, { throwIfNoEntry: false })
  return stat !== undefined && sameStatus(stat, note.stat)
}

/** A second name for whatever bears the note's name now, so that a save in this very moment can be given its place back. */
function setAside(folder: Folder, name: string, effectId: number): string | undefined {
  const aside = folder.prefix + tempName(effectId)
  try {
    linkSync(folder.prefix + name, aside)
    return aside
  } catch (thrown) {
    // Some file systems have no hard links; the look directly before has to do there.
    // A note that is gone by now is not made anew.
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(errnoOf(thrown))) return undefined
    throw thrown
  }
}

/** An editor put a new file in the note's place between the last look and the rename: that file gets its place back. */
function overtaken({ context, folder, name, request }: Job, aside: string, temp: Temp): EffectFailure {
  if (isOurs(folder, name, temp)) renameSync(aside, folder.prefix + name)
  context.log.warn(
    { path: request.path },
    'the note was saved while it was replaced; what was saved is back in its place',
  )
  return changed()
}

function isOurs(folder: Folder, name: string, temp: Temp): boolean {
  const stat = lstatSync(folder.prefix + name, { throwIfNoEntry: false })
  const ours = fstatSync(temp.descriptor)
  return stat !== undefined && stat.ino === ours.ino && stat.dev === ours.dev
}

/** Renames; false when the temporary file is gone because another process swept the folder at its start. */
function place({ context, folder, name }: Job, temp: Temp): boolean {
  try {
    const rename = context.rename ?? renameSync
    rename(temp.path, folder.prefix + name)
    return true
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false
    throw thrown
  }
}

/** Gives the user's bytes back their place, unless the place has been taken by something newer. */
function returned({ context, folder, name, request }: Job, note: OpenNote, temp: Temp, next: Buffer): EffectFailure {
  const { log } = context
  const untouched = !bytesDiffer({ descriptor: temp.descriptor, bytes: next })
  try {
    if (!isOurs(folder, name, temp)) return changed()
    putBack(folder, untouched ? name : `${name}.conflict`, note, log)
  } catch (thrown) {
    log.error({ path: request.path, reason: reasonOf(thrown) }, 'what was written to a note just now could not be kept')
    throw thrown
  }
  const kept = untouched ? 'in its place' : `beside it, as ${name}.conflict, because the new file was changed too`
  log.warn({ path: request.path }, `the note was written to while it was replaced; what was written is kept ${kept}`)
  return changed()
}

function discard(path: string, log: Log): void {
  try {
    rmSync(path, { force: true })
  } catch (thrown) {
    log.warn({ reason: reasonOf(thrown) }, 'a temporary file cannot be removed')
  }
}
