import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRoot } from '../../../adapters/fs/folder.ts'
import { byCodeUnits } from '../../../adapters/fs/paths.ts'
import { scan } from '../../../adapters/fs/scan.ts'
import { type FsOptions, fs } from '../../../adapters/fs.ts'
import { FsRead, FsWrite } from '../../../systems/events.ts'
import { asNobody, folder, Listener, put } from './support.ts'

type Page = { scan: number; complete: boolean; files: [string, number, number, number][] }

const pagesOf = (listener: Listener) =>
  listener.heard.filter(({ type }) => type === 'fs.scanned').map(({ payload }) => payload as unknown as Page)
const pathsOf = (listener: Listener) => pagesOf(listener).flatMap(({ files }) => files.map(([path]) => path))

/** Scans once, without watching, and ends. */
async function scanned(root: string, options: Partial<FsOptions> = {}, listener = new Listener()): Promise<Listener> {
  const adapter = fs({ root, watch: false, ...options })
  await adapter.start?.(listener)
  await adapter.scanned
  listener.abort()
  await adapter.stop?.()
  return listener
}

describe('the first scan', () => {
  it('refuses to start without a folder, and says what to do', async () => {
    const root = folder()
    const file = put(root, 'file', '')
    await expect(scanned(join(root, 'missing'))).rejects.toThrow(/missing cannot be opened: create it/)
    await expect(scanned(file)).rejects.toThrow(/is not a folder: name a folder/)
  })

  it('finds the notes and nothing else, in one order everywhere', async () => {
    const root = folder()
    const notes = [
      '-x.md',
      'B.md',
      'a.md',
      'a/deep/er/z.MD',
      'e\u0301.md',
      'new\nline.md',
      '\u00e9.md',
      '\u202Egnp.md',
      '\u{1F980}.md',
    ]
    for (const path of notes) put(root, path)
    const others = [
      '.hidden.md',
      '.git/x.md',
      'node_modules/x.md',
      'a/node_modules/p/x.md',
      '#x.md',
      'x.md~',
      'x.txt',
      '.#x.md',
    ]
    for (const path of others) put(root, path)
    const listener = await scanned(root)
    expect(pathsOf(listener)).toEqual(notes.toSorted(byCodeUnits))
    expect(pagesOf(listener).map(({ complete }) => complete)).toEqual([true])
    const [, size, modified, changed] = pagesOf(listener)[0]!.files[0]!
    expect(size).toBe(5)
    expect(Math.min(modified, changed)).toBeGreaterThan(0)
    expect(listener.changes()).toEqual([])
  })

  it('publishes a complete page for an empty folder, with a number that grows', async () => {
    const root = folder()
    const first = pagesOf(await scanned(root))
    const second = pagesOf(await scanned(root))
    expect(first).toEqual([{ scan: expect.any(Number), complete: true, files: [] }])
    expect(second[0]!.scan).toBeGreaterThan(first[0]!.scan)
    expect(second[0]!.scan).toBeLessThan(2 ** 32)
  })

  it('pages a large folder and waits for room', async () => {
    const root = folder()
    for (let index = 0; index < 1_100; index++) put(root, `${index % 7}/note ${index}.md`, '')
    const listener = new Listener()
    listener.full = true
    const adapter = fs({ root, watch: false })
    await adapter.start?.(listener)
    await new Promise((resolve) => setImmediate(resolve))
    expect(listener.heard).toEqual([])
    listener.open()
    await adapter.scanned
    const pages = pagesOf(listener)
    expect(pages.map(({ files }) => files.length)).toEqual([512, 512, 76])
    expect(pages.map(({ complete }) => complete)).toEqual([false, false, true])
    expect(new Set(pages.map((page) => page.scan)).size).toBe(1)
    expect(pathsOf(listener)).toEqual(pathsOf(listener).toSorted(byCodeUnits))
    await adapter.stop?.()
  })

  it('is not complete when the world refused a page', async () => {
    const root = folder()
    for (let index = 0; index < 600; index++) put(root, `note ${index}.md`, '')
    const listener = new Listener()
    let offered = 0
    const publish = listener.publish.bind(listener)
    listener.publish = (event) => offered++ > 0 && publish(event)
    listener.ingest = () => Promise.reject(new Error('refused'))
    await scanned(root, {}, listener)
    expect(pagesOf(listener).map(({ files, complete }) => [files.length, complete])).toEqual([[88, false]])
    expect(listener.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'an event was refused' }))
  })

  it('stops while it waits for room', async () => {
    const root = folder()
    put(root, 'x.md')
    const listener = new Listener()
    listener.full = true
    const adapter = fs({ root, watch: true })
    await adapter.start?.(listener)
    listener.abort()
    await adapter.stop?.()
    expect(listener.heard).toEqual([])
    expect(listener.lines).toEqual([])
  })

  it('skips what is only named like a note, with a reason', async () => {
    const root = folder()
    execFileSync(
      'mkfifo',
      ['a.md', 'b.md', 'c.md', 'd.md', 'e.md'].map((name) => join(root, name)),
    )
    const server = createServer().listen(join(root, 'socket.md'))
    symlinkSync(put(folder(), 'secret.md'), join(root, 'link.md'))
    symlinkSync('loop.md', join(root, 'loop.md'))
    put(root, 'folder.md/inside.md')
    truncateSync(put(root, 'large.md'), 65)
    put(root, 'back\\slash.md')
    put(root, 'fold\\er/x.md')
    put(root, '~home.md')
    put(root, 'note.md')
    const listener = await scanned(root, { note_bytes_max: 64 })
    server.close()
    const skipped = listener.heard.filter(({ type }) => type === 'fs.file.skipped').map(({ payload }) => payload)
    const codes = Object.fromEntries(skipped.map((payload) => [payload['path'], payload['code']]))
    expect(codes).toEqual({
      'a.md': 'NOT_REGULAR',
      'b.md': 'NOT_REGULAR',
      'c.md': 'NOT_REGULAR',
      'd.md': 'NOT_REGULAR',
      'e.md': 'NOT_REGULAR',
      'socket.md': 'NOT_REGULAR',
      'link.md': 'NOT_REGULAR',
      'loop.md': 'NOT_REGULAR',
      'folder.md': 'NOT_REGULAR',
      'large.md': 'TOO_LARGE',
      'back\\slash.md': 'BAD_NAME',
      'fold\\er': 'BAD_NAME',
      '~home.md': 'BAD_NAME',
    })
    expect(pathsOf(listener)).toEqual(['note.md'])
    expect(pagesOf(listener)[0]!.complete).toBe(true)
  })

  it('skips names that are not UTF-8', async () => {
    const root = folder()
    put(root, '\uFFFD real.md')
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe]), Buffer.from('.md')]), '')
    mkdirSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x80])]))
    const listener = await scanned(root)
    expect(pathsOf(listener)).toEqual(['\uFFFD real.md'])
    expect(listener.changes()).toEqual(['skipped \uFFFD', 'skipped \uFFFD\uFFFD.md'])
    expect(pagesOf(listener)[0]!.complete).toBe(true)
  })

  it('does not follow a folder that is a link, and survives one that contains itself', async () => {
    const root = folder()
    put(root, 'real/x.md')
    symlinkSync(root, join(root, 'real/again'))
    symlinkSync(folder(), join(root, 'out'))
    expect(pathsOf(await scanned(root))).toEqual(['real/x.md'])
  })

  it('never takes the notes of an unreadable folder for gone', async () => {
    const root = folder()
    chmodSync(root, 0o755)
    put(root, 'a.md')
    put(root, 'shut/x.md')
    put(root, 'z.md')
    chmodSync(join(root, 'shut'), process.getuid?.() === 0 ? 0o700 : 0)
    const listener = await asNobody(() => scanned(root))
    chmodSync(join(root, 'shut'), 0o700)
    expect(listener.changes()).toEqual(['skipped shut'])
    expect(pathsOf(listener)).toEqual(['a.md', 'z.md'])
    expect(pagesOf(listener).map(({ complete }) => complete)).toEqual([false])
  })

  it('is not complete when the root vanishes meanwhile', async () => {
    const path = join(folder(), 'notes')
    mkdirSync(path)
    const root = openRoot(path)
    rmSync(path, { recursive: true })
    const found = await scan(root, 64, new AbortController().signal)
    expect(found.complete).toBe(false)
    mkdirSync(path)
    put(path, 'x.md')
    rmSync(path, { recursive: true })
    expect((await scan(openRoot(folder()), 64, AbortSignal.abort())).complete).toBe(false)
  })

  it('sweeps what an interrupted write has left', async () => {
    const root = folder()
    put(root, 'a/.promethean-12-0123456789ab.tmp', 'half')
    put(root, 'a/.promethean-mine.tmp', 'not ours')
    put(root, 'a/x.md', 'whole')
    const listener = await scanned(root)
    expect(readdirSync(join(root, 'a')).sort()).toEqual(['.promethean-mine.tmp', 'x.md'])
    expect(pathsOf(listener)).toEqual(['a/x.md'])
  })
})

