import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { sourcePath } from '../support/command.ts'
import { cleanUp, type Daemon, linesOf, Place } from '../support/daemon.ts'

afterEach(cleanUp)

const text = '# Compost\n\nTurn it every second week.\n'
const watching = (daemon: Daemon) => daemon.settled(({ tick }) => tick > 0)

test('a change, a new note, a rename and a deletion are followed while it runs', async () => {
  const place = new Place()
  place.note('first.md', text)
  // This one runs from the sources, as `npm start` does; all others run what was made of them.
  const daemon = await place.start(['--write'], { program: sourcePath })
  await daemon.settled(({ sentinels }) => sentinels.done === 1)

  place.note('deep/second.md', text)
  await daemon.settled(({ repaired }) => repaired === 2)
  const edited = `${place.text('first.md').replace(/^slug: .*$/m, 'slug: Not A Slug')}A new line.\n`
  place.note('first.md', edited)
  await daemon.settled(({ repaired }) => repaired === 3)
  expect(place.text('first.md')).toMatch(/^slug: first$|^slug: not-a-slug$/m)
  expect(place.text('first.md').endsWith('Turn it every second week.\nA new line.\n')).toBe(true)

  renameSync(join(place.notes, 'first.md'), join(place.notes, 'moved.md'))
  await daemon.until('the new name is known', async () => {
    const { sentinels } = (await daemon.ask('/api/sentinels')) as { sentinels: { path: string; verdict: string }[] }
    return sentinels.some(({ path, verdict }) => path === 'moved.md' && verdict === 'done') && sentinels.length === 2
  })
  unlinkSync(join(place.notes, 'deep/second.md'))
  // Memory hears of it one tick after the sentinel.
  const status = await daemon.settled(({ files, memories }) => files === 1 && memories === 1)
  expect(status).toMatchObject({ repaired: 3, sentinels: { done: 1, failed: 0 } })
  expect(readdirSync(place.notes, { recursive: true })).toEqual(expect.arrayContaining(['deep', 'moved.md']))
  expect(await daemon.stop('SIGINT')).toMatchObject({ code: 0, signal: null })
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
})

