import { EventEmitter } from 'node:events'
import { unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fs } from '../../../adapters/fs.ts'
import { folder, Listener, put } from './support.ts'

/** A watcher that never gives a hint, as on a machine whose watches are used up. */
class Deaf extends EventEmitter {
  async close(): Promise<void> {
    this.removeAllListeners()
  }
}

const watch = vi.hoisted(() => vi.fn())
vi.mock('chokidar', () => ({ watch }))
afterEach(() => watch.mockReset())

async function following(
  root: string,
  rescan_ms: number,
  error?: Error,
): Promise<{ listener: Listener; stop(): Promise<void> }> {
  watch.mockImplementation(() => {
    const deaf = new Deaf()
    setImmediate(() => {
      if (error !== undefined) deaf.emit('error', error)
      deaf.emit('ready')
    })
    return deaf
  })
  const listener = new Listener()
  const adapter = fs({ root, watch: true, settle_ms: 20, rescan_ms })
  await adapter.start?.(listener)
  await adapter.watching
  const stop = async () => {
    listener.abort()
    await adapter.stop?.()
  }
  return { listener, stop }
}

describe('a folder that cannot be watched', () => {
  it.each(['ENOSPC', 'EMFILE'])('is polled after %s, with a warning that names the setting', async (code) => {
    const root = folder()
    put(root, 'old.md')
    const { listener, stop } = await following(root, 300_000, Object.assign(new Error('no watches'), { code }))
    await listener.untilLogged('fs.inotify.max_user_watches')
    const paths = Array.from({ length: 30 }, (_, index) => `d${index}/n.md`)
    for (const path of paths) put(root, path)
    unlinkSync(join(root, 'old.md'))
    for (const path of paths) await listener.until(`created ${path}`)
    await listener.until('deleted old.md')
    expect(listener.changes()).toHaveLength(31)
    await stop()
  })

  it('is compared after any other error, and every so often without one', async () => {
    const root = folder()
    const { listener, stop } = await following(root, 200, new Error('something was lost'))
    put(root, 'x.md')
    await listener.until('created x.md')
    expect(listener.lines.filter(({ level }) => level === 'warn')).toEqual([])
    await stop()
  })

  it('is polled when the watcher cannot be started', async () => {
    const root = folder()
    watch.mockImplementation(() => {
      throw new Error('broken')
    })
    const listener = new Listener()
    const adapter = fs({ root, watch: true, settle_ms: 20 })
    await adapter.start?.(listener)
    await adapter.watching
    await listener.untilLogged('found by polling')
    put(root, 'x.md')
    await listener.until('created x.md')
    listener.abort()
    await adapter.stop?.()
  })
})
