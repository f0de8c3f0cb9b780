import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { formsOf } from '../../adapters/cli/secrets/forms.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'

const token = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.Gcanry.0123456789-abcdefghijklmnopqr_st'
const key = 'sk-canary/0123456789+abcdefghijklmnop='
const env = { CANARY_TOKEN: token, CANARY_KEY: key }

let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
  await cleanUp()
})

/** A far side that sends everything back that it was sent, in an error. */
async function echo(): Promise<string> {
  server = createServer((request, response) => {
    const { authorization = '' } = request.headers
    const encoded = Buffer.from(`user:${authorization}`).toString('base64')
    const message = `${authorization} is refused at ${encodeURIComponent(authorization)}, ${encoded}`
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ message, code: 0, error: { message, headers: request.headers } }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Every form in which one of the canaries could be found, none of them short enough to be there by chance. */
const forms = [token, key].flatMap(formsOf)

function leaksIn(text: string): string[] {
  return forms.filter((form) => text.includes(form))
}

/** The files below a folder that hold a canary, byte for byte. */
function filesWithLeaks(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size > 0 && leaksIn(readFileSync(path, 'latin1')).length > 0)
}

test('I152: a token and a key that the far side sends back are in no output, no file and no place of the inspector', async () => {
  const place = new Place()
  place.note('a.md', '# A note\n\nIt needs a front matter from a model.\n')
  const base_url = await echo()
  const words =
    place.config(`model: { adapter: openai, base_url: "${base_url}/v1", model: m, api_key: "env:CANARY_KEY" }
discord: { token: "env:CANARY_TOKEN", api_url: "${base_url}/api", channels: [{ id: "123456789012345678", name: duck }] }
`)
  const daemon = await place.start(['--write', ...words], { env })
  await daemon.until('the inspector listens', () => daemon.err.includes('inspector on '))
  await daemon.until('the model has refused', async () => {
    const { sentinels } = await daemon.status()
    return sentinels.failed > 0
  })
  const port = /"port":(\d+)/.exec(daemon.err)?.[1]
  const bearer = readFileSync(join(place.data, 'inspector.token'), 'utf8').trim()
  const shown: string[] = []
  for (const path of ['/api/status', '/api/events?limit=999', '/api/timings', '/api/sentinels', '/metrics', '/livez']) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${bearer}` } })
    expect(answer.status, path).toBe(200)
    shown.push(await answer.text())
  }
  expect(shown[1]).toContain('[secret env:CANARY_KEY]')
  const backup = await place.run(['backup', join(place.folder, 'copy'), ...words], { env })
  expect(backup.code).toBe(0)
  const ended = await daemon.stop()
  for (const command of [
    ['status'],
    ['doctor', 'llm'],
    ['doctor', 'discord'],
    ['doctor'],
    ['config', 'print'],
    ['audit'],
  ]) {
    const { out, err } = await place.run([...command, ...words], { env })
    shown.push(out, err)
  }
  expect(leaksIn([...shown, ended.out, ended.err, backup.out, backup.err].join('\n'))).toEqual([])
  expect(ended.out + ended.err).not.toContain(bearer)
  expect(filesWithLeaks(place.folder)).toEqual([])
})

test('I152: what a process says that dies of an error, or of a module it loads, holds no canary', async () => {
  const place = new Place()
  const module = join(place.folder, 'own.mjs')
  const words = place.config('model: { api_key: "env:CANARY_KEY" }\nextend: ./own.mjs\n')
  const fault =
    "Object.assign(new Error('refused ' + key, { cause: new Error(key) }), { headers: { authorization: key } })"
  const codes: (number | null)[] = []
  for (const way of [`throw ${fault}`, `setTimeout(() => { throw ${fault} })`, `Promise.reject(${fault})`]) {
    writeFileSync(
      module,
      `const key = process.env.CANARY_KEY\nconsole.log({ key }, Buffer.from(key))\n${way}\nexport default {}\n`,
    )
    const { code, out, err } = await promethean(['run', '--once', ...place.words, ...words], { env })
    codes.push(code)
    expect(leaksIn(out + err)).toEqual([])
    expect(err).toContain('refused [secret env:CANARY_KEY]')
    expect(out).toContain('[secret env:CANARY_KEY]')
  }
  expect(codes).toEqual([78, 1, 1])
})