test('D51: a note that arrives in pieces is repaired once, on its last bytes', async () => {
  const place = new Place()
  const daemon = await place.start(['--write'])
  place.note('first.md', text)
  await daemon.settled(({ repaired }) => repaired === 1)
  let content = '# Pieces\n'
  let longest_ms = 0
  let last_ms = performance.now()
  for (let piece = 0; piece < 10; piece++) {
    longest_ms = Math.max(longest_ms, performance.now() - last_ms)
    last_ms = performance.now()
    content += `Piece ${piece}.\n`
    place.note('pieces.md', content)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await daemon.until('the last bytes are repaired', () => place.text('pieces.md').endsWith(`\n---\n${content}`))
  await daemon.settled(({ sentinels }) => sentinels.done === 2)
  const repairs = linesOf((await daemon.stop()).out).filter(({ path }) => path === 'pieces.md')
  // A machine that stood still between two pieces has shown a note that stood still.
  if (longest_ms < 60) expect(repairs.map(({ type }) => type)).toEqual(['repairing', 'repaired'])
})

test('D54, D55: what happens to a note while its proposal is on the way wins over the proposal', async () => {
  const place = new Place()
  for (const name of ['edited', 'deleted', 'moved']) place.note(`${name}.md`, text)
  const words = place.config('model: { adapter: offline, delay_ms: 700 }\n')
  const daemon = await place.start(['--write', ...words])
  await daemon.until('the proposals are asked for', async () => {
    const { events } = (await daemon.ask('/api/events?type=fs.read.done')) as { events: unknown[] }
    return events.length === 3
  })
  const edited = '# Other\n\nThe author thought again.\n'
  place.note('edited.md', edited)
  unlinkSync(join(place.notes, 'deleted.md'))
  renameSync(join(place.notes, 'moved.md'), join(place.notes, 'new name.md'))
  await daemon.settled(({ sentinels }) => sentinels.done === 2)
  expect(place.text('edited.md').endsWith(`\n---\n${edited}`)).toBe(true)
  expect(place.text('edited.md')).toContain('title: Other\n')
  expect(place.text('new name.md').endsWith(`\n---\n${text}`)).toBe(true)
  expect(readdirSync(place.notes).sort()).toEqual(['edited.md', 'new name.md'])
})

test('A17, A18: a second daemon is refused with the first one named, and a killed one is succeeded', async () => {
  const place = new Place()
  const first = await place.start()
  const second = await place.run(['run', '--port', '0'])
  expect(second).toMatchObject({ code: 75, out: '' })
  expect(second.err).toContain(String(first.child.pid))
  expect(await place.run(['replay'])).toMatchObject({ code: 75 })
  expect(await first.status()).toMatchObject({ health: 'ok' })
  await first.stop('SIGKILL')
  const third = await place.start()
  expect(third.err).toMatch(new RegExp(`took over .* process ${first.child.pid}`))
  expect(await third.stop()).toMatchObject({ code: 0 })
})

test('I158: SIGTERM ends a daemon whose model never answers, within stop_ms and in good order; a second one at once', async () => {
  const place = new Place()
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const model = `model: { base_url: "http://127.0.0.1:${port}/v1", model: x }\n`
  place.note('a.md', text)
  const asked = async (words: string[]): Promise<Daemon> => {
    const arrived = new Promise((resolve) => server.once('request', resolve))
    const daemon = await place.start(['--write', ...words])
    await arrived
    return daemon
  }
  const words = place.config(`${model}limits: { stop_ms: 300 }\n`)
  const first = await asked(words)
  expect(await first.stop()).toMatchObject({ code: 0, signal: null })
  expect(await place.json(['status', ...words])).toMatchObject({ sentinels: { pending: 1 }, outbox: { pending: 1 } })

  const second = await asked(place.config(`${model}limits: { stop_ms: 3600000 }\n`))
  second.child.kill('SIGTERM')
  // Two signals within half a second are one wish: a wrapper passes on what its group has heard already.
  const heard = performance.now()
  await second.until('the first signal is a while ago', async () => performance.now() - heard > 600)
  expect(await second.stop('SIGTERM')).toMatchObject({ code: 0, signal: null })
  server.closeAllConnections()
  server.close()
  expect(place.text('a.md')).toBe(text)
  // The open question is asked again by whoever comes next.
  const lines = await place.once(['--write', ...place.config('model: { adapter: offline }\n')])
  expect(lines.at(-1)).toMatchObject({ type: 'summary' })
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
})

test('SIGHUP takes a changed policy at once, and keeps the old one when the new one is wrong', async () => {
  const place = new Place()
  place.note('a.md', text)
  const words = place.config('write: false\n')
  const daemon = await place.start(words)
  await daemon.settled(({ sentinels }) => (sentinels as { proposed?: number }).proposed === 1)
  expect(place.text('a.md')).toBe(text)

  place.config('write: perhaps\n')
  daemon.child.kill('SIGHUP')
  await daemon.until('the error is logged', () => daemon.err.includes('the old one stays in force'))
  expect(daemon.err).toMatch(/promethean\.yaml:1: write: /)
  expect(await daemon.status()).toMatchObject({ health: 'ok', repaired: 0 })

  place.config('write: true\n')
  daemon.child.kill('SIGHUP')
  await daemon.settled(({ repaired }) => repaired === 1)
  expect(place.text('a.md').endsWith(`\n---\n${text}`)).toBe(true)
  expect(await daemon.stop()).toMatchObject({ code: 0 })
})

test('A16: a data directory that is removed under the daemon ends it with 74', async () => {
  const place = new Place()
  place.note('a.md', text)
  const words = place.config('limits: { verify_ms: 100 }\n')
  const daemon = await place.start(words)
  await watching(daemon)
  rmSync(place.data, { recursive: true })
  const ended = await daemon.finished
  expect(ended).toMatchObject({ code: 74, signal: null })
  expect(ended.err).toContain('STORE_GONE')
})

test('the notes folder may vanish and come back; nothing is taken for deleted', async () => {
  const place = new Place()
  place.note('a.md', text)
  const daemon = await place.start(['--write'])
  await daemon.settled(({ sentinels }) => sentinels.done === 1)
  const aside = join(place.folder, 'aside')
  renameSync(place.notes, aside)
  await daemon.until('the loss is logged', () => daemon.err.includes('is gone'))
  expect(await daemon.status()).toMatchObject({ files: 1, memories: 1 })
  renameSync(aside, place.notes)
  place.note('b.md', text)
  await daemon.settled(({ files, repaired }) => files === 2 && repaired === 2)
  expect(await daemon.stop()).toMatchObject({ code: 0 })
})

test('H138–141: the inspector is open for health, and for the rest only with its token', async () => {
  const place = new Place()
  const daemon = await place.start()
  await daemon.until('the inspector listens', () => daemon.err.includes('inspector on '))
  const { port } = JSON.parse(daemon.err.split('\n').find((line) => line.includes('"port"')) ?? '{}') as {
    port: number
  }
  const at = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers })
  const file = join(place.data, 'inspector.token')
  const token = readFileSync(file, 'utf8').trim()
  const authorization = `Bearer ${token}`
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(place.data).mode & 0o777).toBe(0o700)
  expect((await at('/livez')).status).toBe(200)
  expect((await at('/readyz')).status).toBe(200)
  expect((await at('/api/status')).status).toBe(401)
  expect((await at('/api/status', { authorization: `Bearer ${'x'.repeat(43)}` })).status).toBe(401)
  expect((await at('/api/status', { authorization, origin: 'https://evil.example' })).status).toBe(403)
  const answer = await at('/api/status', { authorization })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ health: 'ok', tick: expect.any(Number) })
  for (const path of ['/api/events', '/api/timings']) expect((await at(path, { authorization })).status).toBe(200)
  const ended = await daemon.stop()
  expect(ended.err + ended.out).not.toContain(token)
})

