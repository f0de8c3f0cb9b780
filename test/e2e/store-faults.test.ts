import { execFileSync } from 'node:child_process'
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lmdb } from '../../stores/lmdb.ts'

const tables = ['text']
const rows = 2000
let parent: string
let folder: string

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'store-faults-'))
  folder = join(parent, 'data')
})

afterEach(async () => {
  await rm(parent, { recursive: true, force: true })
})

async function fill(): Promise<void> {
  const store = lmdb(folder)
  await store.open(tables)
  for (let tick = 1; tick <= 10; tick++) {
    const puts = Array.from({ length: rows / 10 }, (_, row) => ({
      table: 'text',
      key: (tick - 1) * (rows / 10) + row + 1,
      bytes: Buffer.alloc(1000, tick),
    }))
    await store.commit({ tick, entry: Buffer.from(`entry ${tick}`), puts })
  }
  await store.close()
}

async function overwrite(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'r+')
  await handle.write(bytes, 0, bytes.byteLength, at)
  await handle.close()
}

describe('a store that must not be opened', () => {
  const damages: { name: string; damage: (data: string, bytes: number) => Promise<void>; says: RegExp }[] = [
    { name: 'A11: zero length', damage: (data) => truncate(data, 0), says: /it is empty/ },
    { name: 'A11: missing', damage: (data) => unlink(data), says: /it is missing/ },
    {
      name: 'A12: half of it',
      damage: (data, bytes) => truncate(data, Math.floor(bytes / 8192) * 4096),
      says: /cut off/,
    },
    { name: 'A12: two pages', damage: (data) => truncate(data, 8192), says: /cut off/ },
    { name: 'A12: cut in a page', damage: (data, bytes) => truncate(data, bytes - 1000), says: /cut off/ },
    {
      name: 'A12: heads zeroed',
      damage: (data) => overwrite(data, 0, new Uint8Array(8192)),
      says: /cannot be opened safely/,
    },
    {
      name: 'A12: a text file',
      damage: (data) => writeFile(data, 'dear diary\n'.repeat(300_000)),
      says: /cannot be opened safely/,
    },
    { name: 'a folder', damage: (data) => unlink(data).then(() => mkdir(data)), says: /not a file/ },
  ]

  test.for(damages)('$name is diagnosed, and this process lives', async ({ damage, says }) => {
    await fill()
    const data = join(folder, 'data.mdb')
    await damage(data, (await stat(data)).size)
    const before = await readdir(folder)
    const opening = lmdb(folder).open(tables)
    await expect(opening).rejects.toMatchObject({ code: 'STORE_DAMAGED', message: expect.stringMatching(says) })
    await expect(opening).rejects.toThrow(/restore a backup, or run `promethean doctor --repair`/)
    expect((await readdir(folder)).sort()).toEqual(before.sort())
  })

  test('A12: pages that kill their reader are met in another process', async () => {
    await fill()
    const data = join(folder, 'data.mdb')
    const { size } = await stat(data)
    // Without the manifest nothing says how long the file was, so only reading it can tell.
    await unlink(join(folder, 'manifest.json'))
    await truncate(data, Math.floor(size / 8192) * 4096)
    await expect(lmdb(folder, { preflight_ms: 0 }).open(tables)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('snapshots without a store', async () => {
    await fill()
    await writeFile(join(folder, 'snapshot-5'), 'x')
    for (const name of ['data.mdb', 'manifest.json']) await unlink(join(folder, name))
    await expect(lmdb(folder).open(tables)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('a later format', async () => {
    await fill()
    await writeFile(join(folder, 'manifest.json'), '{"format":2,"created":"","runtime":"","bytes_min":0}')
    await expect(lmdb(folder).open(tables)).rejects.toThrow(/start the newer version/)
  })
})

describe('a store that can be helped', () => {
  test('A6: an incomplete new store is removed, said and made anew', async () => {
    for (const bytes of [0, 1, 4096, 8191]) {
      await mkdir(folder, { mode: 0o700 })
      await writeFile(join(folder, bytes === 1 ? 'data.mdb.new' : 'data.mdb'), new Uint8Array(bytes))
      const store = lmdb(folder)
      const head = await store.open(tables)
      expect(head).toEqual({ tick: 0, warnings: [expect.stringContaining('incomplete new store')] })
      await store.commit({ tick: 1, entry: Buffer.from('x'), puts: [] })
      await store.close()
      expect((await lmdbOnce(folder)).tick).toBe(1)
      await rm(folder, { recursive: true })
    }
  })

  test.for(['missing', 'unreadable'] as const)(
    'a manifest that is %s is written anew for a sound file',
    async (state) => {
      await fill()
      const manifest = join(folder, 'manifest.json')
      if (state === 'missing') await unlink(manifest)
      else await writeFile(manifest, '{"format":')
      const store = lmdb(folder)
      expect(await store.open(tables)).toEqual({
        tick: 10,
        warnings: [expect.stringContaining(`manifest.json was ${state}`)],
      })
      await store.close()
      expect((await lmdbOnce(folder)).warnings).toEqual([])
    },
  )

  test('half-written snapshots are removed, and an unreadable one is no snapshot', async () => {
    await fill()
    await writeFile(join(folder, 'snapshot-7.part'), 'half')
    const store = lmdb(folder)
    await store.open(tables)
    await store.saveSnapshot(8, [Buffer.from('eight')])
    expect(await readdir(folder)).not.toContain('snapshot-7.part')
    await unlink(join(folder, 'snapshot-8'))
    expect(await store.loadSnapshot(8)).toBe(undefined)
    await store.close()
  })

  test('a check that has not read everything says so', async () => {
    await fill()
    const store = lmdb(folder, { preflight_ms: 0 })
    expect((await store.open(tables)).warnings).toEqual([expect.stringMatching(/newest \d+ of 2010 entries/)])
    await store.close()
  })
})

async function lmdbOnce(where: string) {
  const store = lmdb(where)
  const head = await store.open(tables)
  await store.close()
  return head
}

describe('an open store', () => {
  test('A7: options that would make it unsafe are refused with the reason', async () => {
    const unsafe: object[] = [{ noSync: true }, { noMetaSync: true }, { mapAsync: true }]
    for (const options of unsafe) {
      await expect(lmdb(folder, options).open(tables)).rejects.toMatchObject({
        code: 'STORE_OPTION',
        message: expect.stringContaining('power loss'),
      })
    }
    const unknown: object = { cache: true }
    await expect(lmdb(folder, unknown).open(tables)).rejects.toThrow(/no such option/)
  })

  test('H148: folder and files are private, whatever the umask says', async () => {
    const before = process.umask(0)
    try {
      const store = lmdb(folder)
      await store.open(tables)
      await store.commit({ tick: 1, entry: Buffer.from('x'), puts: [] })
      await store.saveSnapshot(1, [Buffer.from('x')])
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
      const names = await readdir(folder)
      expect(names).toEqual(expect.arrayContaining(['data.mdb', 'holder.json', 'lock', 'manifest.json', 'snapshot-1']))
      for (const name of names) expect([name, (await stat(join(folder, name))).mode & 0o777]).toEqual([name, 0o600])
      await store.close()
    } finally {
      process.umask(before)
    }
  })

  test('a folder that others can enter is opened with a warning', async () => {
    await mkdir(folder, { mode: 0o755 })
    await chmod(folder, 0o755)
    expect((await lmdbOnce(folder)).warnings).toEqual([expect.stringContaining('chmod 700')])
  })

  test.skipIf(process.getuid?.() === 0)(
    'A10: a folder that cannot be written is refused (root may write everywhere)',
    async () => {
      await fill()
      await chmod(folder, 0o500)
      await expect(lmdb(folder).open(tables)).rejects.toMatchObject({ code: 'STORE_PERMISSION' })
      await chmod(folder, 0o700)
    },
  )

  test('A10: a file where the folder should be is refused', async () => {
    await writeFile(folder, 'x')
    await expect(lmdb(folder).open(tables)).rejects.toMatchObject({ code: 'STORE_PERMISSION' })
  })

  test('A16: a folder removed or replaced is noticed, by a commit as well', async () => {
    await fill()
    const store = lmdb(folder)
    await store.open(tables)
    store.verify()
    await rename(folder, `${folder}.moved`)
    expect(() => store.verify()).toThrow(/STORE_GONE/)
    await cp(`${folder}.moved`, folder, { recursive: true, filter: (name) => !name.endsWith('lock') })
    expect(() => store.verify()).toThrow(/STORE_GONE/)
    const commit = store.commit({ tick: 11, entry: Buffer.from('x'), puts: [] })
    await expect(commit).rejects.toMatchObject({ code: 'STORE_GONE' })
    await store.close()
  })

  test('a file that outgrows the reserved address space grows on', async () => {
    const store = lmdb(folder, { map_bytes: 1 << 20 })
    await store.open(tables)
    for (let tick = 1; tick <= 20; tick++) {
      await store.commit({
        tick,
        entry: Buffer.from('x'),
        puts: [{ table: 'text', key: tick, bytes: Buffer.alloc(1 << 20, tick) }],
      })
    }
    expect(Array.from({ length: 20 }, (_, index) => store.read('text', index + 1)?.[77])).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    await store.close()
  })
})

describe('a disk that is full', () => {
  const mounted = tryMount()
  test.skipIf(mounted === undefined)(
    'A8, A27: the commit fails whole, can be tried again, and nothing else happens',
    async () => {
      const place = String(mounted)
      const unhandled: unknown[] = []
      const note = (reason: unknown) => unhandled.push(reason)
      process.on('unhandledRejection', note)
      try {
        const store = lmdb(join(place, 'data'))
        await store.open(tables)
        await store.commit({
          tick: 1,
          entry: Buffer.from('first'),
          puts: [{ table: 'text', key: 1, bytes: Buffer.from('one') }],
        })
        await writeFile(join(place, 'ballast'), new Uint8Array(4 << 20))
        const big = {
          tick: 2,
          entry: Buffer.from('second'),
          puts: [{ table: 'text', key: 2, bytes: Buffer.alloc(3 << 20, 2) }],
        }
        for (let tries = 0; tries < 3; tries++) {
          await expect(store.commit(big)).rejects.toMatchObject({ code: 'STORE_FULL' })
          expect([store.journalCount(), store.count('text'), store.read('text', 2)]).toEqual([1, 1, undefined])
        }
        await expect(store.saveSnapshot(1, [new Uint8Array(3 << 20)])).rejects.toMatchObject({ code: 'STORE_FULL' })
        await unlink(join(place, 'ballast'))
        await store.commit(big)
        expect(store.read('text', 2)?.byteLength).toBe(3 << 20)
        await store.close()
        expect((await lmdbOnce(join(place, 'data'))).tick).toBe(2)
        expect(unhandled).toEqual([])
      } finally {
        process.off('unhandledRejection', note)
        execFileSync('umount', ['-l', place])
        await rm(place, { recursive: true })
      }
    },
  )
})

/** A small file system in memory, or undefined where this user may not mount one. */
function tryMount(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const place = execFileSync('mktemp', ['-d', join(tmpdir(), 'store-full-XXXXXX')], { encoding: 'utf8' }).trim()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', place], { stdio: 'ignore' })
    return place
  } catch (thrown) {
    execFileSync('rmdir', [place])
    if (thrown instanceof Error) return undefined
    throw thrown
  }
}
