import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { cleanUp, Place, promethean } from '../support/daemon.ts'

afterEach(cleanUp)

test('I153: every error of a config at once, each with line, path, value and what was expected', async () => {
  const place = new Place()
  const words = place.config(
    [
      'notes: ./notes',
      'writ: true',
      'port: "http"',
      'limits:',
      '  tick_ms: fast',
      'model:',
      '  adapter: gpt',
      '  api_key: sk-written-down',
      'log: { level: loud }',
    ].join('\n'),
  )
  for (const command of [
    ['config', 'check'],
    ['run', '--once'],
  ]) {
    const done = await place.run([...command, ...words])
    expect(done.code).toBe(78)
    const lines = done.err.trim().split('\n')
    const said = (part: RegExp): void => expect(lines.filter((line) => part.test(line))).toHaveLength(1)
    said(/promethean\.yaml:2: writ: is not a known key; did you mean write\?/)
    said(/promethean\.yaml:3: port: .*integer, not "http"/)
    said(/promethean\.yaml:5: limits\.tick_ms: .*number, not "fast"/)
    said(/promethean\.yaml:7: model\.adapter: .*offline.*openai.*, not "gpt"/)
    said(/promethean\.yaml:8: model\.api_key: /)
    said(/promethean\.yaml:9: log\.level: .*debug.*, not "loud"/)
    expect(lines).toHaveLength(6)
  }
})

describe('what a config cannot mean ends with 78', () => {
  const levels = [...'bcdefghi'].map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
  const bomb = `a: &a [lol]\n${levels.join('\n')}\n`
  const wrong: { name: string; yaml: string; says: RegExp }[] = [
    { name: 'no YAML', yaml: 'notes: [', says: /promethean\.yaml:\d+: not valid YAML: / },
    { name: 'I156: an alias bomb', yaml: bomb, says: /not valid YAML: / },
    { name: 'I156: __proto__', yaml: '__proto__: { write: true }\n', says: /__proto__: is not a known key/ },
    { name: 'a list', yaml: '- a\n', says: /the file: .*object/ },
    { name: 'openai without a model', yaml: 'model: { adapter: openai }\n', says: /needs base_url and model/ },
    { name: 'no URL', yaml: 'model: { adapter: openai, base_url: nowhere, model: x }\n', says: /base_url must begin/ },
    {
      name: 'an unset variable',
      yaml: 'model: { api_key: "env:PROMETHEAN_UNSET" }\n',
      says: /PROMETHEAN_UNSET is not set/,
    },
    {
      name: 'I153: an empty variable',
      yaml: 'model: { api_key: "env:PROMETHEAN_EMPTY" }\nwritee: true\n',
      says: /:1: model\.api_key: the variable PROMETHEAN_EMPTY is not set\n.*:2: writee: .*did you mean write\?/,
    },
    {
      name: 'I153: a variable with nothing but blanks',
      yaml: 'model: { api_key: "env:PROMETHEAN_BLANK" }\n',
      says: /:1: model\.api_key: env:PROMETHEAN_BLANK is empty/,
    },
    { name: 'a missing secret', yaml: 'model: { api_key: "file:none.txt" }\n', says: /model\.api_key: .*none\.txt/ },
    {
      name: 'limits that clash',
      yaml: 'limits: { tick_ms: 1, tick_min_ms: 5 }\n',
      says: /tick_min_ms 5 must not exceed/,
    },
    { name: 'a missing contract', yaml: 'contract: other/v1\n', says: /there is no contract other\/v1/ },
    {
      name: 'D84: a pattern that runs away',
      yaml: 'contracts: [{ name: a/v1, about: a, schema: { properties: { a: { type: string, pattern: "^(a+)+$" } } } }]\n',
      says: /a\/v1.*pattern|pattern.*a\/v1/,
    },
    { name: 'no module', yaml: 'extend: ./none.ts\n', says: /extend: .*none\.ts/ },
  ]
  test.for(wrong)('$name', async ({ yaml, says }) => {
    const place = new Place()
    const words = place.config(yaml)
    const env = { PROMETHEAN_EMPTY: '', PROMETHEAN_BLANK: ' \n' }
    const done = await place.run(['config', 'check', ...words], { env })
    expect(done).toMatchObject({ code: 78, out: '' })
    expect(done.err).toMatch(says)
    expect(done.err).not.toMatch(/\n\s+at /)
  })
})

test('config print shows what is in force, the command line over the file, and no secret', async () => {
  const place = new Place()
  const words = place.config('write: false\nport: 1\nmodel: { api_key: "env:CANARY", adapter: offline }\n')
  const env = { CANARY: 'canary-5d1f' }
  const done = await place.run(['config', 'print', '--write', '--json', ...words], { env })
  expect(done).toMatchObject({ code: 0, err: '' })
  expect(done.out).not.toContain(env.CANARY)
  expect(JSON.parse(done.out)).toMatchObject({
    notes: place.notes,
    data: place.data,
    port: 1,
    policy: { write: true, contract: 'frontmatter/v1' },
    model: { adapter: 'offline', api_key: '(set)' },
  })
  expect(await place.run(['config', 'check', ...words], { env })).toMatchObject({ code: 0 })
  expect(JSON.parse((await promethean(['config', 'schema'])).out)).toMatchObject({ title: 'promethean.yaml' })
})

test('a second contract is ten lines of config', async () => {
  const place = new Place()
  const words = place.config(
    [
      'contract: kind/v1',
      'contracts:',
      '  - name: kind/v1',
      '    about: Say what kind of note it is.',
      '    schema:',
      '      type: object',
      '      required: [kind]',
      '      properties: { kind: { enum: [note, task] } }',
      '    defaults: { kind: note }',
      '    then: frontmatter/v1',
    ].join('\n'),
  )
  place.note('a.md', '# A note\n\nWith a sentence.\n')
  const lines = await place.once(['--write', ...words])
  expect(lines.filter(({ type }) => type === 'repairing').map(({ contract }) => contract)).toEqual([
    'kind/v1',
    'frontmatter/v1',
  ])
  expect(place.text('a.md')).toMatch(
    /^---\nkind: note\ntitle: A note\nslug: a\n[\s\S]*\n---\n# A note\n\nWith a sentence\.\n$/,
  )
})

test('wrong words end with 64 and the usage', async () => {
  for (const command of [
    ['fly'],
    ['run', '--wirte'],
    ['run', '--port', 'x'],
    ['sentinel', 'poke'],
    ['sentinel', 'undo'],
    ['replay', '--until', '-1'],
    ['config', 'burn'],
  ]) {
    const done = await promethean(command)
    expect(done, command.join(' ')).toMatchObject({ code: 64, out: '' })
    expect(done.err).not.toMatch(/\n\s+at /)
  }
  expect(await promethean(['--help'])).toMatchObject({ code: 0 })
  expect((await promethean(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('a notes folder that is none, and a port that is taken, are said in one line', async () => {
  const place = new Place()
  const missing = await promethean(['run', `${place.folder}/none`])
  expect(missing).toMatchObject({ code: 78, out: '' })
  expect(missing.err).toMatch(/none is not there; name your notes folder/)

  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const taken = await promethean(['run', '--port', String(port), ...place.words])
  server.close()
  expect(taken).toMatchObject({ code: 69, out: '' })
  expect(taken.err).toMatch(new RegExp(`port ${port} .*give another`))
  expect(taken.err).not.toMatch(/\n\s+at /)
  expect(await place.json(['status'])).toMatchObject({ health: 'ok' })
})
