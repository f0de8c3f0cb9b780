import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { decodeEntry } from '../../engine/record/journal.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { records } from '../../systems/components.ts'
import { FsRead } from '../../systems/events.ts'
import { sourcePath } from '../support/command.ts'
import { cleanUp, linesOf, Place, promethean } from '../support/daemon.ts'

afterEach(cleanUp)

const plain = '# Compost\n\nTurn it every second week.\n'
const valid = '---\ntitle: Valid\nslug: valid\ndescription: It has all it needs.\ntags: []\n---\nText.\n'
const broken = '---\ntitle: [unclosed\n---\nText.\n'

function garden(): Place {
  const place = new Place()
  place.note('compost.md', plain)
  place.note('valid.md', valid)
  place.note('deep/er/tomatoes.md', '---\nslug: Not A Slug\n---\nTomatoes like sun.\n')
  return place
}
const stampOf = (place: Place, path: string) => {
  const { mtimeMs, ctimeMs, ino, size } = statSync(join(place.notes, path))
  return { mtimeMs, ctimeMs, ino, size, text: place.text(path) }
}

/** How many notes were ever read, as the journal has it. */
async function readsOf(place: Place): Promise<number> {
  const store = lmdb(place.data)
  await store.open([ownTables.outbox, ownTables.dead, ...records])
  let reads = 0
  for (const { tick, bytes } of store.journal(1)) {
    reads += decodeEntry(bytes, tick).events.filter(({ type }) => type === FsRead.done.name).length
  }
  await store.close()
  return reads
}

test('without --write nothing is written, and the difference of each note is shown', async () => {
  const place = garden()
  const paths = ['compost.md', 'valid.md', 'deep/er/tomatoes.md']
  const before = paths.map((path) => stampOf(place, path))
  const done = await place.run(['run', '--once'])
  expect(done).toMatchObject({ code: 0, err: '' })
  expect(paths.map((path) => stampOf(place, path))).toEqual(before)
  expect(done.out).toMatch(/--- compost\.md\n(.*\n)*?\+title: Compost\n\+slug: compost/)
  expect(done.out).toMatch(/--- deep\/er\/tomatoes\.md\n(.*\n)*?-slug: Not A Slug\n/)
  expect(done.out).not.toContain('--- valid.md')
  expect(done.out).toMatch(/files 3, valid 1, repaired 0, failed 0, proposed 2, memories 3/)
  expect(await place.json(['status'])).toMatchObject({ sentinels: { pending: 0, done: 1, failed: 0, proposed: 2 } })
})

test('a second pass writes nothing and reads only what changed', async () => {
  const place = garden()
  const first = await place.once(['--write'])
  expect(first.at(-1)).toMatchObject({ type: 'summary', files: 3, valid: 3, repaired: 2, failed: 0, memories: 3 })
  const after = stampOf(place, 'compost.md')
  expect(after.text.endsWith(`---\n${plain}`)).toBe(true)
  expect(await readsOf(place)).toBe(3)
  const second = await place.once(['--write'])
  expect(second).toEqual([expect.objectContaining({ type: 'summary', repaired: 2, valid: 3, memories: 3 })])
  expect(stampOf(place, 'compost.md')).toEqual(after)
  expect(await readsOf(place)).toBe(3)
  place.note('valid.md', `${valid}One more line.\n`)
  await place.once(['--write'])
  expect(await readsOf(place)).toBe(4)
})

test('--strict ends with 65 when a note failed, and without it with 0', async () => {
  const place = garden()
  place.note('broken.md', broken)
  expect(await place.run(['run', '--once'])).toMatchObject({ code: 0 })
  expect(await place.run(['run', '--once', '--strict'])).toMatchObject({ code: 65 })
  expect(place.text('broken.md')).toBe(broken)
  const rows = linesOf((await place.run(['sentinel', 'list', '--json'])).out) as unknown as { path: string }[]
  expect(rows.map(({ path }) => path)).toEqual(['broken.md', 'compost.md', 'deep/er/tomatoes.md', 'valid.md'])
  expect(rows[0]).toMatchObject({ verdict: 'failed', code: 'SYNTAX', reason: expect.stringMatching(/^line \d+: /) })
  expect((await place.run(['sentinel', 'list'])).out).toMatch(/^failed {4}broken\.md: line \d+/)
  place.note('broken.md', plain)
  expect(await place.run(['run', '--once', '--strict'])).toMatchObject({ code: 0 })
})

