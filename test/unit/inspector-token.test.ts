import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tokenCheck } from '../../adapters/inspector/token.ts'
import { type Log, silent } from '../../engine/flow/adapter.ts'

const own = 'own-token_that.is~long/enough+for=='

let folder: string
let path: string
let warnings: string[]
const log: Log = { ...silent, warn: (fields, message) => void warnings.push(JSON.stringify({ ...fields, message })) }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promethean-token-'))
  path = join(folder, 'token')
  warnings = []
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777
const read = async (): Promise<string> => (await readFile(path, 'utf8')).trim()

describe('the token file', () => {
  it('is made with 32 random bytes for this user alone, and nothing is left beside it', async () => {
    const check = await tokenCheck(path, log)
    const token = await read()
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(token).toMatch(/^[\w-]{43}$/)
    expect(await modeOf(path)).toBe(0o600)
    expect(await readdir(folder)).toEqual(['token'])
    expect(check(`Bearer ${token}`)).toBe(true)
    expect(warnings).toEqual([])
  })

  it.each([0o000, 0o777])('has its mode under the umask %o', async (mask) => {
    const before = process.umask(mask)
    try {
      await tokenCheck(path, log)
    } finally {
      process.umask(before)
    }
    expect(await modeOf(path)).toBe(0o600)
  })

  it('is read again by the next run, and kept', async () => {
    await tokenCheck(path, log)
    const token = await read()
    const check = await tokenCheck(path, log)
    expect(await read()).toBe(token)
    expect([check(`Bearer ${token}`), check(`Bearer ${token.toLowerCase()}`), check(undefined)]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('is one and the same for those who start at once', async () => {
    const checks = await Promise.all(Array.from({ length: 8 }, () => tokenCheck(path, log)))
    const token = await read()
    expect(checks.map((check) => check(`Bearer ${token}`))).toEqual(checks.map(() => true))
    expect(await readdir(folder)).toEqual(['token'])
  })

  it('may hold a token of the owner', async () => {
    await writeFile(path, `${own}\r\n`, { mode: 0o600 })
    expect((await tokenCheck(path, log))(`Bearer ${own}`)).toBe(true)
  })

  it.each([0o644, 0o660, 0o604])('is made private when its mode was %o, with a warning', async (mode) => {
    await writeFile(path, own)
    await chmod(path, mode)
    await tokenCheck(path, log)
    expect(await modeOf(path)).toBe(0o600)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('open to other users')
    expect(warnings[0]).not.toContain(own)
  })

  it.each(['', 'short', `${own}\n${own}`, `${own} ${own}`, 'x'.repeat(2_000), 'ü'.repeat(40)])(
    'is refused when it holds %j, without repeating it',
    async (text) => {
      await writeFile(path, text, { mode: 0o600 })
      const refused = tokenCheck(path, log)
      await expect(refused).rejects.toMatchObject({ code: 'ADAPTER_OPTION', value: path })
      if (text !== '') await expect(refused).rejects.not.toThrow(text)
    },
  )

  it('is refused when it is a folder, or a link to whatever', async () => {
    await mkdir(join(folder, 'other'))
    await expect(tokenCheck(join(folder, 'other'), log)).rejects.toMatchObject({ code: 'ADAPTER_OPTION' })
    await symlink(join(folder, 'nowhere'), path)
    await expect(tokenCheck(path, log)).rejects.toThrow('is a link')
    expect(await readdir(folder)).toEqual(['other', 'token'])
  })

  it('is refused when its folder is missing', async () => {
    await expect(tokenCheck(join(folder, 'missing', 'token'), log)).rejects.toThrow('cannot be made')
  })
})
