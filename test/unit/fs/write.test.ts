import { hash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openRoot } from '../../../adapters/fs/folder.ts'
import { readNote } from '../../../adapters/fs/read.ts'
import { splice, type WriteContext, writeNote } from '../../../adapters/fs/write.ts'
import type { FsWriteRequest } from '../../../systems/events.ts'
import { asNobody, codeOf, folder, Listener, put, whileSwapping } from './support.ts'

const sha = (bytes: string | Buffer) => hash('sha256', bytes)
const call = (signal = new AbortController().signal) => ({ effect_id: 7, attempt: 1, signal })

/** The request that replaces the first `cut_bytes` bytes of `before` by `head`. */
function requestOf(path: string, before: string | Buffer, cut_bytes: number, head: string): FsWriteRequest {
  const bytes = Buffer.from(before as string)
  const after = Buffer.concat([Buffer.from(head), bytes.subarray(cut_bytes)])
  return { path, before_hash: sha(bytes), after_hash: sha(after), cut_bytes, head }
}

function write(root: string, request: FsWriteRequest, more: Partial<WriteContext> = {}, signal?: AbortSignal) {
  const context = { root: openRoot(root), note_bytes_max: 1_048_576, log: new Listener().log, ...more }
  return writeNote(context, request, call(signal))
}

/** What lies in a folder beside its notes; a write must leave nothing there. */
const leftovers = (path: string) => readdirSync(path).filter((name) => name.startsWith('.'))

