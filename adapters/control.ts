import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, reasonOf } from '../engine/errors.ts'
import { type Log, silent } from '../engine/flow/adapter.ts'
import { type ChatDoor, isChat, serveChat } from './inspector/chat.ts'
import { debugPath, serveDebug } from './inspector/debug.ts'
import { errnoOf } from './inspector/errno.ts'
import { notPosting, notReading, wrongMethod } from './inspector/guard.ts'
import { type Answer, createHttp, defaultHttpLimits, type Http, type HttpLimits, listen } from './inspector/http.ts'
import { Live } from './inspector/live.ts'
import { ingestPath, type MemoryDoor, memoryPath, serveMemory } from './inspector/memory.ts'
import { obey, orderPath } from './inspector/order.ts'
import { look, streamPath, targetOf, type View } from './inspector/routes.ts'
import { atSocket, socketName } from './inspector/socket.ts'

export { askDaemon } from './inspector/ask.ts'
export { approvePath, type ChatDoor, cancelPath, chatPath } from './inspector/chat.ts'
export { ingestPath, type MemoryDoor, memoryPath } from './inspector/memory.ts'
export type { Order, View } from './inspector/routes.ts'
export { streamDaemon } from './inspector/stream.ts'

export type ControlOptions = {
  readonly log?: Log
  readonly limits?: Partial<HttpLimits>
  /** Who answers about memory; without one there is nothing at its places. */
  readonly memory?: MemoryDoor
  /** Who talks with sessions; without one there is nothing at its places. */
  readonly chat?: ChatDoor
}

export type Control = {
  /** Stops listening, ends what is open within a second and removes the socket. Safe to call twice. */
  close(): Promise<void>
}

/** Where the socket is bound before it takes its place: a folder that only this user can enter. */
const cradleName = '.daemon'

/**
 * Serves the inspector's API, orders, questions about memory and talk with sessions on the socket `daemon.sock` in a data directory.
 * Whoever may open the socket, the owner alone, may give orders. The caller holds the directory's lock, so a socket that is already there is stale.
 * @throws EngineError ADAPTER_OPTION when something else bears its name; LISTEN_FAILED when it cannot be bound
 */
export async function control(view: View, directory: string, options: ControlOptions = {}): Promise<Control> {
  const { log = silent, memory, chat } = options
  // Whoever may open the socket may give orders, so debug orders are not refused here.
  const live = new Live(view, { write: true, log })
  const answer: Answer = (request) => {
    const target = targetOf(request)
    if (target.path === debugPath) {
      return notPosting(request) ?? serveDebug((order) => view.debug(order), request, log)
    }
    if (target.path === streamPath) return notReading(request) ?? live.answer(request.method, target.query)
    const ofMemory = memory !== undefined && (target.path === memoryPath || target.path === ingestPath)
    const ofChat = chat !== undefined && isChat(target.path)
    if (target.path !== orderPath && !ofMemory && !ofChat) return notReading(request) ?? look(view, target, log)
    if (request.method !== 'POST') return wrongMethod('POST')
    if (ofChat) return serveChat(chat, target.path, request, log)
    return ofMemory ? serveMemory(memory, target.path, request, log) : obey(view, request, log)
  }
  // Orders may take long, and who gives them sets the deadline: a quiet connection is not cut.
  const http = createHttp(answer, { ...defaultHttpLimits, idle_ms: 0, ...options.limits }, log)
  const ended = (): Promise<void> => {
    live.close()
    return http.close()
  }
  try {
    if (process.platform === 'win32') {
      await atSocket(directory, socketName, (path) => listen(http, { path }, log))
      return { close: ended }
    }
    await refuseOther(join(directory, socketName))
    const inode = await settle(http, directory, log)
    let closing: Promise<void> | undefined
    const close = (): Promise<void> => {
      live.close()
      closing ??= leave(http, join(directory, socketName), inode)
      return closing
    }
    return { close }
  } catch (thrown) {
    await http.close()
    if (thrown instanceof EngineError) throw thrown
    const why = `the control channel of ${directory} cannot be opened: ${reasonOf(thrown)}`
    throw new EngineError('LISTEN_FAILED', why, { value: directory, cause: thrown })
  }
}

/** Only a socket makes way: a file or folder of that name is somebody's, and stays. */
async function refuseOther(path: string): Promise<void> {
  const inode = await inodeOf(path)
  if (inode === undefined || inode.socket) return
  throw new EngineError('ADAPTER_OPTION', `${path} is not a socket; move it away`, { value: path })
}

/** Binds out of sight, and puts the socket in its place once it has its mode: nobody meets it half made. */
async function settle(http: Http, directory: string, log: Log): Promise<number | undefined> {
  const cradle = join(directory, cradleName)
  const path = join(directory, socketName)
  await rm(cradle, { recursive: true, force: true })
  await mkdir(cradle)
  try {
    await chmod(cradle, 0o700)
    await atSocket(directory, `${cradleName}/${socketName}`, (address) => listen(http, { path: address }, log))
    await chmod(join(cradle, socketName), 0o600)
    await rename(join(cradle, socketName), path)
    return (await inodeOf(path))?.number
  } finally {
    await rm(cradle, { recursive: true, force: true })
  }
}

/** A socket that a successor has put there meanwhile is left alone. */
async function leave(http: Http, path: string, inode: number | undefined): Promise<void> {
  if ((await inodeOf(path))?.number === inode) await rm(path, { force: true })
  await http.close()
}

async function inodeOf(path: string): Promise<{ readonly number: number; readonly socket: boolean } | undefined> {
  try {
    const stat = await lstat(path)
    return { number: stat.ino, socket: stat.isSocket() }
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}
