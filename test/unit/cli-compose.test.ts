import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { compose } from '../../adapters/cli/compose.ts'
import { loadConfig } from '../../adapters/cli/config.ts'
import { sessionPolicy } from '../../systems/agents/policy.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-compose-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function composed(yaml: string, notes = join(folder, 'notes')) {
  const file = join(folder, 'promethean.yaml')
  writeFileSync(file, yaml)
  return compose(loadConfig(readArguments(['config', 'check', '--config', file]), notes))
}
const names = async (yaml: string, notes?: string): Promise<string[]> =>
  (await composed(yaml, notes)).policy.tools.map(({ name }) => name)

test('the policy tells of every tool, of those for notes where there are notes, and of the web only when it is on', async () => {
  const without = await names('')
  expect(without).toEqual(expect.arrayContaining(['memory.recall', 'memory.forget', 'session.subscribe', 'time.now']))
  expect(without.filter((name) => /^(notes|web)\./.test(name))).toEqual([])
  mkdirSync(join(folder, 'notes'))
  expect(await names('tools: { web_fetch: true }')).toEqual(expect.arrayContaining(['notes.write', 'web.fetch']))
  expect(await names('tools: { web_fetch: false }')).not.toContain('web.fetch')
})

test('a tool of the own module is one like any other; a pattern that means nothing is refused', async () => {
  const tool = `{ name: 'dice.roll', description: 'Rolls.', parameters: { type: 'object', properties: {} },
    risk: 'read_only', retry: 'safe', deadline_ms: 1000, run: async () => 'six' }`
  writeFileSync(join(folder, 'more.mjs'), `export default { tools: [${tool}] }\n`)
  const agents = (pattern: string): string =>
    `extend: ./more.mjs\nagents: [{ name: duck, sessions: [{ name: a, tools: ["${pattern}"] }] }]\n`
  const { policy } = await composed(agents('dice.*'))
  expect(policy.tools.find(({ name }) => name === 'dice.roll')).toEqual({
    name: 'dice.roll',
    description: 'Rolls.',
    parameters: { type: 'object', properties: {} },
    risk: 'read_only',
    retry: 'safe',
    deadline_ms: 1000,
  })
  expect(sessionPolicy(policy, 'duck/a')?.session.tools).toEqual(['dice.*'])
  await expect(composed(agents('dice.rol'))).rejects.toThrow(
    'agents.0.sessions.0.tools.0: no tool is named dice.rol; did you mean dice.roll?',
  )
})
