import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { compileContract, frontmatterV1 } from '../../systems/sentinel/contract.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import { cleanUp, linesOf, Place } from '../support/daemon.ts'

afterEach(cleanUp)

const text = '# A heading\n\nA sentence about something.\n'
const bombLevels = [...'bcdefghi'].map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
const front = (yaml: string, body = text): string => `---\n${yaml}\n---\n${body}`
const latin = Buffer.from('---\ntitle: caf\xe9\n---\ntext\n', 'latin1')

/** Notes that are repaired: path, content, and where the author's body begins in it. */
const repaired: { path: string; content: string | Buffer; body: string }[] = [
  { path: 'plain.md', content: text, body: text },
  { path: 'empty.md', content: '', body: '' },
  { path: 'blank first line.md', content: `\n---\nno: head\n---\n${text}`, body: `\n---\nno: head\n---\n${text}` },
  { path: 'only front matter.md', content: '---\ntitle: Alone\n---', body: '' },
  { path: 'empty front matter.md', content: `---\n---\n${text}`, body: text },
  { path: 'four dashes.md', content: `----\n${text}`, body: `----\n${text}` },
  { path: 'crlf and mark.md', content: '\uFEFF---\r\nx: 1\r\n---\r\nA line\r\nno end', body: 'A line\r\nno end' },
  { path: 'lone returns.md', content: 'one\rtwo\rthree', body: 'one\rtwo\rthree' },
  { path: 'zero bytes.md', content: 'a\0b \u2028 c \u202E d\n', body: 'a\0b \u2028 c \u202E d\n' },
  {
    path: 'fence in code.md',
    content: `${text}\`\`\`\n---\na: b\n---\n\`\`\`\n`,
    body: `${text}\`\`\`\n---\na: b\n---\n\`\`\`\n`,
  },
  { path: 'second head.md', content: front('x: 1', `---\ny: 2\n---\n${text}`), body: `---\ny: 2\n---\n${text}` },
  { path: 'anchors.md', content: front('base: &b { a: 1 }\nuse: *b'), body: text },
  { path: 'prototype.md', content: front('__proto__: { polluted: yes }\nconstructor: x\ntoString: y'), body: text },
  { path: 'old words.md', content: front('a: no\nb: 2026-01-31\nc: 0123\nd: 1_000\ne: 12:30\nf: ~'), body: text },
  { path: 'wide.md', content: `${text}${'word '.repeat(180_000)}\n`, body: `${text}${'word '.repeat(180_000)}\n` },
  { path: `new\nline.md`, content: text, body: text },
  { path: '-rf.md', content: text, body: text },
  { path: '🍅 gift‮.md', content: text, body: text },
  { path: `${'ü'.repeat(126)}.md`, content: text, body: text },
  { path: 'caf\u00e9.md', content: text, body: text },
  { path: 'cafe\u0301.md', content: text, body: text },
  { path: 'UPPER.MD', content: text, body: text },
  { path: 'a/b/c/d/nested.md', content: text, body: text },
]

