import { hash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createEngine } from '../../engine/engine.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Revision } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import type { Change } from '../../systems/sentinel/work.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'
import { canTrace } from '../support/recordchild.ts'
import { type KillPoint, killedAt, killPoints, spread } from '../support/strace.ts'

/** How many system calls of each command are met. KILLS=all meets every one and takes a quarter of an hour. */
const wanted = process.env['KILLS']
const notes = 4
/** Not `write`: nearly all of those only wake a thread, and what a real one did is met at the sync after it. */
const calls = [
  'pwrite64',
  'writev',
  'fdatasync',
  'fsync',
  'msync',
  'ftruncate',
  'link',
  'rename',
  'unlink',
  'mkdir',
  'fchmod',
]

afterEach(cleanUp)

const brokenNote = (index: number): string =>
  `---\nmood: calm # by hand\nslug: Not A Slug ${index}\n---\n${body(index)}`
const body = (index: number): string => `# Note ${index}\n\nA sentence of its own, number ${index}.\r\nno end`
const names = Array.from({ length: notes }, (_, index) => `n${index}.md`)

function withNotes(): Place {
  const place = new Place()
  for (const [index, name] of names.entries()) place.note(name, brokenNote(index))
  return place
}

/** Each note is as its author left it, or repaired as a whole. @returns the hash of each that is repaired */
function repairedNotes(place: Place, what: string): Map<string, string> {
  const repaired = new Map<string, string>()
  for (const [index, name] of names.entries()) {
    const text = place.text(name)
    if (text === brokenNote(index)) continue
    expect(text.endsWith(`\n---\n${body(index)}`), `${what}: ${name} is torn: ${text}`).toBe(true)
    expect(text, what).toContain('mood: calm # by hand')
    repaired.set(name, hash('sha256', text))
  }
  return repaired
}

/** The record knows every write that was ever asked for: one a note, and its result is what the file holds. */
async function expectOneChangeEach(place: Place, what: string): Promise<void> {
  const engine = await createEngine({ ...mind(), store: lmdb(place.data), drive: 'manual' })
  const asked = new Map<string, Set<string>>()
  for (let row = 1; row <= engine.world.rows(Revision); row++) {
    const text = engine.read('change', row)
    if (text === undefined) continue
    const { path, after_hash } = JSON.parse(text) as Change
    asked.set(path, (asked.get(path) ?? new Set()).add(after_hash))
  }
  await engine.stop()
  for (const name of names) expect([...(asked.get(name) ?? [])], what).toEqual([hash('sha256', place.text(name))])
}

/** One killed pass over broken notes, one that ends what it left, and what must hold. @returns whether it was killed */
async function killedPass(point: KillPoint): Promise<boolean> {
  const what = `killed at ${point.call} ${point.number}`
  const place = withNotes()
  const pass = ['run', '--once', '--write', '--json', ...place.words]
  const killed = await killedAt(point, pass)
  const kept = repairedNotes(place, what)
  for (const { type, path = '', hash: told } of killed.lines)
    if (type === 'repaired') expect(kept.get(path), `${what}: ${path} was told to be repaired`).toBe(told)

  const lines = await place.once(['--write'])
  expect(lines.at(-1), what).toMatchObject({ type: 'summary', valid: notes, failed: 0, memories: notes })
  const repaired = repairedNotes(place, what)
  expect([...repaired.keys()], what).toEqual(names)
  for (const [name, told] of kept) expect(repaired.get(name), `${what}: ${name} was written twice`).toBe(told)
  expect(readdirSync(place.notes).sort(), what).toEqual(names)
  await expectOneChangeEach(place, what)
  expect(await place.json(['replay', '--verify']), what).toMatchObject({ identical: true, memories: notes })
  return killed.code !== 0
}

test.skipIf(!canTrace())(
  'A2, D59: a pass over notes killed at its system calls loses no repair it told of, tears no note and writes none twice',
  async () => {
    const counted = withNotes()
    const pass = ['run', '--once', '--write', '--json', ...counted.words]
    const points = await killPoints(calls, pass, join(counted.folder, 'trace'))
    expect(points).toContainEqual({ call: 'link', number: notes })
    let kills = 0
    for (const point of spread(points, wanted ?? '3')) if (await killedPass(point)) kills++
    console.info(`a pass: ${kills} kills at ${points.length} system calls`)
    expect(kills).toBeGreaterThan(0)
  },
  3_600_000,
)

