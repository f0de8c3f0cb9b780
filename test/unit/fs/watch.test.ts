import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type FsAdapter, type FsOptions, fs } from '../../../adapters/fs.ts'
import { FsWrite } from '../../../systems/events.ts'
import { folder, Listener, put } from './support.ts'

const running: { adapter: FsAdapter; listener: Listener }[] = []
afterEach(async () => {
  for (const { adapter, listener } of running.splice(0)) {
    listener.abort()
    await adapter.stop?.()
  }
})

/** An adapter that watches a folder and has compared it once. */
async function watching(root: string, options: Partial<FsOptions> = {}): Promise<Listener> {
  const listener = new Listener()
  const adapter = fs({ root, watch: true, settle_ms: 60, ...options })
  running.push({ adapter, listener })
  await adapter.start?.(listener)
  await adapter.watching
  return listener
}

/** Everything that was reported before a last note, which is written now: what has not come by then never will. */
async function changesUntilNow(root: string, listener: Listener): Promise<string[]> {
  await sleep(150)
  put(root, 'zz last.md')
  await listener.until('created zz last.md')
  return listener.changes().filter((change) => change !== 'created zz last.md')
}

describe('watching', () => {
  it('reports what is created, changed and deleted, once', async () => {
    const root = folder()
    put(root, 'old.md')
    const listener = await watching(root)
    put(root, 'new.md')
    put(root, 'deep/er/new.md')
    await listener.until('created new.md')
    await listener.until('created deep/er/new.md')
    appendFileSync(join(root, 'old.md'), 'more')
    await listener.until('changed old.md')
    unlinkSync(join(root, 'new.md'))
    await listener.until('deleted new.md')
    const expected = ['created deep/er/new.md', 'created new.md', 'changed old.md', 'deleted new.md']
    expect((await changesUntilNow(root, listener)).sort()).toEqual(expected.sort())
  })

  it('takes a slow write of ten chunks for one change, with the final size', async () => {
    const root = folder()
    const at = put(root, 'x.md', '')
    const listener = await watching(root, { settle_ms: 120 })
    for (let chunk = 0; chunk < 10; chunk++) {
      appendFileSync(at, '0123456789')
      await sleep(30)
    }
    await listener.until('changed x.md')
    expect(await changesUntilNow(root, listener)).toEqual(['changed x.md'])
    expect(listener.heard.find(({ type }) => type === 'fs.file.changed')?.payload).toMatchObject({ size_bytes: 100 })
  })

  it('sees an atomic save as one change, again and again', async () => {
    const root = folder()
    put(root, 'x.md', 'one')
    const listener = await watching(root)
    for (const text of ['two', 'three', 'four']) {
      const count = listener.changes().length
      put(root, '.x.md.tmp', text)
      renameSync(join(root, '.x.md.tmp'), join(root, 'x.md'))
      while (listener.changes().length === count) await sleep(10)
    }
    expect(await changesUntilNow(root, listener)).toEqual(['changed x.md', 'changed x.md', 'changed x.md'])
  })

  it('is silent about the temporary files of editors', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'one')
    const listener = await watching(root)
    // As vim saves: a probe, the old file aside, a new one in its place.
    put(root, '4913', '')
    unlinkSync(join(root, '4913'))
    put(root, '.x.md.swp', 'swap')
    renameSync(at, join(root, 'x.md~'))
    put(root, 'x.md', 'two')
    // As Emacs, JetBrains, sed and the file synchronisers do around a save.
    symlinkSync('user@host.1', join(root, '.#x.md'))
    put(root, '#x.md#', 'autosave')
    put(root, 'x.md___jb_tmp___', 'tmp')
    put(root, 'sedAbCdEf', 'tmp')
    put(root, '.syncthing.x.md.tmp', 'tmp')
    put(root, '~syncthing~x.md.tmp', 'tmp')
    await listener.until('changed x.md')
    unlinkSync(join(root, 'x.md~'))
    expect(await changesUntilNow(root, listener)).toEqual(['changed x.md'])
  })

  it('says nothing when only the look of a change happened', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'one')
    const listener = await watching(root)
    put(root, 'brief.md')
    unlinkSync(join(root, 'brief.md'))
    put(root, '.git/x.md')
    put(root, 'node_modules/p/x.md')
    put(root, 'x.txt')
    renameSync(at, join(root, 'y.md'))
    renameSync(join(root, 'y.md'), at)
    const changes = await changesUntilNow(root, listener)
    expect(changes.filter((change) => change !== 'changed x.md')).toEqual([])
  })

  it('reports a rename as one note less and one more', async () => {
    const root = folder()
    put(root, 'a.md')
    put(root, 'sub/b.md')
    const listener = await watching(root)
    renameSync(join(root, 'a.md'), join(root, 'z.md'))
    renameSync(join(root, 'sub'), join(root, 'moved'))
    for (const change of ['deleted a.md', 'created z.md', 'deleted sub/b.md', 'created moved/b.md'])
      await listener.until(change)
    expect(await changesUntilNow(root, listener)).toHaveLength(4)
  })

  it('loses nothing in a storm, and sorts it', async () => {
    const root = folder()
    const source = folder()
    const paths = Array.from({ length: 300 }, (_, index) => `d${index % 20}/n${index}.md`)
    for (const path of paths) put(source, path)
    const listener = await watching(root, { settle_ms: 300 })
    cpSync(source, root, { recursive: true })
    for (const path of paths) await listener.until(`created ${path}`)
    for (let entry = 0; entry < 20; entry++) rmSync(join(root, `d${entry}`), { recursive: true })
    for (const path of paths) await listener.until(`deleted ${path}`)
    expect(listener.changes()).toHaveLength(600)
  })

  it('skips what turns into no note, once, and welcomes it back', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'one')
    const outside = put(folder(), 'secret.md')
    const listener = await watching(root, { note_bytes_max: 64 })
    unlinkSync(at)
    symlinkSync(outside, at)
    await listener.until('skipped x.md')
    unlinkSync(at)
    put(root, 'x.md', 'a note again')
    await listener.until('created x.md')
    execFileSync('mkfifo', [join(root, 'pipe.md')])
    mkdirSync(join(root, 'folder.md'))
    truncateSync(put(root, 'large.md', ''), 100)
    for (const name of ['pipe.md', 'folder.md', 'large.md']) await listener.until(`skipped ${name}`)
    put(root, 'folder.md/x.md')
    chmodSync(join(root, 'pipe.md'), 0o600)
    const changes = await changesUntilNow(root, listener)
    expect(changes).toHaveLength(5)
  })

  it('takes a folder that became a link for gone', async () => {
    const root = folder()
    const outside = folder()
    put(root, 'sub/x.md')
    put(outside, 'x.md')
    const listener = await watching(root, { rescan_ms: 300 })
    rmSync(join(root, 'sub'), { recursive: true })
    symlinkSync(outside, join(root, 'sub'))
    await listener.until('deleted sub/x.md')
    appendFileSync(join(outside, 'x.md'), 'more')
    expect(await changesUntilNow(root, listener)).toEqual(['deleted sub/x.md'])
  })

  it('keeps what the world has no room for, and reports the last state', async () => {
    const root = folder()
    put(root, 'gone.md')
    const listener = await watching(root)
    listener.full = true
    put(root, 'a.md', '1')
    unlinkSync(join(root, 'gone.md'))
    await sleep(300)
    put(root, 'b.md', '1')
    put(root, 'gone.md', 'back')
    await sleep(200)
    expect(listener.changes()).toEqual([])
    listener.open()
    await listener.until('created a.md')
    await listener.until('created b.md')
    const changes = await changesUntilNow(root, listener)
    expect(changes.filter((change) => change !== 'changed gone.md')).toEqual(['created a.md', 'created b.md'])
  })

  it('does not take a root that is away for deletions, and compares when it is back', async () => {
    const root = join(folder(), 'notes')
    put(root, 'kept.md')
    put(root, 'lost.md')
    const listener = await watching(root)
    renameSync(root, `${root}-aside`)
    await listener.untilLogged('nothing is reported until it is back')
    mkdirSync(root)
    await sleep(1_200)
    expect(listener.changes()).toEqual([])
    rmSync(root, { recursive: true })
    unlinkSync(join(`${root}-aside`, 'lost.md'))
    put(`${root}-aside`, 'new.md')
    renameSync(`${root}-aside`, root)
    await listener.until('deleted lost.md')
    await listener.until('created new.md')
    put(root, 'later.md')
    await listener.until('created later.md')
    expect(listener.changes().toSorted()).toEqual(['created later.md', 'created new.md', 'deleted lost.md'])
  })

  it('reports its own write with the very status that the answer gave', async () => {
    const root = folder()
    put(root, 'x.md', 'old')
    const listener = await watching(root)
    const { effects } = running.at(-1)!.adapter
    const call = { effect_id: 1, attempt: 1, signal: listener.signal }
    const sha = (text: string) => hash('sha256', text)
    const request = { path: 'x.md', before_hash: sha('old'), after_hash: sha('new'), cut_bytes: 3, head: 'new' }
    const answer = await effects![FsWrite.name]!(request, call)
    await listener.until('changed x.md')
    expect(await changesUntilNow(root, listener)).toEqual(['changed x.md'])
    expect(answer).toMatchObject(listener.heard.find(({ type }) => type === 'fs.file.changed')!.payload)
  })

  it('reports a save that keeps size and time', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'one')
    utimesSync(at, 1_000, 1_000)
    const listener = await watching(root)
    writeFileSync(at, 'two')
    utimesSync(at, 1_000, 1_000)
    await listener.until('changed x.md')
  })
})
