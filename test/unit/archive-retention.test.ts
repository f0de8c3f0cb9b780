import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sumsName } from '../../adapters/cli/archive/journal.ts'
import { type Retention, retain } from '../../adapters/cli/archive/retention.ts'
import { archiveFrom } from '../../adapters/cli/config-archive.ts'
import { ConfigProblems } from '../../adapters/cli/config-problems.ts'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { remembering, tell } from '../support/memory.ts'

const day_ms = 86_400_000
let folder: string
let engine: Engine
let retention: Retention
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-retention-'))
  retention = { folder, every_ms: 30 * day_ms, keep_ms: 365 * day_ms }
  engine = await remembering(ram())
  await tell(engine, { text: 'The heron stands still.' })
})
afterEach(async () => {
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
})

const age = (name: string, days: number): void => {
  const at = (Date.now() - days * day_ms) / 1_000
  utimesSync(join(folder, name), at, at)
}

test('the journal is archived when its oldest tick is old enough, and again when the newest archive is', async () => {
  const now_ms = engine.now_ms
  expect(await retain(engine, retention, now_ms + 29 * day_ms)).toEqual({ archived: undefined, removed: [] })
  expect(engine.firstTick).toBe(1)
  const { archived } = await retain(engine, retention, now_ms + 31 * day_ms)
  expect(archived?.name).toMatch(/^journal-1-/)
  expect(engine.firstTick).toBeGreaterThan(1)
  await tell(engine, { text: 'The otter sleeps.' })
  expect((await retain(engine, retention, Date.now() + 29 * day_ms)).archived).toBeUndefined()
  expect((await retain(engine, retention, Date.now() + 31 * day_ms)).archived?.entries).toBeGreaterThan(0)
  expect(readdirSync(folder).filter((name) => name !== sumsName)).toHaveLength(2)
})

test('archives that are too old go, with their sums; nothing else in the folder is touched', async () => {
  const { archived } = await retain(engine, retention, engine.now_ms + 31 * day_ms)
  await tell(engine, { text: 'The otter sleeps.' })
  const second = (await retain(engine, retention, Date.now() + 31 * day_ms)).archived
  writeFileSync(join(folder, 'letters.txt'), 'mine')
  age(archived!.name, 366)
  age('letters.txt', 9_999)
  expect(await retain(engine, { ...retention, keep_ms: undefined }, Date.now())).toMatchObject({ removed: [] })
  expect(await retain(engine, retention, Date.now())).toEqual({ archived: undefined, removed: [archived!.name] })
  expect(readdirSync(folder).sort()).toEqual([sumsName, second!.name, 'letters.txt'].sort())
  expect(readFileSync(join(folder, sumsName), 'utf8')).toBe(`${second!.sha256}  ${second!.name}\n`)
  age(second!.name, 400)
  await retain(engine, { ...retention, every_ms: 9_999 * day_ms }, Date.now())
  expect(readdirSync(folder)).toEqual(['letters.txt'])
})

test('a record that is older than its process is archived when that process begins', async () => {
  const store = ram()
  const first = await remembering(store)
  await tell(first, { text: 'A letter.' })
  const began_ms = first.now_ms
  await first.stop()
  const again = await remembering(store)
  expect((await retain(again, retention, began_ms + 31 * day_ms)).archived?.entries).toBeGreaterThan(0)
  await again.stop()
})

test('the config says how often and for how long, and too little of either is a mistake', () => {
  const problems = new ConfigProblems('/etc/promethean.yaml', undefined)
  expect(archiveFrom({ folder: 'old' }, '/etc', problems)).toEqual({
    folder: '/etc/old',
    every_ms: 30 * day_ms,
    keep_ms: undefined,
  })
  problems.refuse()
  archiveFrom({ folder: 'old', every: '1m', keep: '1h' }, '/etc', problems)
  expect(() => problems.refuse()).toThrow(/archive\.every[\s\S]*archive\.keep/)
})
