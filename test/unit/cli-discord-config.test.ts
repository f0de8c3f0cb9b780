import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { compose } from '../../adapters/cli/compose.ts'
import { type Config, loadConfig } from '../../adapters/cli/config.ts'
import { configSchema } from '../../adapters/cli/config-schema.ts'
import { showConfig } from '../../adapters/cli/show-config.ts'
import { createEngine } from '../../engine/engine.ts'
import { ram } from '../../stores/ram.ts'
import { LockedBy, Session, Subscription } from '../../systems/agents/columns.ts'
import { filterOf } from '../../systems/agents/filters.ts'
import { discordRulesOf } from '../../systems/discord/policy.ts'
import { ConfigSet } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { janitorPolicyOf } from '../../systems/janitor/policy.ts'
import { policyPayload } from '../../systems/sentinel/policy.ts'

const secret = 'MTA.very-secret.token'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-discord-'))
  vi.stubEnv('DISCORD_TOKEN', secret)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const argumentsOf = (yaml: string) => {
  const file = join(folder, 'promethean.yaml')
  writeFileSync(file, yaml)
  return readArguments(['config', 'print', '--config', file])
}
const load = (...yaml: string[]): Config => loadConfig(argumentsOf(`${yaml.join('\n')}\n`), folder)
function problemsOf(...yaml: string[]): string[] {
  try {
    load(...yaml)
  } catch (thrown) {
    const lines = String((thrown as Error).message).split('\n')
    return lines.map((line) => line.slice(line.indexOf('yaml:') + 5))
  }
  return []
}
const example = (): string =>
  readFileSync(fileURLToPath(new URL('../../adapters/discord/example.yaml', import.meta.url)), 'utf8')

describe('The example', () => {
  test('loads, and four locked subscriptions come to be in a world', async () => {
    const config = loadConfig(argumentsOf(example()), folder)
    const { policy } = await compose(config)
    const engine = await createEngine({ ...mind(), store: ram(), drive: 'manual' })
    engine.publish({ type: ConfigSet.name, source: { kind: 'config' }, payload: { policy: policyPayload(policy) } })
    await engine.step()
    const { world } = engine
    const { session, locked_by } = world.of(Subscription)
    const found: string[] = []
    for (let row = 1; row <= world.rows(Subscription); row++) {
      const filter = filterOf(engine.read('filter', row) ?? '{}')
      if (filter.type !== 'discord.message.new') continue
      expect(locked_by[row]).toBe(LockedBy.operator)
      expect(world.keyOf(Session, session[row]!)).toBe('duck/general')
      found.push(filter.channel ?? '')
    }
    const four = ['343299242963763200', '450688080542695436', '343179912196128792', '367156652140658699']
    expect(found).toEqual(four)
    const rules = discordRulesOf(engine)
    expect(four.map((id) => rules.named.get(id)?.locked)).toEqual([true, true, true, true])
    expect(rules.named.get('343299242963763200')).toMatchObject({ embed: 'aggregates', speak: 'never' })
    expect(janitorPolicyOf(engine)).toMatchObject({ session: 'duck/janitor', report_ms: 3_600_000 })
    await engine.stop()
  })

  test('the token is in neither the policy nor what is printed', async () => {
    let printed = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text)
      return true
    })
    await showConfig(argumentsOf(example()))
    expect(printed).toContain('"token": "(set)"')
    expect(printed).toContain('env:DISCORD_TOKEN')
    expect(printed).not.toContain('very-secret')
    const config = loadConfig(argumentsOf(example()), folder)
    expect(config.discord).toEqual({ token: secret, token_name: 'env:DISCORD_TOKEN', api_url: undefined })
    expect(JSON.stringify(config.policy)).not.toContain('very-secret')
  })
})

