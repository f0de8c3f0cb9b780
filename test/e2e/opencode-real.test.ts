import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LLMock } from '@copilotkit/aimock'
import { afterEach, expect, test } from 'vitest'
import { opencode } from '../../adapters/opencode.ts'
import type { Event } from '../../engine/flow/event.ts'
import type { Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { cutter } from '../support/cutter.ts'
import { cleanUp, Place, promethean } from '../support/daemon.ts'
import { drained, found, remembering, textAt, whole } from '../support/memory.ts'
import { opencodeBinary, password, RealOpencode } from '../support/opencode-real.ts'

const binary = opencodeBinary() ?? ''
/** Says in a test's name why it was skipped. */
const unless =
  binary !== ''
    ? ''
    : ': opencode is not installed: npm install opencode-ai in a folder of its own, and OPENCODE_BIN names its program'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  await cleanUp()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A model that writes `PATH` when it is told `write PATH: TEXT`, and otherwise repeats what it was told. */
async function model(): Promise<LLMock> {
  const server = new LLMock({ port: 0, host: '127.0.0.1' })
  server.on({ userMessage: /A command must succeed/, hasToolResult: false }, (request) => {
    const filePath = join(projectIn(request.messages), 'cart.js')
    const edit = {
      filePath,
      oldString: '(sum, { price }) => sum + price',
      newString: '(sum, { price, count }) => sum + price * count',
    }
    // It may only edit what it has read; the second step of its answer edits.
    return {
      toolCalls: [
        { name: 'read', arguments: JSON.stringify({ filePath }) },
        { name: 'edit', arguments: JSON.stringify(edit) },
      ],
    }
  })
  server.on({ hasToolResult: true }, { content: 'The heron has landed: it is written.' })
  server.on({ userMessage: /write \S+: / }, (request) => {
    const [, path = '', text = ''] = /write (\S+): ([^"\n]*)/.exec(lastText(request.messages)) ?? []
    return { toolCalls: [{ name: 'write', arguments: JSON.stringify({ filePath: path, content: `${text}\n` }) }] }
  })
  server.on({ userMessage: /./s }, (request) => ({ content: `You said: ${lastText(request.messages)}` }))
  await server.start()
  cleanups.push(() => server.stop())
  return server
}

/** The folder that opencode says it works in. */
function projectIn(messages: readonly { role: string; content?: unknown }[]): string {
  const system = JSON.stringify(messages.filter(({ role }) => role === 'system'))
  return /Working directory: ([^\\\s"]+)/.exec(system)?.[1] ?? ''
}

function lastText(messages: readonly { role: string; content?: unknown }[]): string {
  const { content } = messages.findLast(({ role }) => role === 'user') ?? {}
  return typeof content === 'string' ? content : JSON.stringify(content)
}

async function until(engine: Engine, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const drainedAndHolds = async (): Promise<boolean> => {
    await drained(engine)
    return holds()
  }
  await expect.poll(drainedAndHolds, { timeout: 20_000, interval: 20, message: what }).toBe(true)
}

test.skipIf(binary === '')(
  `the real one: a permission asked, a file written, all of it remembered${unless}`,
  async () => {
    const { url } = await model()
    const real = await RealOpencode.start(binary, `${url}/v1`)
    cleanups.push(() => real.stop())
    const way = await cutter(real.port)
    cleanups.push(() => way.close())
    const times = { first_ms: 5, most_ms: 50 }
    const adapter = opencode({ base_url: way.base_url, directories: [real.project], password, times })
    const engine = await remembering(ram(), { adapters: [adapter] })
    cleanups.push(() => engine.stop())
    const heard: Event[] = []
    engine.on('*', (event) => {
      if (event.source.kind === 'opencode') heard.push(event)
    })
    await until(engine, 'it is connected', () => adapter.status()[0]?.state === 'ready')

    await real.prompt(`Please write ${join(real.project, 'nest.txt')}: seven eggs`)
    await until(engine, 'it asks', () => heard.some(({ type }) => type === 'opencode.permission.asked'))
    const [permission] = await real.permissions()
    expect(heard.find(({ type }) => type === 'opencode.permission.asked')?.payload).toMatchObject({
      permission,
      tool: 'edit',
    })
    await real.ask('POST', `/permission/${permission}/reply`, { reply: 'once' })
    await real.until('it is idle', () => real.idle())
    expect(readFileSync(join(real.project, 'nest.txt'), 'utf8')).toBe('seven eggs\n')
    await until(engine, 'its words are remembered', () => found(engine, 'heron landed').length > 0)
    expect(textAt(engine, whole(engine)[0]!)).toContain('seven eggs')
    await until(engine, 'the file is known', () => found(engine, 'nest.txt').length > 0)

    for (let round = 0; round < 10; round++) {
      const made = way.made
      await real.prompt(`Round ${round}: the word is feather-${round * 7}.`)
      way.cut()
      await until(
        engine,
        `it is connected again, ${round}`,
        () => way.made > made && adapter.status()[0]?.state === 'ready',
      )
    }
    await real.until('it is idle', () => real.idle())
    const answers = (): string[] =>
      heard.flatMap(({ payload }) => (payload['role'] === 'assistant' ? [String(payload['text'])] : []))
    const wanted = Array.from(
      { length: 10 },
      (_, round) => `You said: Round ${round}: the word is feather-${round * 7}.`,
    )
    await until(engine, 'all is heard', () => wanted.every((each) => answers().includes(each)))
    expect(
      answers()
        .filter((each) => each.startsWith('You said'))
        .sort(),
    ).toEqual(wanted)
    const ids = heard.map(({ id }) => id)
    expect(ids).toHaveLength(new Set(ids).size)
  },
  120_000,
)

const sample = fileURLToPath(new URL('../examples/repair', import.meta.url))
test.skipIf(binary === '')(
  `the real one repairs the sample project: an edit is allowed, the daemon killed -9, nothing asked twice${unless}`,
  async () => {
    const { url } = await model()
    const real = await RealOpencode.start(binary, `${url}/v1`)
    cleanups.push(() => real.stop())
    for (const name of ['cart.js', 'cart.test.js', 'package.json']) cpSync(join(sample, name), join(real.project, name))
    const place = new Place()
    const secret = join(place.folder, 'password')
    writeFileSync(secret, password, { mode: 0o600 })
    mkdirSync(place.data)
    const rule = `{ name: shop, directory: ${JSON.stringify(real.project)}, command: [npm, test], attempts_max: 2 }`
    const neighbour = `{ base_url: 'http://127.0.0.1:${real.port}', password: ${JSON.stringify(`file:${secret}`)}, permissions: [{ tool: read, answer: once }] }`
    const words = [...place.config(`opencode: ${neighbour}\nrepairs: [${rule}]\n`), '--data', place.data]
    const list = async (): Promise<{ [key: string]: unknown }> =>
      JSON.parse((await promethean(['repair', 'list', '--json', ...words])).out) as { [key: string]: unknown }

    const first = await place.start(words)
    const ordered = promethean(['repair', 'run', 'shop', '--json', ...words])
    await real.until('it asks whether it may edit', async () => (await real.permissions()).length === 1)
    expect(await list()).toMatchObject({ phase: 'asking', attempts: 1 })
    first.child.kill('SIGKILL')
    await first.finished
    expect((await ordered).code).not.toBe(0)

    // Nobody asks the same again: the next life hears what is still asked, and the operator allows it.
    const second = await place.start(words)
    const waiting = async (): Promise<string[]> => {
      const { out } = await promethean(['opencode', 'permissions', '--json', ...words])
      const asked = out
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { permission: string; state: string })
      return asked.flatMap(({ permission, state }) => (state === 'asked' ? [permission] : []))
    }
    await second.until('the permission is known', async () => (await waiting()).length === 1)
    const allowed = await promethean(['opencode', 'allow', (await waiting())[0] ?? '', ...words])
    expect(allowed, allowed.err).toMatchObject({ code: 0 })
    await real.until('it is idle', () => real.idle())
    await second.until('the repair has ended', async () => (await list())['state'] === 'none')
    expect(await list()).toMatchObject({ verdict: 'done', attempts: 1, runs: 1 })
    expect(((await real.ask('GET', '/session')).data as object[]).length).toBe(1)
    expect(readFileSync(join(real.project, 'cart.js'), 'utf8')).toContain('price * count')

    writeFileSync(join(real.project, 'cart.js'), readFileSync(join(sample, 'cart.js')))
    const again = promethean(['repair', 'run', 'shop', ...words])
    await second.until('it asks again', async () => (await waiting()).length === 1)
    expect(await promethean(['opencode', 'always', (await waiting())[0] ?? '', ...words])).toMatchObject({ code: 0 })
    const done = await again
    expect(done, done.err).toMatchObject({ code: 0 })
    expect(done.out).toContain('shop: the command succeeds; opencode was asked once; changed cart.js\n')
  },
  120_000,
)
