import { createHash } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { notesPort } from '../../adapters/fs/port.ts'
import { meetsGlob } from '../../adapters/tools/glob.ts'
import { allTools, type NotesPort } from '../../adapters/tools.ts'
import { type Bench, bench, cleared } from '../support/tools.ts'

let home = ''
let root = ''
let at: Bench

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tools-notes-')))
  root = join(home, 'notes')
  mkdirSync(root)
  at = await bench(allTools({ notes: notesPort(root) }))
})
afterEach(async () => {
  await cleared()
  rmSync(home, { recursive: true, force: true })
})

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const write = (path: string, text: string, expected_hash?: string) =>
  at.call('notes.write', { path, text, ...(expected_hash === undefined ? {} : { expected_hash }) })

test('a new note is made once, with its folders, and leaves nothing else behind', async () => {
  const made = { path: 'a/b/new.md', hash: hashOf('# New\n'), created: true }
  expect(await at.json('notes.write', { path: 'a/b/new.md', text: '# New\n' })).toEqual(made)
  expect(readFileSync(join(root, 'a/b/new.md'), 'utf8')).toBe('# New\n')
  expect(readdirSync(join(root, 'a/b'))).toEqual(['new.md'])
  // The same write again, as after a lost answer, is done already; another text is refused.
  expect(await at.json('notes.write', { path: 'a/b/new.md', text: '# New\n' })).toEqual({ ...made, created: false })
  expect(await write('a/b/new.md', 'other')).toMatch(/^EXISTS/)
  expect(readFileSync(join(root, 'a/b/new.md'), 'utf8')).toBe('# New\n')
})

test.each(['a\nb.md', 'a\u001b[31mb.md', 'a\u202eb.md', 'a\u200bb.md', 'a\u{e0065}b.md', 'x\u2028/b.md'])(
  'a name that does not print makes no note: %j',
  async (path) => {
    expect(await write(path, '# New\n')).toMatch(/^(NOTE_NAME|TOOL_ARGUMENTS)/)
    const { signal } = new AbortController()
    await expect(notesPort(root).write(path, '# New\n', signal)).rejects.toMatchObject({ code: 'NOTE_NAME' })
    expect(readdirSync(root)).toEqual([])
  },
)

test('a note is replaced only when it is the one that was read', async () => {
  writeFileSync(join(root, 'n.md'), 'old')
  const { hash } = await at.json('notes.read', { path: 'n.md' })
  expect(await write('n.md', 'new', hashOf('something else'))).toMatch(/^CHANGED/)
  expect(readFileSync(join(root, 'n.md'), 'utf8')).toBe('old')
  expect(await write('n.md', 'new', String(hash))).toMatchObject({ failed: false })
  expect(await write('n.md', 'new', String(hash))).toMatchObject({ failed: false })
  expect(readFileSync(join(root, 'n.md'), 'utf8')).toBe('new')
  expect(await write('absent.md', 'new', String(hash))).toMatch(/^GONE/)
})

test.each([
  '../x.md',
  'a/../../x.md',
  '/etc/x.md',
  '%2e%2e/x.md',
  '~/x.md',
  'a\\b.md',
  'C:/x.md',
  'a//x.md',
  '.git/x.md',
  'a/.hidden.md',
  'node_modules/x.md',
  'x.txt',
  'x.yaml',
])('the path %s is refused before anything is touched', async (path) => {
  expect(await write(path, 'x')).toMatch(/^OUTSIDE/)
  expect(await at.call('notes.read', { path })).toMatch(/^OUTSIDE/)
  expect(readdirSync(home)).toEqual(['notes'])
  expect(readdirSync(root)).toEqual([])
})

test('a NUL in a path or a text is refused', async () => {
  expect(await write('a\0b.md', 'x')).toMatch(/^TOOL_ARGUMENTS/)
  expect(await write('n.md', 'x\0')).toMatchObject({ failed: true })
  expect(readdirSync(root)).toEqual([])
})

test('links are neither read nor written through, nor is a twin of the root', async () => {
  const outside = join(home, 'notes-evil')
  mkdirSync(outside)
  writeFileSync(join(outside, 'secret.md'), 'secret')
  symlinkSync(outside, join(root, 'folder'))
  symlinkSync(join(outside, 'secret.md'), join(root, 'file.md'))
  symlinkSync(join(outside, 'dangling.md'), join(root, 'dangling.md'))
  symlinkSync('loop.md', join(root, 'loop.md'))
  for (const path of ['folder/secret.md', 'file.md', 'dangling.md', 'loop.md']) {
    expect(await at.call('notes.read', { path })).toMatch(/^(OUTSIDE|NOT_REGULAR)/)
    expect(await write(path, 'evil')).toMatch(/^(OUTSIDE|NOT_REGULAR)/)
    expect(await write(path, 'evil', hashOf('secret'))).toMatch(/^(OUTSIDE|NOT_REGULAR)/)
  }
  expect(await write('folder/deep/new.md', 'evil')).toMatch(/^OUTSIDE/)
  expect(await write('../notes-evil/secret.md', 'evil')).toMatch(/^OUTSIDE/)
  expect(readdirSync(outside)).toEqual(['secret.md'])
  expect(readFileSync(join(outside, 'secret.md'), 'utf8')).toBe('secret')
  expect(await at.json('notes.list', {})).toMatchObject({ count: 0 })
})

