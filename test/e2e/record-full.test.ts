import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { cleanUp, Place } from '../support/daemon.ts'

const mounted: string[] = []
const bytesOfNote = 60_000
const notesBefore = 5
const notesAfter = 40

afterEach(async () => {
  for (const place of mounted.splice(0)) execFileSync('umount', ['-l', place])
  await cleanUp()
})

/** Puts a small disk in memory at a place; false where this user may not mount one. */
function mountAt(place: string): boolean {
  if (process.platform !== 'linux') return false
  mkdirSync(place, { recursive: true, mode: 0o700 })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', place], { stdio: 'ignore' })
    mounted.push(place)
    return true
  } catch (thrown) {
    if (thrown instanceof Error) return false
    throw thrown
  }
}

/** Takes all the room there is; the daemon may be writing at the same time. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  const piece = new Uint8Array(4096)
  try {
    for (;;) writeSync(file, piece)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown
  } finally {
    closeSync(file)
  }
}

function textOf(index: number): string {
  return `# Note ${index}\n\n${`This is line of note ${index}. `.repeat(bytesOfNote / 25)}\n`
}

test('A8: a daemon whose disk is full says so, lives, and goes on by itself when there is room', async ({ skip }) => {
  const place = new Place()
  if (!mountAt(place.data)) skip('this user may not mount a file system')
  for (let index = 0; index < notesBefore; index++) place.note(`n${index}.md`, textOf(index))
  const daemon = await place.start(['--write'])
  await daemon.settled(({ files, repaired }) => files === notesBefore && repaired === notesBefore)
  await daemon.until('the inspector listens', () => daemon.err.includes('inspector on '))
  const port = /"port":(\d+)/.exec(daemon.err)?.[1]
  const readiness = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
    return { status: answer.status, body: await answer.json() }
  }
  expect(await readiness()).toEqual({ status: 200, body: { ready: true, health: 'ok' } })

  const ballast = join(place.data, 'ballast')
  fill(ballast)
  for (let index = notesBefore; index < notesAfter; index++) place.note(`n${index}.md`, textOf(index))
  await daemon.until('the daemon is not ready', async () => (await readiness()).status === 503)
  expect(await readiness()).toEqual({ status: 503, body: { ready: false, health: 'store_full' } })
  const held = await daemon.status()
  expect(held).toMatchObject({ health: 'store_full' })
  expect(daemon.err).toMatch(/STORE_FULL/)
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
  const later = await daemon.status()
  expect([later.tick, later.memories, daemon.ended]).toEqual([held.tick, held.memories, undefined])

  rmSync(ballast)
  await daemon.until('the daemon is ready', async () => (await readiness()).status === 200)
  await daemon.settled((status) => [status.files, status.repaired, status.memories].every((n) => n === notesAfter))
  expect(daemon.err).toMatch(/there is room again/)
  expect(await daemon.stop()).toMatchObject({ code: 0, signal: null })
  expect(daemon.err).not.toMatch(/unhandled/i)
  expect(await place.json(['status'])).toMatchObject({ files: notesAfter, memories: notesAfter })
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
  expect(await place.json(['doctor'])).toMatchObject({ ok: true })
}, 90_000)