describe('the effects of the adapter', () => {
  it('read and write through the declared names, and wait for a folder that is away', async () => {
    const root = join(folder(), 'notes')
    put(root, 'x.md', 'old')
    const listener = new Listener()
    const adapter = fs({ root, watch: false })
    await adapter.start?.(listener)
    await adapter.scanned
    const call = { effect_id: 1, attempt: 1, signal: listener.signal }
    const before = await adapter.effects![FsRead.name]!({ path: 'x.md' }, call)
    expect(before).toMatchObject({ text: 'old' })
    const hash = before['hash'] as string
    const request = { path: 'x.md', before_hash: hash, after_hash: hash, cut_bytes: 0, head: '' }
    expect(await adapter.effects![FsWrite.name]!(request, call)).toMatchObject({ repeated: true, hash })
    await expect(adapter.effects![FsRead.name]!({ path: 'y.md' }, call)).rejects.toMatchObject({ code: 'GONE' })
    rmSync(root, { recursive: true })
    const away = { code: 'IO', transient: true, message: 'the notes folder is away' }
    await expect(adapter.effects![FsRead.name]!({ path: 'x.md' }, call)).rejects.toMatchObject(away)
    await expect(adapter.effects![FsWrite.name]!(request, call)).rejects.toMatchObject(away)
    await adapter.stop?.()
  })
})