describe('What is not said', () => {
  test('without a word about it the policy is as it was before', () => {
    const config = load('write: false')
    expect(config.discord).toBeUndefined()
    expect(Object.keys(config.policy)).not.toContain('discord')
    expect(Object.keys(config.policy)).not.toContain('janitor')
  })

  test('the rest is as by default', () => {
    const { policy } = load(
      'discord:',
      '  token: env:DISCORD_TOKEN',
      '  channels: [{ id: "12", name: a }]',
      'janitor: {}',
    )
    expect(policy.discord).toEqual({
      channels: [{ id: '12', name: 'a', locked: false, embed: 'aggregates', speak: 'asked' }],
      others: 'ignore',
      direct: true,
      bot_hops_max: 3,
    })
    expect(policy.janitor).toMatchObject({ flood_from: 3, report_ms: 3_600_000, report_to: '', session: '' })
    expect(load('janitor: { every: never }').policy.janitor?.report_ms).toBe(0)
    expect(load('janitor: { every: 30m, behind: { high: 4000 } }').policy.janitor).toMatchObject({
      report_ms: 1_800_000,
      behind: { medium: 512, high: 4_000, flood: 8_192 },
    })
  })
})

describe('What is wrong, with its line', () => {
  const start = ['discord:', '  token: env:DISCORD_TOKEN']

  test('an id that is a number', () => {
    const [problem, ...more] = problemsOf(...start, '  channels:', '    - { id: 343299242963763200, name: bots }')
    expect(problem).toMatch(/^4: discord\.channels\.0\.id: must stand in quotes/)
    expect(more).toEqual([])
    expect(problemsOf('janitor: { report_to: 450688080542695436 }')[0]).toMatch(/^1: janitor\.report_to: must stand in/)
  })

  test('a token that is written out is not repeated', () => {
    const problems = problemsOf('discord:', `  token: ${secret}`)
    expect(problems).toEqual(['2: discord.token: must be env:NAME or file:PATH; the value is not shown'])
  })

  test('a token that is not there', () => {
    vi.stubEnv('DISCORD_TOKEN', '')
    expect(problemsOf(...start)).toEqual(['2: discord.token: the variable DISCORD_TOKEN is not set'])
    expect(problemsOf('discord:', '  channels: []')[0]).toMatch(/discord/)
  })

  test('a key that nobody knows', () => {
    expect(problemsOf(...start, '  chanels: []')).toEqual([
      '3: discord.chanels: is not a known key; did you mean channels?',
    ])
    expect(problemsOf('janitor: { reportto: "1" }')[0]).toContain('did you mean report_to?')
  })

  test('an address over which a token must not go, and the same channel twice', () => {
    const twice = ['  channels:', '    - { id: "1", name: a }', '    - { id: "1", name: b }']
    expect(problemsOf(...start, '  api_url: http://discord.example/api', ...twice)).toEqual([
      '3: discord.api_url: api_url http://discord.example/api must be https, or http on this machine: the token goes there',
      '6: discord.channels.1.id: 1 is the id of another one too',
    ])
  })

  test('what the janitor hangs on', () => {
    const agents = ['agents: [{ name: duck, sessions: [{ name: deaf }] }]']
    expect(problemsOf('janitor: { report_to: "5" }')).toEqual([
      '1: janitor.report_to: needs discord: there is no channel to report to',
    ])
    expect(
      problemsOf(...start, 'janitor:', '  report_to: "5"', '  session: duck/none', '  every: 5s', ...agents),
    ).toEqual([
      '4: janitor.report_to: 5 is not among discord.channels',
      '5: janitor.session: there is no session duck/none; there are duck/deaf',
      '6: janitor.every: must be at least 1m, not 5s',
    ])
    expect(problemsOf('janitor: { session: duck/deaf }', ...agents)[0]).toContain('does not hear reports')
    expect(problemsOf('janitor: { pressure: { medium: 500 } }')[0]).toContain('must grow from medium (500)')
    expect(problemsOf(...start, '  others: follow', 'janitor: { report_to: "5" }')).toEqual([])
  })

  test('the schema that is printed has both parts', () => {
    expect(Object.keys(configSchema['properties'] as object)).toEqual(
      expect.arrayContaining(['discord?', 'janitor?'].map((name) => name.slice(0, -1))),
    )
  })
})
