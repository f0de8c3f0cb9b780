import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { constants, type FileHandle, link, open, rm } from 'node:fs/promises'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { errnoOf } from './errno.ts'

/** Tells whether an `Authorization` header carries the token, in a time that does not depend on how much of it is right. */
export type TokenCheck = (authorization: string | undefined) => boolean

/** A token of our own has 43 characters; others may be longer, but not so short that they can be guessed. */
const tokenPattern = /^[\w.~+/-]{32,512}=*$/
const fileBytesMax = 1_024

/**
 * Reads the token of a file, or makes file and token when there is none.
 * @throws EngineError ADAPTER_OPTION when the file cannot be made, kept private, or holds something else
 */
export async function tokenCheck(path: string, log: Log): Promise<TokenCheck> {
  try {
    const expected = digestOf((await readToken(path, log)) ?? (await createToken(path, log)))
    return (authorization) => {
      const given = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
      return given !== undefined && timingSafeEqual(digestOf(given), expected)
    }
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown
    throw wrongFile(path, `cannot be used: ${reasonOf(thrown)}`, thrown)
  }
}

/** Digests have one length, which is what a comparison in constant time needs. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

async function readToken(path: string, log: Log): Promise<string | undefined> {
  const handle = await openToken(path)
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    if (!stat.isFile() || stat.size > fileBytesMax) throw wrongFile(path, 'is not a small regular file')
    await tighten(path, handle, stat.mode, log)
    const token = (await handle.readFile('latin1')).trim()
    if (!tokenPattern.test(token)) throw wrongFile(path, 'holds no token; remove it, and a new one is made')
    return token
  } finally {
    await handle.close()
  }
}

/** Neither follows a link nor waits at a pipe that somebody put in the file's place. Windows lacks both flags and needs none. */
async function openToken(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    if (errnoOf(thrown) === 'ELOOP') throw wrongFile(path, 'is a link; name the file itself', thrown)
    throw thrown
  }
}

/** Takes away what others may do with the file. Windows has no such bits: there the folder's own list counts. */
async function tighten(path: string, handle: FileHandle, mode: number, log: Log): Promise<void> {
  if ((mode & 0o077) === 0 || process.platform === 'win32') return
  try {
    await handle.chmod(0o600)
  } catch (thrown) {
    throw wrongFile(path, 'is open to other users and cannot be made private', thrown)
  }
  const advice = 'if others may have read it, remove it and restart for a new token'
  log.warn({ path }, `the token file was open to other users and is private now; ${advice}`)
}

/** The file appears under its name whole and at once, and of several starters one wins. */
async function createToken(path: string, log: Log): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writePrivate(temporary, token)
    await link(temporary, path)
    return token
  } catch (thrown) {
    const winner = errnoOf(thrown) === 'EEXIST' ? await readToken(path, log) : undefined
    if (winner === undefined) throw wrongFile(path, `cannot be made: ${reasonOf(thrown)}`, thrown)
    return winner
  } finally {
    await rm(temporary, { force: true })
  }
}

async function writePrivate(path: string, token: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    // The mode given to open passes through the umask, this one does not.
    await handle.chmod(0o600)
    await handle.writeFile(`${token}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function wrongFile(path: string, what: string, cause?: unknown): EngineError {
  return new EngineError('ADAPTER_OPTION', `token_file ${path} ${what}`, { value: path, cause })
}
