import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { search } from '../../adapters/search.ts'
import type { Engine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { segments } from '../../stores/segments.ts'
import { recall } from '../../systems/recall.ts'
import { type Line, line, noon_ms, remembering, tell } from '../support/memory.ts'

/** The indexes are projections of the record: whatever becomes of their files, recall finds the same. */

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'promethean-projections-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const things = 'heron otter mill bridge pond reed valve pump bed seed frost bee'.split(' ')
const questions = [
  'heron by the mill',
  'who mended the pump?',
  'frost and seed',
  'bridge reed otter',
  'Ada Lovelace',
  'pond 7',
]

function lines(of: string): Line[] {
  return Array.from({ length: 120 }, (_, n) => {
    const [a, b, c] = [n + of.length, n * of.length + 2, n * 7 + 3].map((at) => things[at % things.length])
    const text = `The ${a} of ${of} ${n % 9} stood between the ${b} and the ${c}; Ada Lovelace saw it${n % 4 === 0 ? ' and mended it' : ''}.`
    return {
      text,
      id: `${of}-${n}`,
      thread: `talk ${n % 7}`,
      author: n % 3 === 0 ? 'Ada' : 'Ben',
      ts: noon_ms + n * 60_000,
    }
  })
}

const folderOf = (name: string): string => join(place, name, 'search')

/** One life of the mind over its folder, with its indexes in files. */
async function living<T>(name: string, live: (engine: Engine) => Promise<T>): Promise<T> {
  const lanes = search({ files: segments(folderOf(name)) })
  const engine = await remembering(lmdb(join(place, name)), { adapters: [lanes] })
  try {
    await lanes.complete()
    return await live(engine)
  } finally {
    await engine.stop()
  }
}

/** What recall says, scores and all. */
async function answers(engine: Engine): Promise<object[]> {
  return questions.map((question) =>
    recall(engine, question, { hits_max: 20 }).hits.map(({ id, score, path }) => ({ id, score, path })),
  )
}

async function filled(name: string, of: string): Promise<object[]> {
  return await living(name, async (engine) => {
    for (const each of lines(of)) engine.publish(line(each))
    await tell(engine)
    return await answers(engine)
  })
}

const files = (name: string): string[] => readdirSync(folderOf(name)).map((file) => join(folderOf(name), file))

function damaged(damage: (file: string) => void): void {
  for (const file of files('a')) damage(file)
}

test.each<[string, () => Promise<void> | void]>([
  ['as they were left', () => {}],
  ['removed, folder and all', () => rmSync(folderOf('a'), { recursive: true })],
  ['truncated to half', () => damaged((file) => truncateSync(file, readFileSync(file).length >> 1))],
  ['truncated to nothing', () => damaged((file) => truncateSync(file, 0))],
  ['with one byte more', () => damaged((file) => writeFileSync(file, '!', { flag: 'a' }))],
  ['full of noise', () => damaged((file) => writeFileSync(file, Buffer.alloc(4_000, 0x5a)))],
  [
    'named as if they held other rows',
    () => damaged((file) => writeFileSync(file.replace(/\d+(?=\D*$)/, '9999'), readFileSync(file))),
  ],
  [
    'of a longer record',
    async () => {
      await filled('b', 'marsh')
      await living('b', async (engine) => tell(engine, ...lines('fen')))
      for (const file of files('a')) rmSync(file)
      for (const file of files('b')) writeFileSync(file.replace(folderOf('b'), folderOf('a')), readFileSync(file))
    },
  ],
  [
    'of another record of the same length',
    async () => {
      await filled('b', 'marsh')
      for (const file of files('a')) rmSync(file)
      for (const file of files('b')) writeFileSync(file.replace(folderOf('b'), folderOf('a')), readFileSync(file))
    },
  ],
])('index files %s: the same hits with the same scores', async (_what, damage) => {
  const before = await filled('a', 'mere')
  expect(before.flat().length).toBeGreaterThan(40)
  expect(files('a').length).toBeGreaterThan(0)
  await damage()
  expect(await living('a', answers)).toEqual(before)
  expect(await living('a', answers), 'and again from the files made anew').toEqual(before)
})

test('index files with any one bit flipped: the same hits, at every place that was tried', async () => {
  const before = await filled('a', 'mere')
  const [file] = files('a')
  const whole = readFileSync(file!)
  for (let n = 0; n < 12; n++) {
    const bytes = Buffer.from(whole)
    const at = Math.floor(((n + 0.5) / 12) * bytes.length)
    bytes[at]! ^= 1 << (n % 8)
    for (const each of files('a')) rmSync(each)
    writeFileSync(file!, bytes)
    expect(await living('a', answers), `byte ${at}`).toEqual(before)
  }
})

test('an index that lies behind the record catches up after a crash', async () => {
  await filled('a', 'mere')
  const early = files('a').map((file) => [file, readFileSync(file)] as const)
  const later = await living('a', async (engine) => {
    await tell(engine, ...lines('fen'))
    return await answers(engine)
  })
  for (const file of files('a')) rmSync(file)
  for (const [file, bytes] of early) writeFileSync(file, bytes)
  expect(await living('a', answers)).toEqual(later)
})
