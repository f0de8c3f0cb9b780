import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { appendFileSync, chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openRoot } from '../../../adapters/fs/folder.ts'
import { invalidByteAt, readNote } from '../../../adapters/fs/read.ts'
import { asNobody, codeOf, folder, put, whileSwapping } from './support.ts'

const cap = 1_048_576
const read = (root: string, path: string, bytesMax = cap) => readNote(openRoot(root), path, bytesMax)

describe('reading a note', () => {
  it('answers with text, hash and status of the same bytes', async () => {
    const root = folder()
    const text = '\uFEFF---\r\ntitle: x\r\n---\r\nBödy \u{1F980}\u0000 no newline'
    put(root, 'a/b.md', text)
    linkSync(join(root, 'a/b.md'), join(root, 'twin'))
    const answer = await read(root, 'a/b.md')
    expect(answer).toMatchObject({ path: 'a/b.md', text, hash: hash('sha256', text), links: 2 })
    expect(answer.size_bytes).toBe(Buffer.byteLength(text))
    expect(Buffer.from(answer.text)).toEqual(Buffer.from(text))
    expect(answer.modified_ms).toBeGreaterThan(0)
    expect(answer.changed_ms).toBeGreaterThan(0)
  })

  it('reads every name a disk can hold', async () => {
    const root = folder()
    const names = [
      'new\nline.md',
      '-rf.md',
      '\u{1F980}.md',
      '\u202Egnp.md',
      '\u00e9.md',
      'e\u0301.md',
      `${'n'.repeat(252)}.md`,
    ]
    for (const name of names) put(root, name, name)
    for (const name of names) expect((await read(root, name)).text).toBe(name)
  })

  it('says GONE for what is not there', async () => {
    const root = folder()
    put(root, 'file', '')
    expect(await codeOf(read(root, 'no.md'))).toBe('GONE')
    expect(await codeOf(read(root, 'no/no.md'))).toBe('GONE')
    expect(await codeOf(read(root, 'file/no.md'))).toBe('GONE')
    expect(await codeOf(read(root, `${'n'.repeat(300)}.md`))).toBe('GONE')
  })

  it('never opens what is no regular file', async () => {
    const root = folder()
    const outside = put(folder(), 'secret.md', 'secret')
    symlinkSync(outside, join(root, 'link.md'))
    symlinkSync('loop.md', join(root, 'loop.md'))
    symlinkSync('nowhere', join(root, 'dangling.md'))
    mkdirSync(join(root, 'folder.md'))
    for (const name of ['link.md', 'loop.md', 'dangling.md', 'folder.md']) {
      expect(await codeOf(read(root, name)), name).toBe('NOT_REGULAR')
    }
  })

  it('is not held up by pipes', async () => {
    const root = folder()
    const names = Array.from({ length: 8 }, (_, index) => `pipe${index}.md`)
    execFileSync(
      'mkfifo',
      names.map((name) => join(root, name)),
    )
    put(root, 'note.md', 'free')
    const codes = await Promise.all(names.map((name) => codeOf(read(root, name))))
    expect(new Set(codes)).toEqual(new Set(['NOT_REGULAR']))
    expect((await read(root, 'note.md')).text).toBe('free')
  })

  it('refuses a folder that is a link, wherever it leads', async () => {
    const root = folder()
    const outside = folder()
    put(outside, 'x.md', 'secret')
    put(root, 'real/x.md', 'mine')
    symlinkSync(outside, join(root, 'out'))
    symlinkSync('real', join(root, 'in'))
    expect(await codeOf(read(root, 'out/x.md'))).toBe('OUTSIDE')
    expect(await codeOf(read(root, 'in/x.md'))).toBe('OUTSIDE')
  })

  it('bounds what it reads, whatever the size claims', async () => {
    const root = folder()
    truncateSync(put(root, 'sparse.md', ''), 10 * 2 ** 30)
    put(root, 'exact.md', 'x'.repeat(64))
    put(root, 'over.md', 'x'.repeat(65))
    expect(await codeOf(read(root, 'sparse.md'))).toBe('TOO_LARGE')
    expect((await read(root, 'exact.md', 64)).size_bytes).toBe(64)
    expect(await codeOf(read(root, 'over.md', 64))).toBe('TOO_LARGE')
  })

  it('answers whole states of a file that grows, or says that it is busy', async () => {
    const root = folder()
    const at = put(root, 'grow.md', 'line\n')
    let growing = true
    const grow = (async () => {
      while (growing) {
        appendFileSync(at, 'line\n')
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    for (let round = 0; round < 50; round++) {
      try {
        const answer = await read(root, 'grow.md')
        expect(answer.text.length).toBe(answer.size_bytes)
        expect(answer.text.length % 5).toBe(0)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'BUSY', transient: true })
      }
    }
    growing = false
    await grow
  })

  it('names the byte that is not UTF-8', async () => {
    const root = folder()
    put(root, 'latin.md', Buffer.from('caf\u00e9 au lait', 'latin1'))
    put(root, 'utf16.md', Buffer.from('\uFEFFabc', 'utf16le'))
    put(root, 'cut.md', Buffer.from('abc\u{1F980}').subarray(0, 5))
    await expect(read(root, 'latin.md')).rejects.toMatchObject({
      code: 'NOT_UTF8',
      message: expect.stringMatching(/byte 3 /),
    })
    await expect(read(root, 'utf16.md')).rejects.toMatchObject({
      code: 'NOT_UTF8',
      message: expect.stringMatching(/byte 0 /),
    })
    await expect(read(root, 'cut.md')).rejects.toMatchObject({
      code: 'NOT_UTF8',
      message: expect.stringMatching(/byte 3 /),
    })
  })

  it('finds the first invalid byte also behind real replacement characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(0xff, 0x80, 0xc0), (text, byte) => {
        const valid = Buffer.from(`\uFFFD${text.toWellFormed()}\uFFFD`)
        expect(invalidByteAt(valid)).toBe(valid.length)
        expect(invalidByteAt(Buffer.concat([valid, Buffer.from([byte]), valid]))).toBe(valid.length)
      }),
    )
  })

  it('says PERMISSION for what it may not read', async () => {
    const root = folder()
    chmodSync(root, 0o755)
    chmodSync(put(root, 'mine.md'), 0o600)
    put(root, 'shut/x.md')
    chmodSync(join(root, 'shut'), 0o700)
    if (process.getuid?.() !== 0) chmodSync(join(root, 'mine.md'), 0)
    if (process.getuid?.() !== 0) chmodSync(join(root, 'shut'), 0)
    await asNobody(async () => {
      expect(await codeOf(read(root, 'mine.md'))).toBe('PERMISSION')
      expect(await codeOf(read(root, 'shut/x.md'))).toBe('PERMISSION')
    })
    chmodSync(join(root, 'shut'), 0o700)
  })

  it('never reads outside while a folder is swapped for a link', async () => {
    const root = folder()
    const outside = folder()
    put(outside, 'x.md', 'secret')
    put(root, 'sub/x.md', 'mine')
    symlinkSync(outside, join(root, 'evil'))
    const seen = new Set<string>()
    await whileSwapping(root, async () => {
      for (let round = 0; round < 3_000; round++) {
        try {
          seen.add((await read(root, 'sub/x.md')).text)
        } catch (thrown) {
          seen.add((thrown as { code: string }).code)
        }
      }
    })
    expect([...seen]).not.toContain('secret')
    expect(
      [...seen].every((outcome) => ['mine', 'OUTSIDE', 'GONE'].includes(outcome)),
      [...seen].join(),
    ).toBe(true)
    rmSync(join(root, 'evil'))
    expect((await read(root, 'sub/x.md')).text).toBe('mine')
  })
})