describe('writing a note', () => {
  it('replaces the head and keeps every other byte, the mode and the name', async () => {
    const root = folder()
    const before = '\uFEFF---\r\na: 1\r\n---\r\nBody\u0000 \u{1F980} without a last newline'
    const at = put(root, 'a/b.md', before)
    chmodSync(at, 0o640)
    const cut = Buffer.byteLength('\uFEFF---\r\na: 1\r\n---\r\n')
    const request = requestOf('a/b.md', before, cut, '\uFEFF---\r\na: 2\r\n---\r\n')
    const answer = await write(root, request)
    const after = readFileSync(at)
    expect(sha(after)).toBe(request.after_hash)
    expect(after.subarray(after.length - 20)).toEqual(Buffer.from(before).subarray(-20))
    expect(statSync(at).mode & 0o7777).toBe(0o640)
    const { hash: seenHash, size_bytes, modified_ms, changed_ms } = await readNote(openRoot(root), 'a/b.md', 4096)
    expect(answer).toEqual({ path: 'a/b.md', hash: seenHash, size_bytes, modified_ms, changed_ms, repeated: false })
    expect(leftovers(join(root, 'a'))).toEqual([])
  })

  it('does not repeat a write that has happened', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'old body')
    const request = requestOf('x.md', 'old body', 3, 'new')
    expect(await write(root, request)).toMatchObject({ repeated: false })
    const { ino } = statSync(at)
    expect(await write(root, request)).toMatchObject({ repeated: true, hash: request.after_hash })
    expect(statSync(at).ino).toBe(ino)
  })

  it('writes nothing over bytes it has not read', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'what the user typed meanwhile')
    await expect(write(root, requestOf('x.md', 'old', 3, 'new'))).rejects.toMatchObject({
      code: 'CHANGED',
      transient: false,
    })
    expect(readFileSync(at, 'utf8')).toBe('what the user typed meanwhile')
    expect(await codeOf(write(root, requestOf('gone.md', 'old', 3, 'new')))).toBe('GONE')
    expect(readdirSync(root)).toEqual(['x.md'])
  })

  it('refuses a request that does not add up', async () => {
    const root = folder()
    put(root, 'x.md', 'old')
    const request = requestOf('x.md', 'old', 3, 'new')
    expect(await codeOf(write(root, { ...request, cut_bytes: 4 }))).toBe('BAD_REQUEST')
    expect(await codeOf(write(root, { ...request, head: 'other' }))).toBe('BAD_REQUEST')
    expect(await codeOf(write(root, requestOf('x.md', 'old', 0, 'x'.repeat(64)), { note_bytes_max: 64 }))).toBe(
      'TOO_LARGE',
    )
    expect(await codeOf(write(root, { ...request, path: '../x.md' }))).toBe('OUTSIDE')
    put(root, 'latin.md', Buffer.from('caf\u00e9', 'latin1'))
    expect(await codeOf(write(root, { ...request, path: 'latin.md' }))).toBe('NOT_UTF8')
  })

  it('splices any bytes at any place', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(bytes, fc.nat(200), fc.string({ unit: 'grapheme' }), (current, cut, head) => {
        const before = Buffer.from(current)
        const cut_bytes = Math.min(cut, before.length)
        const headBytes = Buffer.from(head)
        const after = Buffer.concat([headBytes, before.subarray(cut_bytes)])
        const request = { path: 'x.md', before_hash: sha(before), after_hash: sha(after), cut_bytes, head }
        const next = splice(before, request, 10_000)
        expect(next.subarray(headBytes.length)).toEqual(before.subarray(cut_bytes))
        expect(next.subarray(0, headBytes.length)).toEqual(headBytes)
      }),
    )
  })

  it('respects a read-only file, even as root', async () => {
    const root = folder()
    chmodSync(put(root, 'x.md', 'old'), 0o444)
    expect(await codeOf(write(root, requestOf('x.md', 'old', 3, 'new')))).toBe('PERMISSION')
    expect(readFileSync(join(root, 'x.md'), 'utf8')).toBe('old')
  })

  it('says PERMISSION where the folder belongs to others', async () => {
    const root = folder()
    put(root, 'open/x.md', 'old')
    chmodSync(root, 0o755)
    chmodSync(join(root, 'open/x.md'), 0o666)
    chmodSync(join(root, 'open'), 0o555)
    await asNobody(async () => {
      expect(await codeOf(write(root, requestOf('open/x.md', 'old', 3, 'new')))).toBe('PERMISSION')
    })
    chmodSync(join(root, 'open'), 0o755)
    expect(readFileSync(join(root, 'open/x.md'), 'utf8')).toBe('old')
    expect(leftovers(join(root, 'open'))).toEqual([])
  })

  it.runIf(process.getuid?.() === 0)('keeps the owner', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'old')
    chownSync(at, 1234, 2345)
    await write(root, requestOf('x.md', 'old', 3, 'new'))
    expect(statSync(at)).toMatchObject({ uid: 1234, gid: 2345 })
  })

  it('leaves a hard link outside as it was, and says so', async () => {
    const root = folder()
    const outside = put(folder(), 'target', 'old')
    linkSync(outside, join(root, 'x.md'))
    const listener = new Listener()
    await write(root, requestOf('x.md', 'old', 3, 'new'), { log: listener.log })
    expect(readFileSync(outside, 'utf8')).toBe('old')
    expect(readFileSync(join(root, 'x.md'), 'utf8')).toBe('new')
    expect(listener.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { path: 'x.md', links: 2 } }),
    )
  })

  it('does not follow links', async () => {
    const root = folder()
    const outside = folder()
    put(outside, 'x.md', 'old')
    symlinkSync(join(outside, 'x.md'), join(root, 'link.md'))
    symlinkSync(outside, join(root, 'out'))
    expect(await codeOf(write(root, requestOf('link.md', 'old', 3, 'new')))).toBe('NOT_REGULAR')
    expect(await codeOf(write(root, requestOf('out/x.md', 'old', 3, 'new')))).toBe('OUTSIDE')
    expect(readFileSync(join(outside, 'x.md'), 'utf8')).toBe('old')
    expect(readdirSync(outside)).toEqual(['x.md'])
  })

  it('gives a file its place back that an editor put there between the last look and the rename', async () => {
    const root = folder()
    const at = put(root, 'a.md', 'old body\n')
    const looked = () => {
      put(root, 'save~', 'the new version of its author\n')
      renameSync(join(root, 'save~'), at)
    }
    expect(await codeOf(write(root, requestOf('a.md', 'old body\n', 0, '---\nt: 1\n---\n'), { looked }))).toBe(
      'CHANGED',
    )
    expect(readFileSync(at, 'utf8')).toBe('the new version of its author\n')
    expect(leftovers(root)).toEqual([])
  })

  it('does not make a note anew that was deleted after the last look', async () => {
    const root = folder()
    const at = put(root, 'a.md', 'old body\n')
    const looked = () => renameSync(at, join(root, 'elsewhere'))
    expect(await codeOf(write(root, requestOf('a.md', 'old body\n', 0, '---\nt: 1\n---\n'), { looked }))).toBe('GONE')
    expect(readdirSync(root)).toEqual(['elsewhere'])
  })

  it('keeps both when one editor writes into the old file and another into the new one', async () => {
    const root = folder()
    const at = put(root, 'a.md', 'old body\n')
    const open = openSync(at, 'a')
    const rename = (from: string, to: string) => {
      renameSync(from, to)
      writeSync(open, 'written through the old file\n')
      appendFileSync(at, 'written into the new file\n')
    }
    expect(await codeOf(write(root, requestOf('a.md', 'old body\n', 0, '---\nt: 1\n---\n'), { rename }))).toBe(
      'CHANGED',
    )
    closeSync(open)
    expect(readFileSync(at, 'utf8')).toBe('---\nt: 1\n---\nold body\nwritten into the new file\n')
    expect(readFileSync(`${at}.conflict`, 'utf8')).toBe('old body\nwritten through the old file\n')
    expect(leftovers(root)).toEqual([])
  })

  it('gives back what somebody wrote into the old file in the very moment of the rename', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'old body')
    const listener = new Listener()
    const rename = (from: string, to: string) => {
      appendFileSync(at, ' and a last word')
      renameSync(from, to)
    }
    const request = requestOf('x.md', 'old body', 3, 'new')
    expect(await codeOf(write(root, request, { rename, log: listener.log }))).toBe('CHANGED')
    expect(readFileSync(at, 'utf8')).toBe('old body and a last word')
    expect(readdirSync(root)).toEqual(['x.md'])
    expect(listener.lines.map(({ level }) => level)).toEqual(['warn'])
  })

  it('begins anew when the file was only touched, and stops when it never rests', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'old')
    let swept = 0
    const rename = (from: string, to: string) => {
      if (swept++ === 0) renameSync(from, join(root, 'swept'))
      renameSync(from, to)
    }
    expect(await write(root, requestOf('x.md', 'old', 3, 'new'), { rename })).toMatchObject({ repeated: false })
    expect(readFileSync(at, 'utf8')).toBe('new')
    const never = () => renameSync(join(root, 'nothing'), join(root, 'nowhere'))
    const endless = write(root, requestOf('x.md', 'new', 3, 'old'), { rename: never })
    await expect(endless).rejects.toMatchObject({ code: 'BUSY', transient: true })
    expect(leftovers(root)).toEqual([])
  })

  it('leaves the note alone when the disk is full, the device differs or the time is over', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'old')
    const request = requestOf('x.md', 'old', 3, 'new')
    const failing = (code: string) => () => {
      throw Object.assign(new Error(code), { code })
    }
    const full = write(root, request, { rename: failing('ENOSPC') })
    await expect(full).rejects.toMatchObject({ code: 'NO_SPACE', transient: true })
    expect(await codeOf(write(root, request, { rename: failing('EXDEV') }))).toBe('IO')
    expect(await codeOf(write(root, request, { rename: failing('EACCES') }))).toBe('PERMISSION')
    expect(await codeOf(write(root, request, {}, AbortSignal.abort()))).toBe('BUSY')
    expect(readFileSync(at, 'utf8')).toBe('old')
    expect(readdirSync(root)).toEqual(['x.md'])
  })

  it('serialises writes to one note: one wins, the others see it', async () => {
    const root = folder()
    put(root, 'x.md', 'old')
    const same = requestOf('x.md', 'old', 3, 'new')
    const answers = await Promise.all(Array.from({ length: 6 }, () => write(root, same)))
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1)
    const rivals = Array.from({ length: 6 }, (_, index) => requestOf('x.md', 'new', 3, `rival ${index}`))
    const codes = await Promise.all(rivals.map((rival) => codeOf(write(root, rival))))
    expect(codes.filter((code) => code === 'DONE')).toHaveLength(1)
    expect(codes.filter((code) => code === 'CHANGED')).toHaveLength(5)
    expect(leftovers(root)).toEqual([])
  })

  it('never writes outside while a folder is swapped for a link', async () => {
    const root = folder()
    const outside = folder()
    put(outside, 'x.md', 'round 0')
    put(root, 'sub/x.md', 'round 0')
    symlinkSync(outside, join(root, 'evil'))
    let current = 'round 0'
    await whileSwapping(root, async () => {
      for (let round = 1; round <= 1_000; round++) {
        const next = `round ${round}`
        const code = await codeOf(write(root, requestOf('sub/x.md', current, current.length, next)))
        expect(['DONE', 'OUTSIDE', 'GONE', 'BUSY']).toContain(code)
        if (code === 'DONE') current = next
      }
    })
    expect(readFileSync(join(outside, 'x.md'), 'utf8')).toBe('round 0')
    expect(readdirSync(outside)).toEqual(['x.md'])
    expect(readFileSync(join(root, 'sub/x.md'), 'utf8')).toBe(current)
    expect(leftovers(join(root, 'sub'))).toEqual([])
  })

  it('is safe beside a program that saves the same note again and again', async () => {
    const root = folder()
    const at = put(root, 'x.md', 'user 0')
    mkdirSync(join(root, 'drafts'))
    let typed = 0
    for (let round = 1; round <= 100; round++) {
      const before = readFileSync(at, 'utf8')
      const writing = codeOf(write(root, requestOf('x.md', before, 0, 'm')))
      if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
      typed = round
      writeFileSync(join(root, 'drafts/save'), `user ${round}`)
      renameSync(join(root, 'drafts/save'), at)
      expect(['DONE', 'CHANGED', 'BUSY']).toContain(await writing)
      expect(readFileSync(at, 'utf8')).toBe(`user ${typed}`)
    }
    expect(leftovers(root)).toEqual([])
  })
})