/** Notes whose front matter is refused: not a byte of them changes, and the reason has this code. */
const refused: { path: string; content: string | Buffer; code: string }[] = [
  { path: 'js.md', content: `---js\nrequire('fs').writeFileSync('EXECUTED', 'js')\n---\n${text}`, code: 'LANGUAGE' },
  {
    path: 'javascript.md',
    content: `---javascript\n{ title: process.getBuiltinModule('fs').writeFileSync('EXECUTED', 'x') }\n---\n${text}`,
    code: 'LANGUAGE',
  },
  { path: 'coffee.md', content: `---coffee\ntitle: 1\n---\n${text}`, code: 'LANGUAGE' },
  { path: 'json suffix.md', content: `--- json\n{"title": "x"}\n---\n${text}`, code: 'LANGUAGE' },
  { path: 'json.md', content: `;;;\n{"title": "x"}\n;;;\n${text}`, code: 'JSON' },
  { path: 'toml.md', content: `+++\ntitle = "x"\n+++\n${text}`, code: 'TOML' },
  { path: 'unterminated.md', content: `---\ntitle: x\n${text}`, code: 'UNTERMINATED' },
  { path: 'scalar.md', content: front('just words'), code: 'NOT_A_MAP' },
  { path: 'list.md', content: front('- a\n- b'), code: 'NOT_A_MAP' },
  { path: 'duplicate.md', content: front('title: a\ntitle: b'), code: 'DUPLICATE_KEY' },
  { path: 'bomb.md', content: front(`a: &a [lol]\n${bombLevels.join('\n')}`), code: 'ALIAS' },
  { path: 'function tag.md', content: front("a: !!js/function 'function () { EXECUTED }'"), code: 'TAG' },
  { path: 'python tag.md', content: front('a: !!python/object:os.system [touch EXECUTED]'), code: 'TAG' },
  { path: 'ruby tag.md', content: front('a: !ruby/hash:DoesNotExist {}'), code: 'TAG' },
  { path: 'deep.md', content: front(`a: ${'['.repeat(5000)}${']'.repeat(5000)}`), code: 'TOO_DEEP' },
  {
    path: 'many keys.md',
    content: front(Array.from({ length: 20_000 }, (_, key) => `k${key}: 1`).join('\n')),
    code: 'TOO_LARGE',
  },
  { path: 'long scalar.md', content: front(`a: ${'x'.repeat(900_000)}`), code: 'TOO_LARGE' },
  { path: 'latin.md', content: latin, code: 'NOT_UTF8' },
  { path: 'utf16.md', content: Buffer.from(`\uFEFF${text}`, 'utf16le'), code: 'NOT_UTF8' },
]

/** Things that look like notes and are none, by path and code. */
const skipped: Record<string, string> = {
  'link.md': 'NOT_REGULAR',
  'dangling.md': 'NOT_REGULAR',
  'loop.md': 'NOT_REGULAR',
  'pipe0.md': 'NOT_REGULAR',
  'pipe1.md': 'NOT_REGULAR',
  'pipe2.md': 'NOT_REGULAR',
  'pipe3.md': 'NOT_REGULAR',
  'folder.md': 'NOT_REGULAR',
  'two megabytes.md': 'TOO_LARGE',
  'back\\slash.md': 'BAD_NAME',
}

/** Files that nobody may touch, because they are no notes or lie where nobody looks. */
const untouched = [
  'node_modules/pkg/readme.md',
  '.obsidian/note.md',
  '.hidden.md',
  '.#lock.md',
  '#save#.md',
  'folder.md/inside.md',
  'image.png',
  'notes.txt',
  'x.md.bak',
]

function fill(place: Place): void {
  for (const { path, content } of [...repaired, ...refused]) place.note(path, content)
  for (const path of untouched) place.note(path, text)
  const outside = join(place.folder, 'outside')
  mkdirSync(outside)
  for (const name of ['secret.md', 'target.md', 'hard.md']) writeFileSync(join(outside, name), text)
  symlinkSync(join(outside, 'target.md'), join(place.notes, 'link.md'))
  symlinkSync(join(outside, 'nothing.md'), join(place.notes, 'dangling.md'))
  symlinkSync('loop.md', join(place.notes, 'loop.md'))
  symlinkSync(outside, join(place.notes, 'linked folder'))
  symlinkSync('..', join(place.notes, 'a', 'upwards'))
  linkSync(join(outside, 'hard.md'), join(place.notes, 'hard.md'))
  for (let pipe = 0; pipe < 4; pipe++) execFileSync('mkfifo', [join(place.notes, `pipe${pipe}.md`)])
  place.note('two megabytes.md', `${text}${'x'.repeat(2 * 1024 * 1024)}`)
  place.note('back\\slash.md', text)
}

