import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ownTables } from '../../engine/record/recorder.ts'
import type { Store } from '../../engine/record/store.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { records } from '../../systems/components.ts'
import { cleanUp, Place } from '../support/daemon.ts'

afterEach(cleanUp)

const marker = 'a sentence that nobody else wrote'

let first: Place
beforeAll(async () => {
  first = new Place().keep()
  for (let index = 0; index < 6; index++) first.note(`n${index}.md`, `# Note ${index}\n\nThis is ${marker} ${index}.\n`)
  await first.once(['--write'])
})
afterAll(() => first.remove())

/** A record of six notes that were repaired, for one test to harm. */
const filled = (): Place => new Place(first)

/** Opens the record while no daemon does. */
async function withStore<T>(place: Place, use: (store: Store) => Promise<T> | T): Promise<T> {
  const store = lmdb(place.data)
  await store.open([ownTables.outbox, ownTables.dead, ...records])
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** One bit is flipped, at a place that only the checksum knows of. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(bytes)
  copy[at] = copy[at]! ^ 0x10
  return copy
}

test('doctor finds nothing wrong with a whole record, also as JSON, and says so before there is one', async () => {
  const place = new Place()
  expect(await place.json(['doctor'])).toMatchObject({
    ok: true,
    findings: expect.arrayContaining([
      expect.objectContaining({ check: 'record', detail: expect.stringMatching(/none yet/) }),
    ]),
  })
  const full = filled()
  const done = await full.run(['doctor'])
  expect(done).toMatchObject({ code: 0, err: '' })
  expect(done.out).toMatch(/^ok {3}journal: \d+ entries/m)
  expect(done.out).not.toMatch(/^BAD/m)
  const daemon = await full.start()
  expect(await full.run(['doctor'])).toMatchObject({ code: 0, out: expect.stringMatching(/^ok {3}record: in use/m) })
  await daemon.stop()
})

test('after a memory is forgotten the record is whole, though its past begins anew', async () => {
  const full = filled()
  expect(await full.run(['memory', 'forget', '1'])).toMatchObject({ code: 0 })
  const done = await full.run(['doctor'])
  expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/^ok {3}journal: \d+ entr/m) })
  expect(await full.json(['replay', '--verify'])).toMatchObject({ identical: true })
})

test('A11, A12: a data file that is empty, cut or no database is refused with 65 and diagnosed', async () => {
  const damages = [
    (path: string) => truncateSync(path, 0),
    (path: string) => truncateSync(path, 8192),
    (path: string) => writeFileSync(path, 'dear diary\n'.repeat(20_000)),
  ]
  const place = filled()
  const path = join(place.data, 'data.mdb')
  const whole = readFileSync(path)
  for (const damage of damages) {
    writeFileSync(path, whole)
    damage(path)
    const broken = readFileSync(path)
    for (const command of [['run', '--once'], ['status'], ['replay']]) {
      const done = await place.run(command)
      expect(done, command.join(' ')).toMatchObject({ code: 65, signal: null, out: '' })
      expect(done.err).toMatch(/^STORE_DAMAGED: .*data\.mdb/)
    }
    const doctored = await place.run(['doctor'])
    expect(doctored).toMatchObject({ code: 65, signal: null })
    expect(doctored.out).toMatch(/^BAD {2}record: STORE_DAMAGED: /m)
    expect(readFileSync(path).equals(broken)).toBe(true)
  }
  writeFileSync(path, whole)
  expect(await place.json(['doctor'])).toMatchObject({ ok: true })
}, 60_000)

test('A15: a flipped bit in the journal is refused; repair keeps the original and cuts off there', async () => {
  const place = filled()
  const bad = await withStore(place, async (store) => {
    const entries = [...store.journal(1)]
    const { tick, bytes } = entries[Math.floor(entries.length / 2)]!
    await store.commit({ tick, entry: flipped(bytes, bytes.byteLength - 9), puts: [] })
    return { tick, lost: entries.filter((entry) => entry.tick >= tick).length }
  })
  const verified = await place.run(['replay', '--verify'])
  expect(verified).toMatchObject({ code: 65, out: '' })
  expect(verified.err).toMatch(new RegExp(`JOURNAL_DAMAGED: entry ${bad.tick} does not match its checksum`))
  const found = await place.run(['doctor'])
  expect(found.code).toBe(65)
  expect(found.out).toMatch(new RegExp(`^BAD  journal: .*entry ${bad.tick} .*doctor --repair`, 'm'))

  const repaired = await place.run(['doctor', '--repair'])
  expect(repaired.out).toMatch(new RegExp(`cut off before tick ${bad.tick}: ${bad.lost} entries`))
  const copy = readdirSync(place.folder).find((name) => name.startsWith('data.before-repair'))
  expect(existsSync(join(place.folder, copy ?? '', 'data.mdb'))).toBe(true)
  expect(await place.json(['doctor'])).toMatchObject({ ok: true })
  // What the lost ticks had done is found again in the notes: nothing is written, everything is remembered.
  const texts = Array.from({ length: 6 }, (_, index) => place.text(`n${index}.md`))
  const lines = await place.once(['--write'])
  expect(lines.at(-1)).toMatchObject({ type: 'summary', files: 6, valid: 6, failed: 0, memories: 6 })
  expect(Array.from({ length: 6 }, (_, index) => place.text(`n${index}.md`))).toEqual(texts)
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
})

test('A13: a flipped bit in a record is named and never served as text', async () => {
  const place = filled()
  await withStore(place, async (store) => {
    for (const table of ['text', 'change']) {
      const [key] = [...store.keys(table)]
      const bytes = store.read(table, key!)!
      const puts = [{ table, key: key!, bytes: flipped(bytes, bytes.byteLength - 3) }]
      await store.commit({ tick: 1, entry: null, puts })
    }
  })
  const found = await place.run(['doctor'])
  expect(found.code).toBe(65)
  expect(found.out).toMatch(/^BAD {2}table text: 1 damaged: 1$/m)
  expect(found.out).toMatch(/^BAD {2}table change: 1 damaged: \d+$/m)
  // Everything that does not read the damaged record goes on.
  expect(await place.run(['status'])).toMatchObject({ code: 0 })
  expect((await place.once(['--write'])).at(-1)).toMatchObject({ valid: 6, failed: 0 })
})

test('A14: a torn last entry is dropped with a warning, and the rest is kept', async () => {
  const place = filled()
  for (const name of readdirSync(place.data))
    if (name.startsWith('snapshot-')) truncateSync(join(place.data, name), 100)
  await withStore(place, async (store) => {
    const { tick, bytes } = [...store.journal(1)].at(-1)!
    await store.commit({ tick, entry: bytes.slice(0, bytes.byteLength - 7), puts: [] })
  })
  const done = await place.run(['run', '--once', '--json'])
  expect(done.code).toBe(0)
  expect(done.err.match(/was torn and has been dropped/g)).toHaveLength(1)
  expect(done.err.match(/snapshot \d+ was passed over/g)?.length).toBeGreaterThan(0)
  expect(await place.json(['status'])).toMatchObject({ files: 6, memories: 6 })
  // The damaged snapshots are named until two good ones have taken their place.
  expect((await place.run(['replay', '--verify'])).err).toMatch(/^SNAPSHOT_DAMAGED/)
  await place.once()
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
})
