import { hash, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createEngine } from '../../engine/engine.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Revision } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { compileContract, frontmatterV1 } from '../../systems/sentinel/contract.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import type { Change } from '../../systems/sentinel/work.ts'
import { cleanUp, type Daemon, Place, type Status } from '../support/daemon.ts'

const notes = 300
/** KILLS=50 takes two minutes; a few are enough for every run. */
const killsMin = Number(process.env['KILLS'] ?? 8)
/** More open sentinels than proposals in flight: between the question and the kill no more than those can end. */
const openMin = 17

afterEach(cleanUp)

/** What one note was given by its author, version by version, and every content its file was seen to hold. */
type Known = { version: number; broken: string; body: string; readonly seen: Map<string, Set<string>> }

function breakNote(place: Place, path: string, known: Known): void {
  known.version++
  known.body = `# Note ${path}\n\nVersion ${known.version} of a text about ${path}, with a line of its own.\r\nno end`
  known.broken = `---\nmood: calm # by hand\nslug: Not A Slug ${known.version}\n---\n${known.body}`
  place.note(path, known.broken)
  known.seen.set(known.broken, new Set())
}

/** Notes the content of every file; a torn one would be neither the author's nor a repair of it. */
function look(place: Place, files: ReadonlyMap<string, Known>): number {
  let broken = 0
  for (const [path, { broken: original, body, seen }] of files) {
    const text = place.text(path)
    if (text === original) broken++
    else {
      if (!text.endsWith(`\n---\n${body}`)) throw new Error(`${path} is torn: ${text}`)
      seen.get(original)!.add(text)
    }
  }
  return broken
}

/**
 * Waits a random while, then kills. Each start repairs up to 16 notes in 20 ms, so that one pass takes about 400 ms;
 * the moments are spread over that and a little of the start. True when sentinels were open at that moment.
 */
async function killAtRandom(daemon: Daemon): Promise<boolean> {
  await sleep(randomInt(0, 300))
  const answer = (await daemon.ask('/api/status')) as Status | undefined
  daemon.child.kill('SIGKILL')
  await daemon.finished
  return (answer?.sentinels.pending ?? 0) >= openMin
}

test('A1: killed at many moments of its work, it loses nothing, tears nothing and writes nothing twice', async () => {
  const place = new Place()
  const words = place.config('model: { adapter: offline, delay_ms: 20 }\nlimits: { snapshot_bytes: 100000 }\n')
  const files = new Map<string, Known>()
  for (let index = 0; index < notes; index++) {
    const known: Known = { version: 0, broken: '', body: '', seen: new Map() }
    files.set(`note-${index}.md`, known)
    breakNote(place, `note-${index}.md`, known)
  }
  let kills = 0
  let starts = 0
  while (kills < killsMin) {
    expect(++starts, 'most starts must end in a kill that counts').toBeLessThan(4 * killsMin)
    const daemon = await place.start(['--write', ...words])
    if (await killAtRandom(daemon)) kills++
    const broken = look(place, files)
    // The author breaks every second note anew when little work is left, so that the next kill meets open sentinels.
    if (broken < notes / 3) {
      for (const [index, [path, known]] of [...files].entries()) if (index % 2 === 0) breakNote(place, path, known)
    }
  }
  const lines = await place.once(['--write', ...words])
  expect(lines.at(-1)).toMatchObject({ type: 'summary', files: notes, valid: notes, failed: 0 })
  console.info(`${kills} kills counted in ${starts} starts`)

  expect(look(place, files)).toBe(0)
  const { check } = compileContract(frontmatterV1)
  for (const [path, known] of files) {
    const note = readNote(place.text(path))
    expect(note.ok && check(note.data), path).toEqual([])
    expect(note.ok && note.text.slice(note.body_start), path).toBe(known.body)
    for (const contents of known.seen.values()) expect(contents.size, path).toBeLessThanOrEqual(1)
  }
  await expectOneChangeEach(place, files)
  const replayed = await place.json(['replay', '--verify', ...words])
  expect(replayed).toMatchObject({ identical: true, first_difference: null })
  expect(await place.json(['doctor', ...words])).toMatchObject({ ok: true })
}, 300_000)

/** The record knows every write that was ever asked for: at most one a version of a note, and it is the one in the file. */
async function expectOneChangeEach(place: Place, files: ReadonlyMap<string, Known>): Promise<void> {
  const engine = await createEngine({ ...mind(), store: lmdb(join(place.folder, 'data')), drive: 'manual' })
  const wanted = new Map<string, Set<string>>()
  for (let row = 1; row <= engine.world.rows(Revision); row++) {
    const text = engine.read('change', row)
    if (text === undefined) continue
    const { path, before_hash, after_hash } = JSON.parse(text) as Change
    const key = `${path} ${before_hash}`
    wanted.set(key, (wanted.get(key) ?? new Set()).add(after_hash))
  }
  await engine.stop()
  expect(wanted.size).toBeGreaterThanOrEqual(notes)
  for (const [key, hashes] of wanted) expect(hashes.size, key).toBe(1)
  for (const [path, { broken }] of files) {
    expect([...(wanted.get(`${path} ${hash('sha256', broken)}`) ?? [])], path).toEqual([
      hash('sha256', place.text(path)),
    ])
  }
}
