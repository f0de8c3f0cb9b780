import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ownTables } from '../../engine/record/recorder.ts'
import type { JournalEntry, Store } from '../../engine/record/store.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { ram } from '../../stores/ram.ts'
import { records } from '../../systems/components.ts'
import { cleanUp, Place } from '../support/daemon.ts'
import { listening, note, opened } from '../support/toy.ts'

afterEach(cleanUp)

const toyTables = [ownTables.outbox, ownTables.dead, 'text']

describe('A14: the last entry of a journal', () => {
  test('torn at any byte is dropped with one warning, and the rest is kept', async () => {
    const store = ram()
    const engine = await opened({ store })
    const digests: string[] = []
    for (const said of ['first', 'second', 'third']) {
      engine.publish(note(said))
      await engine.step()
      digests.push(engine.digest())
    }
    store.crash()
    await store.open(toyTables)
    const [last] = [...store.journal(3)]
    store.crash()
    for (let bytes = 0; bytes < last!.bytes.byteLength; bytes++) {
      await store.open(toyTables)
      await store.commit({ tick: 3, entry: last!.bytes.slice(0, bytes), puts: [] })
      store.crash()
      const log = listening()
      const after = await opened({ store, log })
      expect([after.tick, after.digest(), after.read('text', 2)], `${bytes} bytes`).toEqual([2, digests[1], 'second'])
      expect(log.lines, `${bytes} bytes`).toEqual([
        expect.stringMatching(/^warn the last journal entry \(tick 3\) was torn/),
      ])
      store.crash()
      const again = await opened({ store, log })
      expect(log.lines, `${bytes} bytes, opened again`).toHaveLength(1)
      expect((await again.replay()).identical).toBe(true)
      store.crash()
    }
    await store.open(toyTables)
    await store.commit({ tick: 3, entry: last!.bytes, puts: [] })
    store.crash()
    const whole = await opened({ store })
    expect([whole.tick, whole.digest()]).toEqual([3, digests[2]])
    await whole.stop()
  })

  test('torn inside a tail is followed by new ticks that replay', async () => {
    const store = ram()
    const engine = await opened({ store })
    for (const said of ['first', 'second']) {
      engine.publish(note(said))
      await engine.step()
    }
    store.crash()
    await store.open(toyTables)
    const [last] = [...store.journal(2)]
    await store.commit({ tick: 2, entry: last!.bytes.slice(0, -5), puts: [] })
    store.crash()
    const after = await opened({ store })
    after.publish(note('third'))
    await after.step()
    expect([after.tick, after.read('text', 2)]).toEqual([2, 'third'])
    expect((await after.replay()).identical).toBe(true)
    await after.stop()
  })
})

/** The record of a daemon that was killed before it had taken any snapshot: the whole journal is its tail. */
async function killed(): Promise<Place> {
  const place = new Place()
  for (let index = 0; index < 6; index++) place.note(`n${index}.md`, `# Note ${index}\n\nThe text of note ${index}.\n`)
  const daemon = await place.start(['--write'])
  await daemon.settled(({ files, repaired }) => files === 6 && repaired === 6)
  await daemon.stop('SIGKILL')
  for (const name of readdirSync(place.data)) if (name.startsWith('snapshot-')) rmSync(join(place.data, name))
  return place
}

async function withStore<T>(folder: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = lmdb(folder)
  await store.open([ownTables.outbox, ownTables.dead, ...records])
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

describe('A15: an entry in the middle of the tail', () => {
  const damages: { name: string; says: RegExp; damage: (store: Store, entry: JournalEntry) => Promise<void> }[] = [
    {
      name: 'with a flipped byte',
      says: /^JOURNAL_DAMAGED: entry (\d+) does not match its checksum/m,
      async damage(store, { tick, bytes }) {
        const entry = bytes.slice()
        entry[entry.byteLength >> 1] = entry[entry.byteLength >> 1]! ^ 0xff
        await store.commit({ tick, entry, puts: [] })
      },
    },
    {
      name: 'that belongs to another tick',
      says: /^JOURNAL_DAMAGED: entry (\d+) does not match/m,
      async damage(store, { tick }) {
        const [first] = [...store.journal(1)]
        await store.commit({ tick, entry: first!.bytes, puts: [] })
      },
    },
  ]

  test.for(damages)(
    '$name refuses the start with 65 until doctor --repair',
    { timeout: 60_000 },
    async ({ says, damage }) => {
      const place = await killed()
      const bad = await withStore(place.data, async (store) => {
        const entries = [...store.journal(1)]
        const entry = entries[entries.length >> 1]!
        await damage(store, entry)
        return { tick: entry.tick, lost: entries.filter(({ tick }) => tick >= entry.tick).length }
      })
      const data = readFileSync(join(place.data, 'data.mdb'))
      for (const command of [
        ['run', '--once'],
        ['run', '--port', '0'],
      ]) {
        const refused = await place.run(command)
        expect(refused, command.join(' ')).toMatchObject({ code: 65, signal: null })
        expect(says.exec(refused.err)?.[1], refused.err).toBe(String(bad.tick))
      }
      expect(readFileSync(join(place.data, 'data.mdb')).equals(data)).toBe(true)
      const found = await place.run(['doctor'])
      expect(found.code).toBe(65)
      expect(found.out).toMatch(new RegExp(`^BAD  journal: .*entry ${bad.tick} `, 'm'))

      const repaired = await place.run(['doctor', '--repair'])
      expect(repaired.code).toBe(0)
      expect(repaired.out).toMatch(
        new RegExp(`cut off before tick ${bad.tick}: ${bad.lost} entries up to tick \\d+ are lost`),
      )
      const copy = join(place.folder, `data.before-repair-${bad.tick}`)
      expect(readFileSync(join(copy, 'data.mdb')).equals(data)).toBe(true)
      const texts = Array.from({ length: 6 }, (_, index) => place.text(`n${index}.md`))
      expect((await place.once(['--write'])).at(-1)).toMatchObject({ files: 6, valid: 6, failed: 0, memories: 6 })
      expect(Array.from({ length: 6 }, (_, index) => place.text(`n${index}.md`))).toEqual(texts)
      expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
      expect(await place.json(['doctor'])).toMatchObject({ ok: true })
    },
  )
})