test('I152: a key given by the environment is nowhere to be found afterwards', async () => {
  const place = new Place()
  const canary = 'canary-7f3a9c51e2'
  const server = createServer((request, response) => {
    // The worst endpoint sends the key back to whoever reads the error.
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: `bad key ${request.headers.authorization}` } }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const words = place.config(
    `model: { base_url: "http://127.0.0.1:${port}/v1", model: x, api_key: "env:CANARY" }\nlog: { level: debug }\n`,
  )
  place.note('a.md', text)
  const env = { CANARY: canary }
  const daemon = await place.start(['--write', ...words], { env })
  await daemon.settled(({ sentinels }) => sentinels.failed === 1)
  const asked = JSON.stringify([await daemon.ask('/api/events?limit=999'), await daemon.ask('/api/sentinels')])
  const ended = await daemon.stop()
  server.close()
  const doctored = await place.run(['doctor', ...words], { env })
  const shown = await place.run(['config', 'print', ...words], { env })
  const said = [asked, ended.out, ended.err, doctored.out, shown.out, shown.err].join('\n')
  expect(said).not.toContain(canary)
  expect(ended.out).toMatch(/"code":"AUTH"/)
  for (const name of readdirSync(place.data, { recursive: true, encoding: 'utf8' })) {
    const path = join(place.data, name)
    if (statSync(path).isFile()) expect(readFileSync(path).includes(canary), name).toBe(false)
  }
})

test.skipIf(process.getuid?.() === 0)(
  'A10: a data directory that may not be written ends with 77 (root may)',
  async () => {
    const place = new Place()
    mkdirSync(place.data, { mode: 0o500 })
    const done = await place.run(['run', '--once'])
    expect(done).toMatchObject({ code: 77, out: '' })
  },
)

test('D59: what a killed write left beside a note is removed, and nobody else’s temporary file is', async () => {
  const place = new Place()
  place.note('a.md', text)
  writeFileSync(join(place.notes, '.promethean-7-0123456789ab.tmp'), 'half')
  writeFileSync(join(place.notes, '.other.tmp'), 'kept')
  await place.once([])
  expect(readdirSync(place.notes).sort()).toEqual(['.other.tmp', 'a.md'])
})
