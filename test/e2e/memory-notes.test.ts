import { mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fs } from '../../adapters/fs.ts'
import { offline } from '../../adapters/offline.ts'
import { search } from '../../adapters/search.ts'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { recall } from '../../systems/recall.ts'
import { alive, found, gauge, remembering } from '../support/memory.ts'

/** A note that meets its contract is found, in the same run; what becomes of the file becomes of its memory. */

let root: string
let engine: Engine
beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'promethean-remembered-')))
  const adapters = [fs({ root, watch: true, settle_ms: 20, rescan_ms: 500 }), offline(), search()]
  engine = await remembering(ram(), { adapters })
  engine.publish({ type: 'config.set', payload: { policy: { write: true } } })
})
afterEach(async () => {
  await engine.stop()
  rmSync(root, { recursive: true, force: true })
})

const write = (path: string, text: string): void => writeFileSync(join(root, path), text)

/** Ticks until recall answers so; world time goes on by a tick each time. */
async function until(query: string, ids: readonly string[]): Promise<void> {
  const patience = performance.now() + 20_000
  while (found(engine, query).join() !== ids.join() && performance.now() < patience) {
    await engine.step()
    await pause(5)
  }
  expect(found(engine, query)).toEqual(ids)
}

test('a note is found as soon as it is in order, is replaced by its edit, follows its file, and goes with it', async () => {
  write('compost.md', 'The compost heap must be turned in March, when the hedgehogs are awake.\n')
  await until('when is the compost heap turned?', ['compost.md'])
  expect(readFileSync(join(root, 'compost.md'), 'utf8'), 'it was brought in order first').toMatch(/^---\ntitle: /)
  expect(recall(engine, 'hedgehogs').hits[0]).toMatchObject({ kind: 'note', text: expect.stringContaining('in March') })

  const text = readFileSync(join(root, 'compost.md'), 'utf8').replaceAll('hedgehogs', 'salamanders')
  write('compost.md', text)
  await until('salamanders', ['compost.md'])
  expect(found(engine, 'hedgehogs')).toEqual([])
  expect(gauge(engine, 'memories')).toBe(1)

  renameSync(join(root, 'compost.md'), join(root, 'heap.md'))
  await until('salamanders', ['heap.md'])
  expect(alive(engine)).toHaveLength(1)

  rmSync(join(root, 'heap.md'))
  await until('salamanders', [])
  expect(gauge(engine, 'memories')).toBe(0)
  expect((await engine.replay()).identical).toBe(true)
})

test('a note that cannot be brought in order is no memory until it is mended', async () => {
  write('broken.md', '---\ntitle: [unclosed\n---\nThe salamanders sleep.\n')
  write('fine.md', 'The hedgehogs sleep.\n')
  await until('who sleeps: the hedgehogs?', ['fine.md'])
  expect(found(engine, 'salamanders')).toEqual([])
  write('broken.md', 'The salamanders sleep.\n')
  await until('salamanders', ['broken.md'])
})