test('a hard link to a file outside keeps its bytes outside', async () => {
  const outside = join(home, 'outside.md')
  writeFileSync(outside, 'outside')
  linkSync(outside, join(root, 'hard.md'))
  expect(await write('hard.md', 'mine', hashOf('outside'))).toMatchObject({ failed: false })
  expect(readFileSync(outside, 'utf8')).toBe('outside')
  expect(readFileSync(join(root, 'hard.md'), 'utf8')).toBe('mine')
})

test('a folder that becomes a link while notes are written never leads outside', async () => {
  const outside = join(home, 'outside')
  mkdirSync(outside)
  for (let round = 0; round < 40; round++) {
    rmSync(join(root, 'swap'), { recursive: true, force: true })
    mkdirSync(join(root, 'swap'))
    const writing = write('swap/deep/n.md', `round ${round}`)
    rmSync(join(root, 'swap'), { recursive: true, force: true })
    symlinkSync(outside, join(root, 'swap'))
    await writing
    expect(readdirSync(outside)).toEqual([])
  }
})

test('odd names are written and listed as they are', async () => {
  const made = ['-rf.md', '🦆.md', 'é.md', 'e\u0301.md', `${'x'.repeat(252)}.md`]
  for (const path of made) expect(await write(path, path)).toMatchObject({ failed: false })
  // No tool makes these, but they may be there.
  const others = ['a\nb.md', '\u202egnp.md']
  for (const path of others) writeFileSync(join(root, path), path)
  const names = [...made, ...others]
  const { notes } = (await at.json('notes.list', {})) as { notes: { path: string }[] }
  expect(notes.map(({ path }) => path)).toEqual([...names].sort())
  expect(await write(`${'x'.repeat(253)}.md`, 'x')).toMatch(/^GONE/)
})

test('notes are listed by folder and glob, a hundred a page', async () => {
  mkdirSync(join(root, 'p'))
  for (let n = 0; n < 120; n++) writeFileSync(join(root, `p/${String(n).padStart(3, '0')}.md`), 'x')
  writeFileSync(join(root, 'other.md'), 'x')
  expect(await at.json('notes.list', { folder: 'p' })).toMatchObject({ count: 120, pages: 2, page: 1, complete: true })
  const second = await at.json('notes.list', { folder: 'p/', page: 2 })
  expect(second['notes']).toHaveLength(20)
  expect(await at.json('notes.list', { glob: '**/00?.md' })).toMatchObject({ count: 10 })
  expect(await at.json('notes.list', { folder: '../..' })).toMatchObject({ count: 0 })
})

test('a glob takes time in the product of the lengths, whatever it holds', () => {
  expect(meetsGlob('a/b/c.md', '**/c.md')).toBe(true)
  expect(meetsGlob('c.md', '**/c.md')).toBe(true)
  expect(meetsGlob('a/b/c.md', 'a/*.md')).toBe(false)
  expect(meetsGlob('a/c.md', 'a/*.m?')).toBe(true)
  expect(meetsGlob(`${'a'.repeat(4_000)}b`, '*a'.repeat(128))).toBe(false)
  expect(meetsGlob('a/'.repeat(2_000), '**/a/'.repeat(50))).toBe(true)
})

test('a note that does not meet its contract is refused with what is wrong, and not written', async () => {
  const check = (path: string, text: string) => (text.includes('title:') ? [] : [`${path} has no title`])
  at = await bench(allTools({ notes: notesPort(root, { check }) }))
  expect(await write('n.md', 'x')).toMatchObject({ failed: true, text: expect.stringContaining('n.md has no title') })
  expect(existsSync(join(root, 'n.md'))).toBe(false)
  expect(await write('n.md', '---\ntitle: x\n---\n')).toMatchObject({ failed: false })
})

test('a write that claims success and did nothing is not done', async () => {
  const port = notesPort(root)
  const liar: NotesPort = { ...port, write: async () => ({ created: true }) }
  at = await bench(allTools({ notes: liar }))
  expect(await write('n.md', 'x')).toMatch(/^GONE/)
  writeFileSync(join(root, 'n.md'), 'y')
  expect(await write('n.md', 'x')).toMatch(/^TOOL_UNVERIFIED/)
})

test('a note that is too large to be read again is not written, and a long one is read page by page', async () => {
  at = await bench(allTools({ notes: notesPort(root, { note_bytes_max: 120_000 }) }))
  expect(await write('big.md', 'ü'.repeat(70_000))).toMatch(/^TOO_LARGE/)
  expect(await write('long.md', 'x'.repeat(60_000))).toMatchObject({ failed: false })
  const first = await at.json('notes.read', { path: 'long.md' })
  expect(first).toMatchObject({ next: 50_000, length: 60_000 })
  const rest = await at.json('notes.read', { path: 'long.md', offset: 50_000 })
  expect(`${first['text']}${rest['text']}`).toBe('x'.repeat(60_000))
})
