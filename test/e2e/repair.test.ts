import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'

afterEach(cleanUp)

const sample = fileURLToPath(new URL('../examples/repair', import.meta.url))

/**
 * The sample project in a place of its own, with a scripted opencode that edits its files as `works` says: JavaScript with
 * `edit(path, before, after)` and `request`.
 */
function shop(works: string, more = ''): { place: Place; words: string[]; file(path: string): string } {
  const place = new Place()
  const directory = join(place.folder, 'shop')
  cpSync(sample, directory, { recursive: true })
  const script = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const run = async (request, call) => {
  appendFileSync(join(request.directory, '..', 'asked.jsonl'), JSON.stringify(request) + '\\n')
  const files = []
  const edit = (path, before, after) => {
    const at = join(request.directory, path)
    writeFileSync(at, readFileSync(at, 'utf8').replace(before, after))
    files.push(path)
  }
  ${works}
  return { session: 'ses_1', text: 'Done.', files, tokens: 1, cost: 0, finish: 'stop' }
}
export default { adapters: [{ name: 'script', effects: { 'opencode.run': run } }] }
`
  writeFileSync(join(place.folder, 'script.mjs'), script)
  const rule = `repairs: [{ name: shop, directory: ./shop, command: [npm, test], attempts_max: 2${more} }]`
  const words = place.config(`extend: ./script.mjs\n${rule}\n`)
  return { place, words: [...words, '--data', place.data], file: (path) => readFileSync(join(directory, path), 'utf8') }
}

const asked = (place: Place): { prompt: string }[] =>
  readFileSync(join(place.folder, 'asked.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { prompt: string })

test('the sample project turns green, without a daemon, and the record replays', async () => {
  const { place, words, file } = shop(`edit('cart.js', '{ price }', '{ price, count }')
  edit('cart.js', 'sum + price', 'sum + price * count')`)
  const done = await promethean(['repair', 'run', 'shop', ...words])
  expect(done, done.err).toMatchObject({ code: 0, err: '' })
  expect(done.out).toContain('shop: runs npm test\n')
  expect(done.out).toContain('shop: the command succeeds; opencode was asked once; changed cart.js\n')
  expect(file('cart.js')).toContain('price * count')
  expect(asked(place)).toHaveLength(1)
  expect(asked(place)[0]?.prompt).toContain('349')
  const listed = await promethean(['repair', 'list', '--json', ...words])
  expect(JSON.parse(listed.out)).toMatchObject({ name: 'shop', verdict: 'done', attempts: 1, files: ['cart.js'] })
  expect(await place.json(['replay', '--verify', ...words.slice(0, 2)])).toMatchObject({ identical: true })
  const again = await promethean(['repair', 'run', 'shop', '--json', ...words])
  expect(JSON.parse(again.out)).toMatchObject({ verdict: 'done', attempts: 0, runs: 2 })
}, 30_000)

test('when opencode is useless it is given up with the reason, and the folder is as it was', async () => {
  const { place, words, file } = shop('')
  const before = file('cart.js')
  const done = await promethean(['repair', 'run', 'shop', '--json', ...words])
  expect(done.code).toBe(65)
  expect(JSON.parse(done.out)).toMatchObject({ verdict: 'failed', code: 'ATTEMPTS_SPENT', attempts: 2, exit_code: 1 })
  expect(asked(place)[1]?.prompt).toContain('changed no file')
  expect(file('cart.js')).toBe(before)
}, 30_000)

test('through a daemon: begun by the command line, killed while opencode works, finished by the next life', async () => {
  const { place, words } =
    shop(`const lives = readFileSync(join(request.directory, '..', 'asked.jsonl'), 'utf8').trim().split('\\n').length
  if (lives === 1) await new Promise(() => setInterval(() => {}, 1000))
  edit('cart.js', '{ price }', '{ price, count }')
  edit('cart.js', 'sum + price', 'sum + price * count')`)
  const first = await place.start(words)
  const ordered = promethean(['repair', 'run', 'shop', '--json', ...words])
  const list = async (): Promise<{ [key: string]: unknown }> =>
    JSON.parse((await promethean(['repair', 'list', '--json', ...words])).out) as { [key: string]: unknown }
  await first.until('opencode is asked', async () => (await list())['phase'] === 'asking')
  first.child.kill('SIGKILL')
  await first.finished
  expect((await ordered).code).not.toBe(0)
  const second = await place.start(words)
  await second.until('the repair has ended', async () => (await list())['verdict'] === 'done')
  expect(await list()).toMatchObject({ attempts: 1, state: 'none', runs: 1, files: ['cart.js'] })
  const [before, after] = asked(place)
  expect(after, 'the same is asked for again, by the same key').toEqual(before)
}, 60_000)

test('left in the middle, what it began ends with it, and the repair waits for the next process', async () => {
  const place = new Place()
  const pid = join(place.folder, 'pid')
  const script = `require('node:fs').writeFileSync(${JSON.stringify(pid)}, String(process.pid)); setInterval(() => {}, 1000)`
  const command = JSON.stringify([process.execPath, '-e', script])
  const words = [
    ...place.config(
      `opencode: { base_url: 'http://127.0.0.1:9' }\nrepairs: [{ name: long, directory: ., command: ${command} }]\n`,
    ),
    '--data',
    place.data,
  ]
  const child = spawn(process.execPath, [cliPath, 'repair', 'run', 'long', ...words], { stdio: 'ignore' })
  const gone = once(child, 'exit')
  await expect.poll(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '', { timeout: 20_000 }).toBe(true)
  child.kill('SIGINT')
  expect(await gone).toEqual([1, null])
  expect(() => process.kill(Number(readFileSync(pid, 'utf8')), 0)).toThrow(/ESRCH/)
  const listed = await promethean(['repair', 'list', '--json', ...words])
  expect(JSON.parse(listed.out)).toMatchObject({ state: 'running', phase: 'checking', attempts: 0 })
}, 30_000)

test('what the config says of repairs is checked, and a name that is none is told', async () => {
  const { place, words } = shop('', ', every: 10s')
  const wrong = await promethean(['repair', 'list', ...words])
  expect(wrong.code).toBe(78)
  expect(wrong.err).toContain('repairs.0.every: must be at least 1m, not 10s')
  const other = place.config('repairs: [{ name: shop, directory: ./nowhere, command: npm test }]\n')
  const worse = await promethean(['repair', 'list', ...other])
  expect(worse.err).toMatch(/repairs\.0\.command: must be array/)
  const named = await promethean(['repair', 'run', 'till', ...shop('').words])
  expect(named).toMatchObject({ code: 64, err: 'there is no repair till; there are shop\n' })
  const none = await promethean(['repair', 'list', ...place.config('write: false\n')])
  expect(none.code).toBe(78)
}, 30_000)
