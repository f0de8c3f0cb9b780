import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place } from '../support/daemon.ts'

let place: Place
/** The tick after which the notes were remembered and nothing had been said yet. */
let fork_tick = 0
beforeAll(async () => {
  place = new Place()
  place.config('agents:\n  - name: duck\n    instructions: You are a duck.\n')
  place.note('heron.md', '---\ntitle: Herons\n---\n\nThe heron stands in shallow water. It eats fish.\n')
  await place.once(['--config', config()])
  fork_tick = Number((await place.json(['status']))['tick'])
  const said =
    'What does the heron eat?\nMy cat is called Miso and she sleeps on the red chair.\nWhat is my cat called?\n'
  const talk = spawnSync(process.execPath, [cliPath, 'chat', '--config', config(), ...place.words], { input: said })
  expect([talk.status, talk.stderr.toString()]).toEqual([0, ''])
}, 30_000)
afterAll(cleanUp)

const config = (): string => join(place.folder, 'promethean.yaml')

/** Every file of the record itself: what a fork must leave as it is. */
function recordOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => /^(data\.mdb|snapshot-\d+)$/.test(name))
  const sum = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
  return Object.fromEntries(names.map((name) => [name, sum(name)]))
}

function file(name: string, text: string): string {
  const path = join(place.folder, name)
  writeFileSync(path, text)
  return path
}

type Found = Record<'memories' | 'contexts' | 'actions', Record<string, unknown>> & { readonly out?: string }
const forked = async (words: readonly string[]): Promise<Found> =>
  (await place.json(['fork', '--at', String(fork_tick), ...words])) as unknown as Found

test('replay --at shows the world as it was, and it can be asked there', async () => {
  const at = String(fork_tick)
  const moment = (await place.json(['replay', '--at', at])) as { tick: number; gauges: { memories: number } }
  const memories = (await place.json(['status']))['memories'] as number
  expect([moment.tick, moment.gauges.memories]).toEqual([fork_tick, 1])
  expect(memories).toBeGreaterThan(3)
  const words = await place.run(['replay', '--at', at])
  expect([words.code, words.out]).toEqual([0, expect.stringMatching(new RegExp(`^tick ${at}, .*\nmemories +1,`))])
  const asked = ['--recall', 'the cat Miso']
  const [then, now] = [await place.json(['replay', '--at', at, ...asked]), await place.json(['recall', 'the cat Miso'])]
  expect([(then['hits'] as object[]).length > 1, JSON.stringify(then).includes('Miso and')]).toEqual([false, false])
  expect(JSON.stringify(now)).toContain('Miso and')
  const shown = await place.run(['replay', '--at', at, '--find', 'heron.md'])
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('It eats fish.')])
  const input =
    '(await status()).memories\n(await memory(1)).title\nrecall("red chair").then(({ hits }) => hits.length)\n'
  const words_ = ['replay', '--at', at, '--repl', ...place.words]
  const prompt = spawnSync(process.execPath, [cliPath, ...words_], { input })
  expect([prompt.status, prompt.stdout.toString(), prompt.stderr.toString()]).toEqual([0, "1\n'Herons'\n0\n", ''])
}, 30_000)

test('a tick that the record does not hold, and a condition that says nothing, are refused', async () => {
  const gone = await place.run(['replay', '--at', '999'])
  expect([gone.code, gone.err]).toEqual([65, expect.stringMatching(/^TICK_GONE: .*the record holds ticks 1 to \d+\n$/)])
  const silent = await place.run(['bisect', '--check', file('void.mjs', 'export default () => undefined\n')])
  expect([silent.code, silent.err]).toEqual([65, expect.stringContaining('said undefined at tick 1')])
}, 30_000)

