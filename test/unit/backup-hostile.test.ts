import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { wholeFolder } from '../../adapters/cli/backup/aside.ts'
import { type BackupManifest, backupFormat, writeBackupManifest } from '../../adapters/cli/backup/manifest.ts'
import { restoreTo } from '../../adapters/cli/backup/restore.ts'

/** Backups that somebody made on purpose: every checksum fits, and something is wrong all the same. */

let folder = ''
const from = (...names: string[]): string => join(folder, 'from', ...names)
const back = (): string => join(folder, 'back')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'backup-hostile-'))
  mkdirSync(from())
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function fileWith(name: string, text: string) {
  writeFileSync(from(name), text)
  return { name, bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') }
}

function manifestWith(): BackupManifest {
  return {
    format: backupFormat,
    made_at: '2026-01-01T00:00:00.000Z',
    version: '0.1.0',
    runtime: 'node',
    layout: 1,
    last_tick: 1,
    journal_entries: 1,
    records: 0,
    snapshots: [],
    damage: [],
    files: [fileWith('data.mdb', 'data'), fileWith('manifest.json', '{}')],
  }
}

const leftovers = (): string[] => readdirSync(folder).filter((name) => name.startsWith('back'))

test('a link, a pipe or a folder in the place of a file is refused, followed by nobody and waited for by nobody', async () => {
  const manifest = manifestWith()
  await writeBackupManifest(from(), manifest)
  const elsewhere = join(folder, 'secret')
  writeFileSync(elsewhere, 'data')
  const put: readonly ((path: string) => void)[] = [
    (path) => symlinkSync(elsewhere, path),
    (path) => symlinkSync('/dev/zero', path),
    (path) => execFileSync('mkfifo', [path]),
    (path) => mkdirSync(path),
  ]
  for (const name of ['data.mdb', 'manifest.json', 'backup.json']) {
    for (const puts of put) {
      rmSync(from(name), { recursive: true })
      puts(from(name))
      await expect(restoreTo(from(), back()), name).rejects.toThrow(/is not a regular file/)
      expect(leftovers()).toEqual([])
    }
    rmSync(from(name), { recursive: true })
    manifestWith()
    await writeBackupManifest(from(), manifest)
  }
  await expect(restoreTo(from(), back())).resolves.toEqual(manifest)
})

test('a manifest whose checksum fits, but which does not say what a backup says, is refused', async () => {
  const manifest = manifestWith()
  const [data, own] = manifest.files
  const wrong: readonly object[] = [
    { files: undefined },
    { files: {} },
    { files: [null, data, own] },
    { files: [] },
    { files: [data] },
    { files: [data, own, data] },
    { files: [{ ...data, bytes: -1 }, own] },
    { layout: 'x' },
    { layout: undefined },
    { last_tick: 0.5 },
    { made_at: ['\u001b[31m'] },
    { damage: [{}] },
    { damage: 'none' },
    { snapshots: ['1'] },
  ]
  for (const more of wrong) {
    const forged: BackupManifest = { ...manifest, ...more }
    await writeBackupManifest(from(), forged)
    const restoring = restoreTo(from(), back())
    await expect(restoring, JSON.stringify(more)).rejects.toThrow(
      /does not say what a backup says; nothing was restored/,
    )
    expect(leftovers()).toEqual([])
  }
})

test('a manifest of endless length is not read', async () => {
  writeFileSync(from('backup.json'), Buffer.alloc(4_194_305, 32))
  await expect(restoreTo(from(), back())).rejects.toThrow(/4194305 bytes/)
})

test('of two processes that make one folder in the same moment, the later one removes nothing', async () => {
  const target = back()
  const rivals = [1, 2, 3, 4].map((each) =>
    wholeFolder(target, async (made) => {
      writeFileSync(join(made, 'whose'), String(each))
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      expect(existsSync(join(made, 'whose'))).toBe(true)
      return each
    }),
  )
  const ended = await Promise.allSettled(rivals)
  const lost = ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
  expect(lost).toHaveLength(3)
  for (const each of lost) expect(each).toMatch(/another process has just begun|is writing|is in the way/)
  expect(readdirSync(target)).toEqual(['whose'])
})
