import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { environmentOf } from '../../adapters/command/environment.ts'
import { Tail } from '../../adapters/command/tail.ts'
import { command } from '../../adapters/command.ts'
import type { EffectCall } from '../../engine/flow/adapter.ts'
import { CommandRun, type CommandRunDone } from '../../systems/events.ts'

let directory = ''
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'command-')))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const node = process.execPath
const never = new AbortController().signal

/** Runs a script of Node's by the adapter, which was told of exactly that. */
async function run(
  script: string,
  more: { deadline_ms?: number; signal?: AbortSignal; scrub?: (text: string) => string } = {},
) {
  const argv = [node, '-e', script]
  const { deadline_ms = 10_000, signal = never, scrub } = more
  const adapter = command({
    commands: [{ directory, command: argv }],
    output_bytes_max: 1_000,
    ...(scrub && { scrub }),
  })
  return perform(adapter, { name: 'shop', directory, command: argv, deadline_ms }, signal)
}

async function perform(adapter: ReturnType<typeof command>, request: object, signal = never): Promise<CommandRunDone> {
  const call: EffectCall = { effect_id: 1, attempt: 1, signal }
  return (await adapter.effects![CommandRun.name]!({ ...request }, call)) as CommandRunDone
}

test('a command runs in its folder, and says how it ended and what it printed on both streams', async () => {
  const done = await run('console.log(process.cwd()); console.error("\\u001b[31mred\\u001b[0m"); process.exit(7)')
  expect(done).toMatchObject({ exit_code: 7, ended: 'exit' })
  expect(done.output).toContain(directory)
  expect(done.output).toMatch(/^red$/m)
})

test('of a long output the end is kept, in whole characters', async () => {
  const done = await run('process.stdout.write("é".repeat(500_000) + "the end")')
  expect(done.output_bytes).toBe(1_000_007)
  expect(done.output).toMatch(/^é+the end$/)
  expect(Buffer.byteLength(done.output)).toBeLessThanOrEqual(1_000)
  const tail = new Tail(4)
  tail.add(Buffer.from('a🐦b'))
  expect(tail.text()).toBe('b')
  expect(new Tail(4).text()).toBe('')
})

test('what is not named is refused: another argument, another folder', async () => {
  const adapter = command({ commands: [{ directory, command: [node, '-v'] }] })
  const request = { name: 'shop', directory, command: [node, '-v'], deadline_ms: 5_000 }
  expect((await perform(adapter, request)).exit_code).toBe(0)
  const others = [
    { command: [node, '-v', '-p'] },
    { command: [node] },
    { directory: '/' },
    { directory: `${directory}/` },
  ]
  for (const other of others) {
    await expect(perform(adapter, { ...request, ...other })).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  }
})

test('no shell reads it: words stay words', async () => {
  const argv = [node, '-p', 'JSON.stringify(process.argv.slice(1))', '--', '$HOME; echo no', '`id`', '*']
  const adapter = command({ commands: [{ directory, command: argv }] })
  const done = await perform(adapter, { name: 'shop', directory, command: argv, deadline_ms: 5_000 })
  expect(JSON.parse(done.output)).toEqual(['$HOME; echo no', '`id`', '*'])
})

test('the environment holds nothing that was not meant for it', async () => {
  const all = {
    PATH: '/bin',
    HOME: '/home/ada',
    LC_ALL: 'C',
    OPENAI_API_KEY: 'sk-1',
    AWS_SECRET: 'x',
    NODE_OPTIONS: '-r evil',
  }
  expect(environmentOf(all)).toEqual({ PATH: '/bin', HOME: '/home/ada', LC_ALL: 'C', NO_COLOR: '1', CI: '1' })
  const { output } = await run('console.log(Object.keys(process.env).join(" "))')
  expect(
    output
      .trim()
      .split(' ')
      .filter((name) => !Object.hasOwn(environmentOf(process.env), name)),
  ).toEqual([])
})

test('known secrets are taken out of what it says', async () => {
  const done = await run('console.log("the key is heron-1234")', {
    scrub: (text) => text.replace('heron-1234', '[secret]'),
  })
  expect(done.output).toBe('the key is [secret]\n')
})

test('at the deadline all that it began is ended, also what does not listen', async () => {
  const mark = join(directory, 'alive')
  const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => require('node:fs').writeFileSync(${JSON.stringify(mark)}, String(process.pid)), 20)`
  writeFileSync(join(directory, 'stubborn.cjs'), stubborn)
  const script = `require('node:child_process').spawn(process.execPath, ['stubborn.cjs'], { stdio: 'inherit' }); console.log('begun'); setInterval(() => {}, 1000)`
  const done = await run(script, { deadline_ms: 1_000 })
  expect(done).toMatchObject({ exit_code: -1, ended: 'deadline', output: 'begun\n' })
  rmSync(mark, { force: true })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(() => realpathSync(mark)).toThrow(/ENOENT/)
})

test('what a command leaves running is not waited for', async () => {
  const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' }).unref(); console.log('left'); process.exit(0)`
  expect(await run(script, { deadline_ms: 8_000 })).toMatchObject({ exit_code: 0, ended: 'exit', output: 'left\n' })
})

test('it is ended when nobody waits for it any more, and says what is missing', async () => {
  const stopping = new AbortController()
  const running = run('setInterval(() => {}, 1000)', { signal: stopping.signal })
  setTimeout(() => stopping.abort(), 100)
  await expect(running).rejects.toMatchObject({ code: 'COMMAND_CANCELLED' })
  const gone = join(directory, 'gone')
  const commands = [
    { directory, command: ['no-such-program-here'] },
    { directory: gone, command: [node] },
  ]
  const adapter = command({ commands })
  const [first, second] = commands.map((each) => ({ name: 'shop', deadline_ms: 5_000, ...each }))
  await expect(perform(adapter, first!)).rejects.toMatchObject({ code: 'COMMAND_MISSING' })
  await expect(perform(adapter, second!)).rejects.toMatchObject({ code: 'COMMAND_DIRECTORY' })
})
