import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { bisect } from '../../adapters/cli/bisect.ts'
import { fork } from '../../adapters/cli/fork.ts'
import { replay } from '../../adapters/cli/replay.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-cli-travel-'))
  mkdirSync(join(folder, 'data'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const commands = { fork, bisect, replay }

/** What a command that must refuse says. */
async function refusal(command: keyof typeof commands, ...words: string[]): Promise<[number, string]> {
  try {
    const args = readArguments([command, ...words, '--notes', folder, '--data', join(folder, 'data')])
    return [await commands[command](args), 'it was done']
  } catch (thrown) {
    const { exit, message } = thrown as { exit: number; message: string }
    return [exit, message]
  }
}

test('words that make no sense are refused before the record is opened', async () => {
  expect(await refusal('replay', '--at', 'noon')).toEqual([64, '--at takes a number of ticks, not noon'])
  expect(await refusal('replay', '--at', '2', '--recall', 'x', '--repl')).toEqual([
    64,
    'replay --at takes one of --recall, --find and --repl',
  ])
  expect(await refusal('replay', '--at', '2', '--recall', ' ')).toEqual([64, '--recall needs a query'])
  expect(await refusal('fork', '--at', '2')).toEqual([64, expect.stringContaining('needs --at TICK and --with FILE')])
  expect(await refusal('bisect')).toEqual([64, expect.stringContaining('needs --check SCRIPT')])
  const check = file('check.mjs', 'export default () => true\n')
  expect(await refusal('bisect', '--check', check, '--every', '0')).toEqual([64, '--every takes at least 1'])
  expect(await refusal('bisect', '--check', check, '--from', '2026-01-31')).toEqual([
    64,
    '--from takes a number of ticks, not 2026-01-31',
  ])
})

test('a policy that is broken is refused before anything runs, with what is wrong', async () => {
  const under = (name: string, text: string) => refusal('fork', '--at', '2', '--with', file(name, text))
  const known = 'it may name write, contract, '
  expect(await refusal('fork', '--at', '2', '--with', join(folder, 'none.yaml'))).toEqual([
    65,
    expect.stringContaining('there is no such file'),
  ])
  expect(await under('strange.yaml', 'notes: ./elsewhere\n')).toEqual([65, expect.stringContaining(known)])
  expect(await under('empty.yaml', '# nothing\n')).toEqual([65, expect.stringContaining('names nothing to change')])
  expect(await under('bad.yaml', 'agents: [\n')).toEqual([78, expect.stringContaining('not valid YAML or JSON')])
  const wrong = '{ "agents": [{ "name": "duck", "window_tokens": "many" }] }'
  expect(await under('wrong.json', wrong)).toEqual([78, expect.stringContaining('window_tokens')])
  expect(await under('contract.yaml', 'contract: none/v1\n')).toEqual([
    78,
    expect.stringContaining('there is no contract none/v1'),
  ])
  const sound = file('sound.yaml', 'write: false\n')
  mkdirSync(join(folder, 'taken', 'by'), { recursive: true })
  expect(await refusal('fork', '--at', '2', '--with', sound, '--out', join(folder, 'taken'))).toEqual([
    65,
    expect.stringContaining('is not empty'),
  ])
})

test('a script that cannot be asked is refused', async () => {
  const asked = (name: string, text: string) => refusal('bisect', '--check', file(name, text))
  expect(await refusal('bisect', '--check', join(folder, 'none.mjs'))).toEqual([
    65,
    expect.stringContaining('there is no such file'),
  ])
  expect(await asked('other.mjs', 'export const check = () => true\n')).toEqual([
    65,
    expect.stringContaining('default export must be a function'),
  ])
  expect(await asked('broken.mjs', 'throw new Error("not today")\n')).toEqual([
    65,
    expect.stringContaining('not today'),
  ])
})