/** Every file outside of the notes and the record, with its content. */
function surroundings(place: Place): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of readdirSync(place.folder, { recursive: true, encoding: 'utf8' })) {
    if (name.startsWith('notes') || name.startsWith('data')) continue
    const path = join(place.folder, name)
    if (lstatSync(path).isFile()) found.set(name, readFileSync(path, 'utf8'))
  }
  return found
}

test.skipIf(process.platform === 'win32')(
  'D: one folder of every kind of note, each with its verdict; bodies and refused files stay byte for byte',
  async () => {
    const place = new Place()
    fill(place)
    const around = surroundings(place)
    const done = await place.run(['run', '--once', '--write', '--json'], { cwd: place.folder })
    expect(done.code).toBe(0)
    const lines = linesOf(done.out)
    const table = new Map(lines.filter(({ type }) => type !== 'repairing').map((line) => [line.path ?? '', line]))

    const { check } = compileContract(frontmatterV1)
    for (const { path, content, body } of repaired) {
      expect(table.get(path), JSON.stringify(path)).toMatchObject({ type: 'repaired' })
      const after = place.bytes(path)
      const note = readNote(after.toString())
      expect(note.ok && check(note.data), JSON.stringify(path)).toEqual([])
      expect(note.ok && note.text.slice(note.body_start) === body, JSON.stringify(path)).toBe(true)
      expect(after.subarray(after.length - Buffer.byteLength(body)).equals(Buffer.from(body)), path).toBe(true)
      expect(after.equals(Buffer.from(content)), path).toBe(false)
    }
    for (const { path, content, code } of refused) {
      expect(table.get(path), path).toMatchObject({ type: 'failed', code, reason: expect.stringMatching(/./) })
      expect(place.bytes(path).equals(Buffer.from(content)), path).toBe(true)
    }
    for (const [path, code] of Object.entries(skipped)) {
      expect(table.get(path), path).toMatchObject({ type: 'skipped', code })
    }
    for (const path of untouched) {
      expect(table.has(path), path).toBe(false)
      expect(place.text(path), path).toBe(text)
    }
    expect(table.get('hard.md')).toMatchObject({ type: 'repaired' })
    const known = [...repaired, ...refused].map(({ path }) => path)
    const named = new Set([...known, ...Object.keys(skipped), 'hard.md', ''])
    expect([...table.keys()].filter((path) => !named.has(path))).toEqual([])

    expect(surroundings(place)).toEqual(around)
    expect(readlinkSync(join(place.notes, 'link.md'))).toBe(join(place.folder, 'outside', 'target.md'))
    expect(existsSync(join(place.folder, 'EXECUTED'))).toBe(false)
    expect(
      readdirSync(place.notes, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tmp$/.test(name)),
    ).toEqual([])
    // Keys of the author keep their spelling.
    expect(place.text('old words.md')).toContain('a: no\nb: 2026-01-31\nc: 0123\nd: 1_000\ne: 12:30\nf: ~\n')
    expect(place.text('anchors.md')).toContain('base: &b { a: 1 }\nuse: *b\n')

    const again = await place.once(['--write'])
    expect(again.filter(({ type }) => type === 'repairing' || type === 'repaired')).toEqual([])
    const plain = await place.run(['sentinel', 'list'])
    expect(plain.out.split('\n').filter((line) => /new.*line/.test(line))).toEqual(['done      new\\u{a}line.md'])
    expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
  },
)

test.skipIf(process.getuid?.() === 0)(
  'D81: a read-only note fails with its cause and stays (root may write to it)',
  async () => {
    const place = new Place()
    place.note('read only.md', text)
    chmodSync(join(place.notes, 'read only.md'), 0o444)
    const lines = await place.once(['--write'])
    expect(lines).toContainEqual(expect.objectContaining({ type: 'failed', path: 'read only.md', code: 'PERMISSION' }))
    expect(place.text('read only.md')).toBe(text)
  },
)