test('status says the same of a running daemon and of its record at rest', async () => {
  const place = garden()
  const none = await place.run(['status'])
  expect(none).toMatchObject({ code: 65, out: '' })
  expect(none.err).toMatch(/holds no record yet/)
  const daemon = await place.start(['--write'])
  await daemon.settled((status) => status.sentinels.done === 3)
  const live = await place.json(['status'])
  const named = {
    tick: expect.any(Number),
    digest: expect.stringMatching(/^[0-9a-f]{32}$/),
    memories: 3,
    sentinels: { pending: 0, done: 3, failed: 0, proposed: 0, held: 0 },
    outbox: { pending: 0, oldest_ms: 0, in_flight: 0 },
    journal_ticks: expect.any(Number),
    snapshot_tick: expect.any(Number),
    data_bytes: expect.any(Number),
  }
  expect(live).toMatchObject(named)
  expect(await daemon.stop()).toMatchObject({ code: 0 })
  const rest = await place.json(['status'])
  expect(rest).toMatchObject(named)
  expect(rest['memories']).toBe(live['memories'])
  expect((await place.run(['status'])).out).toMatch(/^sentinels +pending 0, done 3/m)
  // Idle ticks at the end are in the last snapshot only: the journal has nothing to say about them.
  const replayed = await place.json(['replay', '--verify'])
  expect(replayed['ticks']).toBeLessThanOrEqual(Number(rest['tick']))
  expect(replayed).toMatchObject({
    identical: true,
    first_difference: null,
    digest: rest['digest'],
  })
  expect(await place.json(['replay', '--until', '3'])).toMatchObject({ ticks: 3, identical: true })
})

describe('sentinel undo takes a write back, byte for byte', () => {
  const originals = {
    'none.md': Buffer.from(plain),
    'crlf.md': Buffer.from('\uFEFF---\r\nmood:   calm # mine\r\n---\r\nA line.\r\nNo end'),
    'empty-front.md': Buffer.from('---\n---\nText of some kind.\n'),
  }
  const filled = (): Place => {
    const place = new Place()
    for (const [path, bytes] of Object.entries(originals)) place.note(path, bytes)
    return place
  }

  test('at rest', async () => {
    const place = filled()
    await place.once(['--write'])
    for (const [path, bytes] of Object.entries(originals)) {
      expect(place.bytes(path).equals(bytes), path).toBe(false)
      expect(await place.json(['sentinel', 'undo', path]), path).toMatchObject({ undone: true, path })
      expect(place.bytes(path).equals(bytes), path).toBe(true)
    }
    const again = await place.run(['sentinel', 'undo', 'crlf.md', '--json'])
    expect(again.code).toBe(65)
    expect(JSON.parse(again.out)).toMatchObject({ undone: false, reason: expect.stringMatching(/nothing was written/) })
    // It is left alone until its author changes it.
    expect((await place.once(['--write'])).map(({ type }) => type)).toEqual(['summary'])
    expect(place.bytes('crlf.md').equals(originals['crlf.md'])).toBe(true)
    place.note('crlf.md', `${originals['crlf.md'].toString()} at all`)
    expect(await place.once(['--write'])).toContainEqual(expect.objectContaining({ type: 'repaired', path: 'crlf.md' }))
    expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
  })

  test('while the daemon runs, also by a path from elsewhere', async () => {
    const place = filled()
    const daemon = await place.start(['--write'])
    await daemon.settled((status) => status.repaired === 3)
    for (const [path, bytes] of Object.entries(originals)) {
      const words = ['sentinel', 'undo', path === 'none.md' ? join(place.notes, path) : path]
      expect(await place.json(words), path).toMatchObject({ undone: true, path })
      expect(place.bytes(path).equals(bytes), path).toBe(true)
    }
    place.note('other.md', plain)
    const status = await daemon.settled(({ repaired }) => repaired === 4)
    expect(status.sentinels.held).toBe(3)
    expect(place.bytes('none.md').equals(originals['none.md'])).toBe(true)
    const unknown = await place.run(['sentinel', 'undo', 'never.md'])
    expect(unknown.code).toBe(65)
    expect(unknown.out).toMatch(/no such note was ever seen/)
    expect(await daemon.stop()).toMatchObject({ code: 0 })
  })

  test('a front matter that was changed since is not taken back over', async () => {
    const place = filled()
    await place.once(['--write'])
    const edited = place.text('none.md').replace('title: ', 'title: My ')
    place.note('none.md', edited)
    const done = await place.run(['sentinel', 'undo', 'none.md', '--json'])
    expect(done.code).toBe(65)
    expect(JSON.parse(done.out)).toMatchObject({ undone: false, reason: expect.stringMatching(/changed since/) })
    expect(place.text('none.md')).toBe(edited)
    // A longer body is no hindrance: the head goes back, the new lines stay.
    place.note('empty-front.md', `${place.text('empty-front.md')}More.\n`)
    expect(await place.json(['sentinel', 'undo', 'empty-front.md'])).toMatchObject({ undone: true })
    expect(place.text('empty-front.md')).toBe(`${originals['empty-front.md'].toString()}More.\n`)
  })
})

test('from the sources, and without a folder, the sample notes are repaired in a scratch copy', async () => {
  const place = new Place()
  const settings = { cwd: place.folder, env: { TMPDIR: place.folder }, program: sourcePath }
  const done = await promethean(['run', '--sample', '--once'], settings)
  expect(done).toMatchObject({ code: 0, err: '' })
  expect(done.out).toMatch(/There is no \.\/docs\/notes, so this works on a scratch copy of the sample notes: /)
  expect(done.out).toMatch(/^\+title: /m)
  expect(done.out).toMatch(/repaired 3, failed 1/)
})
