import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { segments } from '../../stores/segments.ts'
import { decodeSegment, encodeSegment, InvertedIndex } from '../../systems/eidolon/text-index.ts'

let place: string
let folder: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'promethean-segments-'))
  folder = join(place, 'search')
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const bytes = (...parts: string[]): Uint8Array[] => parts.map((part) => new TextEncoder().encode(part))
const textOf = (found: Uint8Array): string => new TextDecoder().decode(found)

describe('A folder of index files', () => {
  test('keeps what was saved, chunk after chunk, for the owner alone', async () => {
    const files = segments(folder)
    expect(await files.open()).toEqual([])
    await files.save('text-1-9', bytes('one', '', 'two'))
    await files.save('text-10-20', bytes('three'))
    expect(await files.list()).toEqual(['text-1-9', 'text-10-20'])
    expect(textOf(await files.load('text-1-9'))).toBe('onetwo')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  })

  test('saves asked for at once do not mix, and the last of a name stays', async () => {
    const files = segments(folder)
    await files.open()
    await Promise.all(['a', 'b', 'c'].map((text) => files.save('text-1-9', bytes(text, text))))
    expect(textOf(await files.load('text-1-9'))).toBe('cc')
    expect(readdirSync(folder)).toHaveLength(1)
  })

  test('a save that fails leaves the file as it was, and the next one works', async () => {
    const files = segments(folder)
    await files.open()
    await files.save('text-1-9', bytes('old'))
    function* broken(): Generator<Uint8Array> {
      yield* bytes('new')
      throw new Error('no more')
    }
    await expect(files.save('text-1-9', broken())).rejects.toMatchObject({ code: 'STORE_IO' })
    expect(textOf(await files.load('text-1-9'))).toBe('old')
    expect(readdirSync(folder)).toHaveLength(1)
    await files.save('text-1-9', bytes('newer'))
    expect(textOf(await files.load('text-1-9'))).toBe('newer')
  })

  test('removes what is asked for, and does not mind what is gone', async () => {
    const files = segments(folder)
    await files.open()
    await files.save('text-1-9', bytes('one'))
    await files.remove('text-1-9')
    await files.remove('text-1-9')
    expect(await files.list()).toEqual([])
    await expect(files.load('text-1-9')).rejects.toMatchObject({ code: 'SEGMENT_DAMAGED' })
  })

  test('half-written files go, foreign ones stay and are said', async () => {
    const first = segments(folder)
    await first.open()
    await first.save('text-1-9', bytes('one'))
    writeFileSync(join(folder, 'text-10-20.segment.part'), 'half')
    writeFileSync(join(folder, 'shopping.txt'), 'milk')
    const again = segments(folder)
    const warnings = await again.open()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('shopping.txt')
    expect(readdirSync(folder).sort()).toEqual(['shopping.txt', 'text-1-9.segment'])
    expect(await again.list()).toEqual(['text-1-9'])
  })

  test.each(['', '../text', 'text/1', 'Text-1', 'text.1', 'a'.repeat(101)])('refuses the name %j', async (name) => {
    const files = segments(folder)
    await files.open()
    await expect(files.save(name, bytes('x'))).rejects.toMatchObject({ code: 'STORE_KEY' })
    await expect(files.load(name)).rejects.toMatchObject({ code: 'STORE_KEY' })
    await expect(files.remove(name)).rejects.toMatchObject({ code: 'STORE_KEY' })
  })

  test('an index comes back from its files, and without a damaged one goes back to where that began', async () => {
    const files = segments(folder)
    await files.open()
    const index = new InvertedIndex({ live_rows: 10 })
    for (let row = 1; row <= 35; row++) index.add(row, Uint32Array.of(row % 7, 9, row), 3)
    index.seal()
    for (const { name } of index.segments) await files.save(name, encodeSegment(index.segment(name)!))
    const load = async () => {
      const found = await Promise.allSettled(
        (await files.list()).map(async (name) => decodeSegment(await files.load(name))),
      )
      const again = new InvertedIndex({ live_rows: 10 })
      again.restore(found.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])))
      return again
    }
    const query = [
      { term: 9, weight: 1 },
      { term: 3, weight: 1 },
    ]
    expect((await load()).search(query, 12)).toEqual(index.search(query, 12))
    const third = join(folder, 'text-21-30.segment')
    writeFileSync(third, readFileSync(third).subarray(0, -9))
    const shorter = await load()
    expect(shorter.newest).toBe(20)
    for (let row = 21; row <= 35; row++) shorter.add(row, Uint32Array.of(row % 7, 9, row), 3)
    expect(shorter.search(query, 12)).toEqual(index.search(query, 12))
  })
})
