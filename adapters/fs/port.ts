import { hash } from 'node:crypto'
import { closeSync, constants, linkSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { EffectFailure, type Log, silent } from '../../engine/flow/adapter.ts'
import { errnoOf, failureOf } from './failure.ts'
import { checkFolder, closeFolder, type Folder, openFolder, openRoot, type Root, sync, syncFolder } from './folder.ts'
import { checkPath, foldersAbove, splitPath, tempName } from './paths.ts'
import { readNote } from './read.ts'
import { scan } from './scan.ts'
import { writeNote } from './write.ts'

/** The folder of notes for callers within the process: the same checks, reads and writes as the effects have. */

export type NotesPortOptions = {
  /** What the contract of a path has against a text; nothing when not given. */
  readonly check?: (path: string, text: string) => readonly string[]
  readonly note_bytes_max?: number
  readonly log?: Log
}

export type FolderPort = {
  read(path: string): Promise<{ text: string; hash: string; modified_ms: number }>
  list(signal: AbortSignal): Promise<{
    notes: { path: string; size_bytes: number; modified_ms: number }[]
    complete: boolean
  }>
  write(path: string, text: string, signal: AbortSignal, expected_hash?: string): Promise<{ created: boolean }>
  check(path: string, text: string): readonly string[]
}

/**
 * A port to a folder of notes, which is opened when it is first used. Nothing outside of it, no hidden name and no link can
 * be reached. Fails with OUTSIDE, GONE, NOT_REGULAR, TOO_LARGE, NOT_UTF8, EXISTS, CHANGED, NOTE_NAME, PERMISSION, NO_SPACE, BUSY
 * or IO.
 */
export function notesPort(path: string, options: NotesPortOptions = {}): FolderPort {
  const { check = () => [], note_bytes_max = 1_048_576, log = silent } = options
  let opened: Root | undefined
  const root = (): Root => {
    opened ??= openRoot(path)
    return opened
  }
  return {
    check,
    async read(note) {
      const { text, hash: found, modified_ms } = await readNote(root(), note, note_bytes_max)
      return { text, hash: found, modified_ms }
    },
    async list(signal) {
      const { looks, complete } = await scan(root(), note_bytes_max, signal)
      const notes = [...looks.values()].flatMap((seen) => (seen.kind === 'note' ? [seen.stat] : []))
      return {
        notes: notes.map(({ path: at, size_bytes, modified_ms }) => ({ path: at, size_bytes, modified_ms })),
        complete,
      }
    },
    async write(note, text, signal, expected_hash) {
      checkPath(note)
      checkPrints(note)
      const bytes = Buffer.from(text, 'utf8')
      if (bytes.length > note_bytes_max) {
        throw new EffectFailure('TOO_LARGE', `the note would have ${bytes.length} bytes; at most ${note_bytes_max}`)
      }
      if (expected_hash === undefined) return { created: await create(root(), note, bytes, note_bytes_max) }
      const after_hash = hash('sha256', bytes)
      const before = await readNote(root(), note, note_bytes_max)
      if (before.hash !== expected_hash && before.hash !== after_hash) {
        throw new EffectFailure('CHANGED', 'the note is no longer the one that was read: read it again')
      }
      const cut_bytes = before.size_bytes
      const request = { path: note, before_hash: before.hash, after_hash, cut_bytes, head: text }
      await writeNote({ root: root(), note_bytes_max, log }, request, { effect_id: 0, attempt: 1, signal })
      return { created: false }
    },
  }
}

/** A name that shows as another than it is, or that a terminal obeys, is not given to a note. @throws EffectFailure NOTE_NAME */
function checkPrints(path: string): void {
  if (!/[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return
  throw new EffectFailure(
    'NOTE_NAME',
    `the path ${JSON.stringify(path.slice(0, 200))} holds characters that do not print`,
  )
}

/** Makes a note where there is none, whole or not at all. False when it is there already, with these very bytes. */
async function create(root: Root, path: string, bytes: Buffer, bytesMax: number): Promise<boolean> {
  const { folder: folderPath, name } = splitPath(path)
  try {
    for (const each of foldersAbove(path)) makeFolder(root, each)
    const folder = openFolder(root, folderPath)
    try {
      await place(folder, name, bytes)
      return true
    } finally {
      closeFolder(folder)
    }
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw failureOf(thrown, path)
  }
  const { hash: found } = await readNote(root, path, bytesMax)
  if (found === hash('sha256', bytes)) return false
  throw new EffectFailure('EXISTS', 'there is a note already: read it, and give its hash to replace it')
}

/** Makes one folder below a folder that is held, so that nothing is made behind a link. */
function makeFolder(root: Root, path: string): void {
  const { folder: above, name } = splitPath(path)
  const folder = openFolder(root, above)
  try {
    mkdirSync(folder.prefix + name, 0o755)
  } catch (thrown) {
    if (errnoOf(thrown) !== 'EEXIST') throw thrown
  } finally {
    closeFolder(folder)
  }
}

/** Fills a file beside the note and gives it the note's name, which must be free. A link of that name is not followed. */
async function place(folder: Folder, name: string, bytes: Buffer): Promise<void> {
  const temp = folder.prefix + tempName(0)
  const createNew = constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
  const file = openSync(temp, createNew | constants.O_WRONLY, 0o644)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done)
    await sync(file)
    checkFolder(folder)
    linkSync(temp, folder.prefix + name)
  } finally {
    closeSync(file)
    rmSync(temp, { force: true })
  }
  await syncFolder(folder)
}
