import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { type Config, loadConfig } from '../../adapters/cli/config.ts'
import { matchesTool, unknownTools } from '../../adapters/cli/config-agents.ts'
import { configSchema } from '../../adapters/cli/config-schema.ts'
import { defaultAgent, defaultAgents, defaultScheduler, defaultSession } from '../../systems/agents/policy.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function load(...yaml: string[]): Config {
  const file = join(folder, 'promethean.yaml')
  writeFileSync(file, `${yaml.join('\n')}\n`)
  return loadConfig(readArguments(['config', 'check', '--config', file]), folder)
}
function problemsOf(...yaml: string[]): string[] {
  try {
    load(...yaml)
  } catch (thrown) {
    return String((thrown as Error).message)
      .split('\n')
      .map((line) => line.slice(line.indexOf('yaml:') + 5))
  }
  return []
}

test('without a word about agents there is one to talk with', () => {
  const { policy } = load('write: false')
  expect(policy.agents).toEqual(defaultAgents)
  expect(policy.scheduler).toEqual(defaultScheduler)
})

test('what is not said is as by default, down to single caps, shares and lanes', () => {
  const { policy } = load(
    'agents:',
    '  - name: duck',
    '    instructions: Be a duck.',
    '    prices: { in_per_million: 1, out_per_million: 2 }',
    '    sessions:',
    '      - name: general',
    '        filters: [{ type: discord.message.new, channel: "343179912196128792" }]',
    '        interval: 10m',
    '        caps: { rounds_max: 3 }',
    '        shares: { related: 0.3 }',
    '        budgets: { turns_minute_max: 5, cost_day_max: 1.5 }',
    '        circuit: survival',
    '  - name: goose',
    'scheduler: { turns_in_flight_max: 4, lanes: { maintenance: { turns_minute_max: 1 } } }',
  )
  const [duck, goose] = policy.agents
  expect(duck?.sessions[0]).toEqual({
    ...defaultSession,
    name: 'general',
    circuit: 'survival',
    filters: [{ type: 'discord.message.new', channel: '343179912196128792' }],
    interval_ms: 600_000,
    caps: { ...defaultSession.caps, rounds_max: 3 },
    shares: { ...defaultSession.shares, related: 0.3 },
    turns_minute_max: 5,
    cost_day_max: 1.5,
  })
  expect(goose?.sessions).toEqual([{ ...defaultSession, name: 'chat', filters: [] }])
  expect(policy.scheduler.lanes.maintenance).toEqual({ ...defaultScheduler.lanes.maintenance, turns_minute_max: 1 })
  expect(policy.scheduler.lanes.interactive).toEqual(defaultScheduler.lanes.interactive)
})

describe('what is wrong is told with its line', () => {
  const cases: { name: string; yaml: string[]; says: RegExp[] }[] = [
    {
      name: 'an unknown key, with a guess',
      yaml: ['agents:', '  - name: duck', '    sesions: []'],
      says: [/^3: agents\.0\.sesions: is not a known key; did you mean sessions\?/],
    },
    {
      name: 'a wrong value deep down',
      yaml: ['agents:', '  - name: duck', '    sessions:', '      - name: a', '        lane: fast'],
      says: [/^5: agents\.0\.sessions\.0\.lane: .*interactive.*not "fast"/],
    },
    {
      name: 'an unknown circuit, with those there are',
      yaml: ['agents:', '  - name: duck', '    sessions:', '      - name: a', '        circuit: procedura'],
      says: [/^5: agents\.0\.sessions\.0\.circuit: there is no circuit procedura; choose of .*procedural/],
    },
    {
      name: 'two agents and two sessions of one name',
      yaml: ['agents:', '  - name: a', '  - name: a', '    sessions: [{ name: s }, { name: s }]'],
      says: [/^3: agents\.1\.name: a is the name of another one too/, /^4: agents\.1\.sessions\.1\.name: s is/],
    },
    {
      name: 'a name with a slash',
      yaml: ['agents: [{ name: a/b }]'],
      says: [/^1: agents\.0\.name: .*pattern/],
    },
    {
      name: 'costs without prices, at the agent and at a session',
      yaml: [
        'agents:',
        '  - name: a',
        '    cost_day_max: 1',
        '    sessions: [{ name: s, budgets: { cost_day_max: 1 } }]',
      ],
      says: [/^3: agents\.0\.cost_day_max: needs prices/, /^4: agents\.0\.sessions\.0\.budgets\.cost_day_max: needs/],
    },
    {
      name: 'shares of more than the window, an interval of nothing, an answer as long as the window',
      yaml: [
        'agents:',
        '  - name: a',
        '    window_tokens: 4000',
        '    answer_tokens_max: 3000',
        '    sessions: [{ name: s, interval: 5ms, shares: { related: 0.9 } }]',
      ],
      says: [/answer_tokens_max: must be at most half/, /interval: must be at least 1000 ms/, /shares: add up to 1\./],
    },
    {
      name: 'a filter that asks for nothing, and an interval that is none',
      yaml: ['agents: [{ name: a, sessions: [{ name: s, filters: [{}], interval: soon }] }]'],
      says: [/filters\.0: /, /interval: .*pattern.*not "soon"/],
    },
    {
      name: 'a tool that there is not, with a guess',
      yaml: ['agents:', '  - name: a', '    sessions:', '      - name: s', '        tools: [web.fetch, memory.recal]'],
      says: [/^5: agents\.0\.sessions\.0\.tools\.1: no tool is named memory\.recal; did you mean memory\.recall\?/],
    },
    {
      name: 'more reserved places than there are',
      yaml: ['scheduler: { turns_in_flight_max: 1, lanes: { operational: { reserved: 3 } } }'],
      says: [/^1: scheduler: the lanes reserve 4 turns/],
    },
    {
      name: 'an unknown tool switch',
      yaml: ['tools: { webfetch: true }'],
      says: [/webfetch: is not a known key; did you mean web_fetch/],
    },
  ]
  test.for(cases)('$name', ({ yaml, says }) => {
    const problems = problemsOf(...yaml)
    for (const said of says)
      expect(
        problems.filter((line) => said.test(line)),
        String(said),
      ).toHaveLength(1)
    expect(problems).toHaveLength(says.length)
  })
})

test('patterns of tools that no tool matches are named, with the nearest', () => {
  const names = ['memory.recall', 'time.now']
  const sessions = [{ ...defaultSession, name: 's', filters: [], tools: ['memory.*', 'tim.now', 'web.*'] }]
  const agents = [{ ...defaultAgent, name: 'a', sessions }]
  expect(unknownTools({ agents }, names)).toEqual([
    { path: 'agents.0.sessions.0.tools.1', text: 'no tool is named tim.now; did you mean time.now?' },
    { path: 'agents.0.sessions.0.tools.2', text: 'no tool is named web.*' },
  ])
  expect(matchesTool('memory.*', 'memory.recall')).toBe(true)
  expect(matchesTool('memory.*', 'memories.recall')).toBe(false)
  expect(matchesTool('*', 'time.now')).toBe(true)
})

test('the schema that is printed holds all of it', () => {
  const { properties } = configSchema as { properties: Record<string, unknown> }
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(['agents', 'scheduler', 'tools', 'model']))
})
