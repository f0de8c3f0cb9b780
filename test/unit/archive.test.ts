import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { archive, sumsName } from '../../adapters/cli/archive/journal.ts'
import { answerOfArchive } from '../../adapters/cli/desk/archive.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { commitLines } from '../replay/golden.ts'
import { remembering, tell, textAt } from '../support/memory.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-archive-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const linesIn = (name: string): string[] =>
  gunzipSync(readFileSync(join(folder, name)))
    .toString('utf8')
    .trim()
    .split('\n')

test('what was dropped is in the archive, tick by tick, and the sums are those of the files', async () => {
  const store = ram()
  const engine = await remembering(store)
  await tell(engine, { text: 'The heron stands still.' }, { text: 'The otter sleeps. 語' })
  const first = await answerOfArchive(engine, { ask: 'archive', folder })
  expect(first.archived).toMatchObject({ name: expect.stringMatching(/^journal-1-\d+\.jsonl\.gz$/) })
  const lines = linesIn(first.archived!.name)
  expect(lines.filter((line) => line.includes('"digest"'))).toHaveLength(first.archived!.entries)
  expect(lines.join('\n')).toContain('The otter sleeps. 語')
  const left = [...store.journal(0)].map(({ bytes }) => Buffer.from(bytes).toString('utf8')).join('\n')
  expect(left).not.toContain('The heron stands still.')
  expect(textAt(engine, 1), 'records stay').toBe('The heron stands still.')
  expect((await engine.replay()).identical).toBe(true)

  await tell(engine, { text: 'A third line.' })
  const second = await answerOfArchive(engine, { ask: 'archive', folder })
  expect(linesIn(second.archived!.name).join('\n')).toContain('A third line.')
  expect(second.first_tick).toBeGreaterThan(first.first_tick)
  const sums = readFileSync(join(folder, sumsName), 'utf8').trim().split('\n')
  expect(sums).toEqual(
    [first, second].map(({ archived }) => {
      const bytes = readFileSync(join(folder, archived!.name))
      expect(bytes).toHaveLength(archived!.bytes)
      expect(statSync(join(folder, archived!.name)).mode & 0o777).toBe(0o600)
      return `${createHash('sha256').update(bytes).digest('hex')}  ${archived!.name}`
    }),
  )
  await engine.stop()
})

test('an archive can be replayed as what it was', async () => {
  const store = ram()
  const engine = await remembering(store)
  await tell(engine, { text: 'The heron stands still.' }, { text: 'The otter sleeps.' })
  const digest = engine.digest()
  const { archived } = await answerOfArchive(engine, { ask: 'archive', folder })
  await engine.stop()
  const copy = ram()
  await copy.open([...mind().records, 'outbox', 'dead'])
  await commitLines(copy, linesIn(archived!.name).join('\n'))
  copy.crash()
  const again = await remembering(copy)
  expect(again.tick).toBeGreaterThan(0)
  expect((await again.replay()).identical).toBe(true)
  expect(digest).not.toBe('')
  await again.stop()
})

test('an archive of another record is not overwritten, and the same one is there once', async () => {
  const lines = '{"tick":1}'
  await archive([{ tick: 1, lines }], folder)
  await archive([{ tick: 1, lines }], folder)
  const [name] = readdirSync(folder).filter((each) => each !== sumsName)
  const before = readFileSync(join(folder, name!))
  await expect(archive([{ tick: 1, lines: '{"tick":1,"other":true}' }], folder)).rejects.toThrow('of another record')
  expect(readFileSync(join(folder, name!))).toEqual(before)
  expect(readdirSync(folder)).toHaveLength(2)
  expect(readFileSync(join(folder, sumsName), 'utf8').trim().split('\n')).toHaveLength(1)
})

test('nothing is dropped when the archive cannot be written, and nothing half is left', async () => {
  const store = ram()
  const engine = await remembering(store)
  await tell(engine, { text: 'The heron stands still.' })
  const before = store.journalCount()
  const blocked = join(folder, 'a file')
  writeFileSync(blocked, '')
  await expect(answerOfArchive(engine, { ask: 'archive', folder: join(blocked, 'below') })).rejects.toThrow(
    'cannot be archived',
  )
  expect(store.journalCount()).toBe(before)
  expect(engine.firstTick).toBe(1)

  const entries = (function* () {
    yield { tick: 1, lines: '{}' }
    throw new Error('the disk is gone')
  })()
  await expect(archive(entries, join(folder, 'torn'))).rejects.toThrow('the disk is gone')
  expect(readdirSync(join(folder, 'torn'))).toEqual([])
  await engine.stop()
})

test('a journal with nothing in it makes no file', async () => {
  expect(await archive([], folder)).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})
