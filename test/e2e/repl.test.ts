import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import type { Rows } from '../../adapters/inspector/shapes.ts'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'
import { frameAt, hello, sent, standIn } from '../support/stream.ts'

const red = String.fromCharCode(27, 91, 51, 49, 109)

let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  await cleanUp()
})

/** Runs the prompt on a place's record; `next` is asked for more to type whenever something was printed. */
async function prompt(place: Place, typed: string, next?: (out: string) => string | undefined) {
  const child = spawn(process.execPath, [cliPath, 'repl', ...place.words], { stdio: 'pipe' })
  let out = ''
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    const more = next?.(out)
    if (more !== undefined) child.stdin.end(more)
  })
  if (next === undefined) child.stdin.end(typed)
  else child.stdin.write(typed)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

const questions = `const m = await memory(1)
m.title
const sum = {
  memories: (await status()).memories,
}
sum
recall('rhubarb').then(({ hits }) => hits.length)
explain(99)
`

function withNotes(): Place {
  const place = new Place()
  place.note('a.md', '---\ntitle: Rhubarb\n---\n\nRhubarb is sour.\n')
  return place
}

test('the same questions are answered by a running daemon and by its record at rest, in order and read-only', async () => {
  const place = withNotes()
  const daemon = await place.start()
  await daemon.settled(({ memories }) => memories === 1)
  const live = await prompt(place, questions)
  expect(live).toEqual({ code: 0, out: "'Rhubarb'\n{ memories: 1 }\n1\nnull\n", err: '' })
  await daemon.stop()
  const { digest } = await place.json(['status'])
  expect(await prompt(place, questions)).toEqual(live)
  expect((await place.json(['status']))['digest']).toBe(digest)
})

test('what is thrown ends with 1, and neither values nor errors hold anything that a terminal obeys', async () => {
  const place = withNotes()
  await place.once()
  const lines = [
    `'${red}'`,
    `console.log('${red}')`,
    `throw new Error('${red}')`,
    'nosuch()',
    "tap('x')",
    '1 + 1',
    '.exit',
    '3',
  ]
  const done = await prompt(place, `${lines.join('\n')}\n`)
  expect(done.code).toBe(1)
  expect(done.out + done.err).not.toContain(String.fromCharCode(27))
  expect(done.out).toMatch(/^2$/m)
  expect(done.out).toMatch(/ENGINE_STATE: no daemon runs/)
  expect(done.out).not.toMatch(/^3$/m)
  expect(done.err).toMatch(/ReferenceError: nosuch is not defined/)
  const begun = await prompt(place, '1 + 1\nnosuch(\n')
  expect(begun).toEqual({ code: 1, out: '2\n', err: 'Uncaught SyntaxError: the last statement has no end\n' })
})

test('a tap prints events as they come, and a row is shown by its names', async () => {
  const place = withNotes()
  mkdirSync(place.data)
  const asked: string[] = []
  const event = { id: 7, ts: 1, type: 'chat.said', source: { kind: 'chat' }, payload: { text: `red ${red}` } }
  const rows: Rows = { of: 'Memory', tick: 3, columns: ['kind', 'words'], ids: [12], cells: [[2, 40]], count: 20 }
  server = await standIn(place.data, (request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/api/status') return void response.end('{"tick":3}')
    if (request.url?.startsWith('/api/rows') === true) return void response.end(JSON.stringify(rows))
    response.write(sent('hello', hello))
    response.write(sent('frame', frameAt(3, { events: [event as never] })))
  })
  const stop = 'stop()\n'
  const done = await prompt(place, "world.row('Memory', 12)\nconst stop = tap('chat.*')\n", (out) =>
    out.includes('chat.said') ? stop : undefined,
  )
  expect(done).toMatchObject({ code: 0, err: '' })
  expect(done.out).toMatch(/\{ id: 12, kind: 2, words: 40 \}/)
  expect(done.out).toMatch(/type: 'chat\.said'/)
  expect(done.out).toMatch(/'stopped'/)
  expect(done.out).not.toContain(String.fromCharCode(27))
  expect(asked).toContain('/api/rows?of=Memory&from=12&limit=1')
  expect(asked).toContain('/api/stream?tap=chat.*')
})

test('top shows one look where there is no terminal, frames as lines, and says when no daemon runs', async () => {
  const place = withNotes()
  mkdirSync(place.data)
  expect(await promethean(['top', ...place.words])).toMatchObject({ code: 69, out: '' })
  server = await standIn(place.data, (_request, response) => {
    response.write(sent('hello', hello) + sent('frame', frameAt(1)) + sent('frame', frameAt(2)))
  })
  const look = await promethean(['top', ...place.words])
  expect(look).toMatchObject({ code: 0, err: '' })
  expect(look.out).toMatch(/tick 2 {2}ok[\s\S]*sentinel[\s\S]*duck\/main/)
  expect(look.out).not.toContain(String.fromCharCode(27))
  const lines = await promethean(['top', '--json', '--once', ...place.words])
  expect(lines.out).toBe(`${JSON.stringify(frameAt(1))}\n`)
})