test('a fork under the same policy is the same, and under another one tells what differs; the record stays as it is', async () => {
  const before = recordOf(place.data)
  const same = await forked(['--with', file('same.yaml', 'write: false\n')])
  expect(same.memories).toMatchObject({ only_recorded_count: 0, only_fork_count: 0, changed_count: 0 })
  expect(same.contexts).toMatchObject({ same: 3, changed_count: 0 })
  expect(same.actions).toMatchObject({ only_recorded_count: 0, only_fork_count: 0 })
  const heron = file('heron.json', JSON.stringify({ agents: [{ name: 'duck', instructions: 'You are a heron.' }] }))
  const refused = await forked(['--with', heron])
  expect(refused.contexts).toMatchObject({ same: 0, changed_count: 3 })
  expect(refused.contexts['changed']).toMatchObject([
    { context_differs: true, recorded: { state: 'done' }, fork: { state: 'failed', code: 'FORK_REFUSED', reply: '' } },
    {},
    {},
  ])
  // Without the answers there is something else to remember, so what the second and third turn recall is asked of the fork.
  expect(refused.actions).toMatchObject({ refused: 3, performed: 2, only_recorded_count: 3 })
  const out = join(place.folder, 'kept')
  const live = await forked(['--with', heron, '--live', '--out', out])
  const performed = (live.actions['only_fork'] as { end: string }[]).filter(({ end }) => end === 'performed')
  expect([live.actions['refused'], performed.length]).toEqual([0, 3])
  // No model is asked: the offline one says the same whatever it is told to be.
  expect(live.memories).toMatchObject({ only_recorded_count: 0, only_fork_count: 0 })
  expect(live.contexts).toMatchObject({ changed_count: 3 })
  expect(recordOf(place.data)).toEqual(before)
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
  const kept = ['--notes', place.notes, '--data', out, '--json']
  const [verified] = [spawnSync(process.execPath, [cliPath, 'replay', '--verify', ...kept])]
  expect(JSON.parse(verified.stdout.toString())).toMatchObject({ identical: true })
  const again = await place.run(['fork', '--at', String(fork_tick), '--with', heron, '--out', out])
  expect([again.code, again.err]).toEqual([65, expect.stringContaining('is not empty')])
}, 60_000)

test('the words of a fork name what only one of them has; a failed one leaves no folder', async () => {
  const heron = file('heron.yaml', 'agents:\n  - name: duck\n    instructions: You are a heron.\n')
  const { code, out } = await place.run(['fork', '--at', String(fork_tick), '--with', heron])
  expect(code).toBe(0)
  expect(out).toMatch(/^forked at tick \d+ and run to tick \d+/)
  expect(out).toMatch(/\n {2}- chat .*Miso/)
  expect(out).toMatch(/\n {2}\+ turn 1 of duck\/chat \(failed, FORK_REFUSED\)\n/)
  expect(out).toMatch(/\n {2}\+ tick \d+ llm\.chat .*: refused\n/)
  const kept = join(place.folder, 'not-kept')
  const failed = await place.run(['fork', '--at', '999', '--with', heron, '--out', kept])
  expect([failed.code, existsSync(kept)]).toEqual([65, false])
}, 30_000)

test('bisect finds the first tick of a condition, what entered in it and what it asked for', async () => {
  const check = file('check.mjs', "export default (view, look) => look.count('Turn') >= 2 && view.tick > 0\n")
  const halved = (await place.json(['bisect', '--check', check])) as { tick: number; before: number; asked: number }
  const stepped = await place.json(['bisect', '--check', check, '--every', '1', '--from', String(fork_tick)])
  expect(stepped).toMatchObject({ tick: halved.tick, before: halved.tick - 1 })
  expect(halved.before).toBe(halved.tick - 1)
  expect(JSON.stringify(stepped['events'])).toContain('Miso')
  expect(JSON.stringify(stepped['effects'])).toContain('memory.recall')
  const words = await place.run(['bisect', '--check', check, '--from', String(halved.before)])
  expect(words.out).toMatch(
    new RegExp(`^first at tick ${halved.tick}, .*\n(.*\n)*.*promethean replay --at ${halved.tick}\n`),
  )
}, 60_000)
