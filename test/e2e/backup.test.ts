import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type BackupManifest, writeBackupManifest } from '../../adapters/cli/backup/manifest.ts'
import { backUp } from '../../adapters/cli/backup/record.ts'
import { restoreTo } from '../../adapters/cli/backup/restore.ts'
import { CliError } from '../../adapters/cli/exit.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { records } from '../../systems/components.ts'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'

const mounted: string[] = []
const notes = 4

afterEach(async () => {
  for (const place of mounted.splice(0)) execFileSync('umount', ['-l', place])
  await cleanUp()
})

function withNotes(): Place {
  const place = new Place()
  for (let index = 0; index < notes; index++)
    place.note(`n${index}.md`, `# Note ${index}\n\nSentence ${index} of it.\n`)
  return place
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('a backup while the daemon runs is restored to a record that replays alike, and a daemon starts on it', async () => {
  const place = withNotes()
  const daemon = await place.start(['--write'])
  const { memories } = await daemon.settled(({ repaired, memories }) => repaired === notes && memories === notes)
  const to = join(place.folder, 'copy')
  const made = await place.json(['backup', to])
  expect(made).toMatchObject({ target: to, damage: [] })
  expect(readdirSync(to).sort()).toEqual(['backup.json', 'data.mdb', 'manifest.json'])
  expect([modeOf(to), ...readdirSync(to).map((name) => modeOf(join(to, name)))]).toEqual(['700', '600', '600', '600'])
  expect((await daemon.status()).memories).toBe(memories)
  await daemon.stop()
  const until = String(made['last_tick'])
  const { digest } = await place.json(['replay', '--until', until])

  const back = join(place.folder, 'back')
  expect(await promethean(['restore', to, back])).toMatchObject({ code: 0, err: '' })
  expect([modeOf(back), modeOf(join(back, 'data.mdb'))]).toEqual(['700', '600'])
  const replayed = await promethean(['replay', '--verify', '--json', '--data', back])
  expect(JSON.parse(replayed.out)).toMatchObject({ identical: true, digest, memories })
  const pass = await promethean(['run', '--once', '--json', '--notes', place.notes, '--data', back])
  expect(pass.out).toMatch(new RegExp(`"memories":${memories}\\b`))
})

test('a backup at rest takes the snapshots along, and both beginnings replay', async () => {
  const place = withNotes()
  await place.once(['--write'])
  const to = join(place.folder, 'copy')
  const { snapshots } = await place.json(['backup', to])
  expect(snapshots).toHaveLength(1)
  expect(existsSync(join(to, `snapshot-${(snapshots as number[])[0]}`))).toBe(true)
  const back = join(place.folder, 'back')
  mkdirSync(back)
  expect(await promethean(['restore', to, back])).toMatchObject({ code: 0 })
  const replayed = await promethean(['replay', '--verify', '--json', '--data', back])
  expect(JSON.parse(replayed.out)).toMatchObject({ identical: true, from: [{ identical: true }, { identical: true }] })
})

test('what is there already stays as it is: a backup, a record, a folder with something in it', async () => {
  const place = withNotes()
  await place.once()
  const to = join(place.folder, 'copy')
  await place.json(['backup', to])
  const before = readFileSync(join(place.data, 'data.mdb'))
  const again = await place.run(['backup', to])
  expect(again).toMatchObject({ code: 65, out: '' })
  expect(again.err).toMatch(/is there already/)
  const onto = await promethean(['restore', to, place.data])
  expect(onto).toMatchObject({ code: 65, out: '' })
  expect(onto.err).toMatch(/holds a record/)
  expect(readFileSync(join(place.data, 'data.mdb'))).toEqual(before)
  await expect(restoreTo(to, place.notes)).rejects.toThrow(/is not empty/)
  await expect(restoreTo(place.notes, join(place.folder, 'back'))).rejects.toThrow(/is no backup/)
  expect((await place.run(['backup'])).code).toBe(64)
  const nothing = await promethean(['backup', `${to}2`, '--data', join(place.folder, 'none')])
  expect(nothing).toMatchObject({ code: 65 })
})

test('a kill in the middle leaves nothing under the final name, and the next try clears up', async () => {
  const place = withNotes()
  await place.once()
  const to = join(place.folder, 'copy')
  for (const sign of [`${to}.part`, join(`${to}.part`, 'data.mdb')]) {
    await killedAt(sign, ['backup', to, ...place.words])
    expect(existsSync(to)).toBe(false)
  }
  expect(await place.run(['backup', to])).toMatchObject({ code: 0 })
  const back = join(place.folder, 'back')
  await killedAt(`${back}.part`, ['restore', to, back])
  expect(existsSync(back)).toBe(false)
  expect(await promethean(['restore', to, back])).toMatchObject({ code: 0 })
  expect(readdirSync(place.folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

/** Runs a command until something stands at a path, and kills it there: it waits for that by itself. */
async function killedAt(sign: string, words: readonly string[]): Promise<void> {
  const hold = `data:text/javascript,${encodeURIComponent(holdAt(sign))}`
  const child = spawn(process.execPath, ['--import', hold, cliPath, ...words], { stdio: 'ignore' })
  const ended = once(child, 'close')
  while (!existsSync(`${sign}.reached`)) {
    if (child.exitCode !== null) throw new Error(`the command ended with ${child.exitCode} before it could be killed`)
    await sleep(5)
  }
  child.kill('SIGKILL')
  await ended
}

/** A module that makes the process wait for its end, and say so, before it renames or removes anything once the sign is there. */
function holdAt(sign: string): string {
  return `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const { rm, rename } = fs.promises
    const hold = (path) => {
      if (!fs.existsSync(${JSON.stringify(sign)})) return
      fs.writeFileSync(${JSON.stringify(`${sign}.reached`)}, '')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    }
    fs.promises.rm = (path, options) => { hold(path); return rm(path, options) }
    fs.promises.rename = (from, to) => { hold(from); return rename(from, to) }
    syncBuiltinESMExports()`
}

test('a flipped bit anywhere in a backup is found before anything is put in place', async () => {
  const place = withNotes()
  await place.once()
  const to = join(place.folder, 'copy')
  await place.json(['backup', to])
  for (const name of readdirSync(to)) {
    const bytes = readFileSync(join(to, name))
    const bad = Buffer.from(bytes)
    const at = Math.floor(bytes.length / 2)
    bad[at] = bad[at]! ^ 0x04
    writeFileSync(join(to, name), bad)
    const restoring = restoreTo(to, join(place.folder, 'back'))
    await expect(restoring, name).rejects.toThrow(CliError)
    await expect(restoring, name).rejects.toThrow(/(checksum|format|is not JSON|that is none).*nothing was restored/)
    await expect(restoring, name).rejects.toMatchObject({ exit: 65 })
    expect(readdirSync(place.folder).filter((each) => each.startsWith('back'))).toEqual([])
    writeFileSync(join(to, name), bytes)
  }
})

test('a backup of another format, of a later layout, or with a file that leads elsewhere is refused', async () => {
  const place = withNotes()
  await place.once()
  const to = join(place.folder, 'copy')
  const manifest = await backUp(place.data, to)
  const stray = { name: '../data.mdb', bytes: 1, sha256: '' }
  const wrong: [more: Partial<BackupManifest>, says: RegExp][] = [
    [{ format: 'promethean-backup/2' }, /has the format "promethean-backup\/2"/],
    [{ layout: 99 }, /layout 99/],
    [{ files: [...manifest.files, stray] }, /names a file that no record has/],
    [{ files: [...manifest.files, { ...stray, name: 'snapshot-9' }] }, /snapshot-9 is missing/],
  ]
  for (const [more, says] of wrong) {
    await writeBackupManifest(to, { ...manifest, ...more })
    await expect(restoreTo(to, join(place.folder, 'back'))).rejects.toThrow(says)
  }
  await writeBackupManifest(to, manifest)
  mkdirSync(join(place.folder, 'back.part'))
  writeFileSync(join(place.folder, 'back.part', 'mine'), '')
  await expect(restoreTo(to, join(place.folder, 'back'))).rejects.toThrow(/is in the way/)
  writeFileSync(join(place.folder, 'back.part', 'unfinished'), String(process.pid))
  await expect(restoreTo(to, join(place.folder, 'back'))).rejects.toMatchObject({ exit: 75 })
  expect(existsSync(join(place.folder, 'back'))).toBe(false)
})

test('a damaged record is copied, and said to be damaged by backup and restore alike', async () => {
  const place = withNotes()
  await place.once()
  const store = lmdb(place.data)
  await store.open([ownTables.outbox, ownTables.dead, ...records])
  const bytes = Buffer.from(store.read('text', 2)!)
  bytes[bytes.length - 3] = bytes.at(-3)! ^ 0x10
  await store.commit({ tick: 1, entry: null, puts: [{ table: 'text', key: 2, bytes }] })
  await store.close()
  const to = join(place.folder, 'copy')
  const done = await place.run(['backup', to])
  expect(done.code).toBe(65)
  expect(done.err).toBe('the record was damaged when it was backed up: table text: 1 damaged: 2\n')
  const restored = await promethean(['restore', to, join(place.folder, 'back')])
  expect(restored).toMatchObject({ code: 0, err: done.err })
})

test('a full disk is said, and nothing is left there', async ({ skip }) => {
  const place = withNotes()
  await place.once()
  const to = join(place.folder, 'copy')
  await place.json(['backup', to])
  const small = join(place.folder, 'small')
  mkdirSync(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48k,mode=700', 'tmpfs', small], { stdio: 'ignore' })
  } catch {
    return skip('this user may not mount a file system')
  }
  mounted.push(small)
  for (const words of [
    ['backup', join(small, 'copy'), ...place.words],
    ['restore', to, join(small, 'back')],
  ]) {
    const done = await promethean(words)
    expect(done).toMatchObject({ code: 74, out: '' })
    expect(done.err).toMatch(/no space is left/)
    expect(readdirSync(small)).toEqual([])
  }
})
