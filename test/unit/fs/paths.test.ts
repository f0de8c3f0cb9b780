import { join, resolve, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  byCodeUnits,
  checkPath,
  foldersAbove,
  isNoteName,
  isTempName,
  pathProblem,
  splitPath,
  tempName,
} from '../../../adapters/fs/paths.ts'

describe('paths of notes', () => {
  it.each([
    '',
    '/etc/passwd.md',
    '../x.md',
    'a/../x.md',
    'a/..',
    './x.md',
    'a/./x.md',
    'a//x.md',
    'a/x.md/',
    '~/x.md',
    '~root/x.md',
    'C:/x.md',
    'c:x.md',
    'a\\x.md',
    '..\\x.md',
    'x\0.md',
    'x.md\0',
    '%2e%2e/x.md',
    'a/%2E%2e/x.md',
    '%2e%2e%2fx.md',
    '.hidden/x.md',
    '.hidden.md',
    '.md',
    'node_modules/x.md',
    'a/node_modules/b/x.md',
    'x.md/y.md',
    'x.txt',
    'x.md~',
    '#x.md',
    '\ud800.md',
    `${'a/'.repeat(3000)}x.md`,
  ])('refuses %j', (path) => {
    expect(pathProblem(path)).toBeTypeOf('string')
    expect(() => checkPath(path)).toThrow(expect.objectContaining({ code: 'OUTSIDE', transient: false }))
  })

  it.each([
    'x.md',
    'X.MD',
    'a/b/c.md',
    '-x.md',
    'a b.md',
    '\u{1F980}.md',
    'new\nline.md',
    '\u202Egnp.md',
    'a..b.md',
    '100%.md',
    'x~.md',
  ])('lets %j through', (path) => {
    expect(pathProblem(path)).toBeUndefined()
  })

  it('never lets a path through that leaves the root', () => {
    const piece = fc.constantFrom('..', '.', '/', '\\', '%2e', 'a', '~', 'C:', '\0', '.md', 'notes-evil', ' ')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = `${pieces.join('')}.md`
        if (pathProblem(path) !== undefined) return
        expect(resolve(sep, 'notes', path).startsWith(join(sep, 'notes', sep))).toBe(true)
        expect(decodeURIComponent(path.replaceAll('%', '%25').replaceAll('%252e', '%2e')).split('/')).not.toContain(
          '..',
        )
      }),
    )
  })

  it.each([
    '.#x.md',
    '#x.md#',
    'x.md~',
    '.x.md.swp',
    '4913',
    'x.md.tmp',
    'x.md___jb_tmp___',
    'sedAbc123',
    '.syncthing.x.md.tmp',
    '~syncthing~x.md.tmp',
  ])('takes %j for the temporary file of another program', (name) => {
    expect(isNoteName(name)).toBe(false)
  })

  it('knows its own temporary names again, and no others', () => {
    expect(isTempName(tempName(7))).toBe(true)
    expect(tempName(7)).not.toBe(tempName(7))
    expect(isTempName('.promethean-x.tmp')).toBe(false)
    expect(isNoteName(tempName(7))).toBe(false)
  })

  it('splits and orders paths', () => {
    expect(splitPath('a/b/c.md')).toEqual({ folder: 'a/b', name: 'c.md' })
    expect(splitPath('c.md')).toEqual({ folder: '', name: 'c.md' })
    expect(foldersAbove('a/b/c.md')).toEqual(['a', 'a/b'])
    expect(['b', 'a', 'B', 'ä', 'a'].sort(byCodeUnits)).toEqual(['B', 'a', 'a', 'b', 'ä'])
  })
})