test.skipIf(!canTrace())(
  'A2, A21: a backup killed at its system calls is whole or not there, and the record is as it was',
  async () => {
    const place = withNotes()
    await place.once(['--write'])
    const before = readFileSync(join(place.data, 'data.mdb'))
    const { digest } = await place.json(['replay', '--verify'])
    const command = (to: string): string[] => ['backup', to, '--json', ...place.words]
    const points = await killPoints(calls, command(join(place.folder, 'counted')), join(place.folder, 'trace'))
    let kills = 0
    const inTheWay: string[] = []
    for (const point of spread(points, wanted ?? '3')) {
      const what = `killed at ${point.call} ${point.number}`
      const to = join(place.folder, `copy-${point.call}-${point.number}`)
      if ((await killedAt(point, command(to))).code !== 0) kills++
      expect(readFileSync(join(place.data, 'data.mdb')).equals(before), what).toBe(true)
      const again = existsSync(to) ? undefined : await promethean(command(to))
      if (again !== undefined && again.code !== 0) {
        inTheWay.push(`${what}: ${again.code} ${again.err}`)
        continue
      }
      expect(await promethean(['restore', to, `${to}-back`]), what).toMatchObject({ code: 0, err: '' })
      const replayed = await promethean(['replay', '--verify', '--json', '--data', `${to}-back`])
      expect(JSON.parse(replayed.out), what).toMatchObject({ identical: true, digest, memories: notes })
    }
    console.info(`a backup: ${kills} kills at ${points.length} system calls`)
    expect(inTheWay, 'what a kill left is cleared by the next try').toEqual([])
    expect(readdirSync(place.folder).filter((name) => /\.part(-\d+)?$/.test(name))).toEqual([])
    expect(kills).toBeGreaterThan(0)
  },
  3_600_000,
)

test.skipIf(!canTrace())(
  'A15: a repair killed at its system calls leaves the damaged record or the repaired one, and the original whole',
  async () => {
    const place = withNotes()
    await place.once(['--write'])
    const bad = await damagedEntry(place.data)
    const damaged = readFileSync(join(place.data, 'data.mdb'))
    const command = (data: string): string[] => ['doctor', place.notes, '--repair', '--json', '--data', data]
    const copyOf = (name: string): string => {
      const data = join(place.folder, name)
      cpSync(place.data, data, { recursive: true })
      return data
    }
    const points = await killPoints(calls, command(copyOf('counted')), join(place.folder, 'trace'))
    let kills = 0
    for (const point of spread(points, wanted ?? '3')) {
      const what = `killed at ${point.call} ${point.number}`
      const name = `data-${point.call}-${point.number}`
      const data = copyOf(name)
      if ((await killedAt(point, command(data))).code !== 0) kills++
      expect(JSON.parse((await promethean(command(data))).out), what).toMatchObject({ ok: true })
      const kept = readdirSync(place.folder).filter((each) => each.startsWith(`${name}.before-repair-${bad}`))
      const originals = kept.map((each) => readFileSync(join(place.folder, each, 'data.mdb')).equals(damaged))
      expect(originals, what).toContain(true)
      expect(existsSync(join(data, 'repair')), what).toBe(false)
      const replayed = await promethean(['replay', '--verify', '--json', '--data', data])
      expect(JSON.parse(replayed.out), what).toMatchObject({ identical: true })
    }
    console.info(`a repair: ${kills} kills at ${points.length} system calls`)
    expect(kills).toBeGreaterThan(0)
    expect(readdirSync(place.folder).filter((each) => /\.part(-\d+)?$/.test(each))).toEqual([])
  },
  3_600_000,
)

/** Flips a byte of an entry in the middle of a journal. @returns its tick */
async function damagedEntry(data: string): Promise<number> {
  const store = lmdb(data)
  await store.open([])
  const entries = [...store.journal(1)]
  const { tick, bytes } = entries[entries.length >> 1]!
  const entry = bytes.slice()
  entry[entry.byteLength >> 1] = entry[entry.byteLength >> 1]! ^ 0xff
  await store.commit({ tick, entry, puts: [] })
  await store.close()
  return tick
}
