import { createHash } from 'node:crypto'
import { constants, open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { EngineError } from '../../engine/errors.ts'

/** Name of the control channel's socket in the data directory. */
export const socketName = 'daemon.sock'

/** What a unix socket's address has room for, without its closing zero: 108 bytes on Linux, 104 elsewhere. */
const addressBytesMax = process.platform === 'linux' ? 107 : 103

/** The pipe that stands for a directory's socket on Windows, whose paths do not tell capitals apart. */
export function pipeName(directory: string): string {
  const digest = createHash('sha256').update(resolve(directory).toLowerCase()).digest('hex')
  return `\\\\.\\pipe\\promethean-${digest.slice(0, 32)}`
}

/**
 * Calls `use` with an address at which the socket `name` in `directory` can be bound or connected to. The address may
 * end with the call: a path that is too long is reached through the open directory.
 * @throws EngineError ADAPTER_OPTION when the path is too long and there is no such way
 */
export async function atSocket<T>(directory: string, name: string, use: (address: string) => Promise<T>): Promise<T> {
  if (process.platform === 'win32') return use(pipeName(directory))
  const path = join(resolve(directory), name)
  if (Buffer.byteLength(path) <= addressBytesMax) return use(path)
  if (process.platform !== 'linux') {
    const limit = `longer than the ${addressBytesMax} bytes a socket's path can have`
    throw new EngineError('ADAPTER_OPTION', `${path} is ${limit}; use a shorter data directory`, { value: path })
  }
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await use(`/proc/self/fd/${handle.fd}/${name}`)
  } finally {
    await handle.close()
  }
}
