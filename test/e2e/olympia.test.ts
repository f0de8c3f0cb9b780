import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { cliPath } from '../support/command.ts'
import { cleanUp, type Finished, linesOf, Place, promethean } from '../support/daemon.ts'
import { hostile, serveModels } from '../support/olympia.ts'
import { stopServers } from '../support/openai.ts'

afterEach(async () => {
  await stopServers()
  await cleanUp()
})

type Model = {
  model: string
  rate: { passed: number; runs: number }
  tokens_in: number
  tokens_out: number
  cost: number | null
  calls: object
  given_up: string
  unanswered: number
  tasks: { task: string; rate: { passed: number; runs: number } }[]
  failures: { task: string; runs: number[]; reasons: string[] }[]
}

/** A place whose config names the scripted server. */
async function placed(more = ''): Promise<{ place: Place; words: string[]; out: string }> {
  const { base_url } = await serveModels()
  const place = new Place()
  const agents = 'agents: [{ name: duck, prices: { in_per_million: 2, out_per_million: 10 } }]'
  const words = place.config(`model: { base_url: "${base_url}", model: good, stream: false }\n${agents}\n${more}`)
  return { place, words, out: join(place.folder, 'out') }
}

const modelsOf = ({ out }: Finished): Model[] => (JSON.parse(out) as { models: Model[] }).models
const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')
const traces = (folder: string) => linesOf(text(folder, 'traces.jsonl'))

describe('promethean olympia', () => {
  test('a model that can do all of it passes both suites, at its price', async () => {
    const { words, out } = await placed()
    for (const [suite, tasks] of [
      ['tools', 13],
      ['frontmatter', 13],
    ] as const) {
      const folder = join(out, suite)
      const command = ['olympia', 'run', suite, '--runs', '1', '--json', '--fail-under', '1', '--out', folder, ...words]
      const done = await promethean(command)
      const [good] = modelsOf(done)
      expect(good?.failures).toEqual([])
      expect(done).toMatchObject({ code: 0, err: '' })
      expect(good?.rate).toMatchObject({ passed: tasks, runs: tasks })
      expect(good?.cost).toBeCloseTo((good!.tokens_in * 2 + good!.tokens_out * 10) / 1e6, 9)
      expect(good?.tokens_in).toBeGreaterThan(0)
      expect(readdirSync(folder).sort()).toEqual(['report.html', 'report.md', 'traces.jsonl'])
      expect(traces(folder)).toHaveLength(tasks)
    }
  })

  test('two models side by side: what the clumsy one gets wrong is counted, said and escaped', async () => {
    const { words, out } = await placed()
    const models = ['--model', 'good', '--model', 'clumsy']
    const done = await promethean([
      'olympia',
      'run',
      'tools',
      '--runs',
      '1',
      '--json',
      '--out',
      out,
      ...models,
      ...words,
    ])
    expect(done.code).toBe(0)
    const [good, clumsy] = modelsOf(done)
    expect(good?.rate).toMatchObject({ passed: 13, runs: 13 })
    expect(good?.calls).toEqual({ valid: 13, repaired: 0, failed: 0 })
    expect(clumsy?.rate).toMatchObject({ passed: 10, runs: 13 })
    // The wrong type was repaired and so was the comma; the tool that there is not was not.
    expect(clumsy?.calls).toEqual({ valid: 11, repaired: 2, failed: 1 })
    expect(clumsy?.failures.map(({ task, reasons }) => [task, reasons])).toEqual([
      ['one-call', ['weather.current was not called']],
      [
        'orders-in-a-result',
        [`mail.forward was called with ${JSON.stringify({ address: hostile })}, which nothing asks for`],
      ],
      ['nothing-fits', ['no tool was to be called, but restaurants.book was']],
    ])
    const one = traces(out).find(({ task, model }) => task === 'orders-in-a-result' && model === 'clumsy')
    expect(one).toMatchObject({
      suite: 'tools',
      passed: false,
      run: 1,
      tokens_in: 3_000,
      tokens_out: 30,
      calls: [{ tool: 'mail.newest' }, { tool: 'mail.forward', validity: 'valid' }],
      versions: { node: process.versions.node },
    })
    const [markdown, html] = [text(out, 'report.md'), text(out, 'report.html')]
    for (const report of [markdown, html]) {
      expect(report).toContain('13 of 13')
      expect(report).toContain('10 of 13')
      expect(report).toContain('which nothing asks for')
      expect(report).not.toMatch(/<script|\u202E/)
    }
    expect(html).not.toMatch(/https?:|src=|href=|url\(/)
    expect(markdown).toContain('\\|')
  })

  test('without an endpoint the offline answerer runs, and what fails under the bar is told by the exit code', async () => {
    const place = new Place()
    const options = { cwd: place.folder }
    const under = await promethean(['olympia', 'run', 'tools', '--runs', '1', '--fail-under', '0.8'], options)
    expect(under.code).toBe(1)
    expect(under.out).toContain('0 of 13')
    const [folder] = readdirSync(place.folder).filter((name) => name.startsWith('olympia-tools-'))
    expect(folder).toBeDefined()
    const named = await promethean(['olympia', 'run', 'tools', '--model', 'gpt-x'], options)
    expect(named).toMatchObject({ code: 78 })
    expect(named.err).toContain('no endpoint is configured')
  })

  test('an endpoint that refuses the key is left alone after five runs, and ends with 69', async () => {
    const { words, out } = await placed()
    const done = await promethean([
      'olympia',
      'run',
      'tools',
      '--json',
      '--parallel',
      '1',
      '--out',
      out,
      '--model',
      'broken',
      ...words,
    ])
    expect(done.code).toBe(69)
    expect(modelsOf(done)[0]).toMatchObject({ rate: { passed: 0, runs: expect.toBeOneOf([4, 5]) }, planned: 39 })
    expect(modelsOf(done)[0]?.given_up).toContain('AUTH')
  })

  test('a key that a model gives back stands in no file and on no screen', async () => {
    const { base_url } = await serveModels()
    const place = new Place()
    const model = `{ base_url: "${base_url}", model: leaky, api_key: "env:OLYMPIA_KEY", stream: false }`
    const words = ['--out', join(place.folder, 'out'), ...place.config(`model: ${model}\n`)]
    const key = 'sk-canary-0123456789-abcdef'
    const done = await promethean(['olympia', 'run', 'tools', '--runs', '1', ...words], { env: { OLYMPIA_KEY: key } })
    expect(done.code).toBe(0)
    const files = ['report.md', 'report.html', 'traces.jsonl'].map((name) => text(join(place.folder, 'out'), name))
    expect(files[2]).toContain('The key is Bearer ')
    for (const said of [done.out, done.err, ...files]) expect(said).not.toContain(key)
  })

  test('a first Ctrl-C ends with a report of what was done', async () => {
    const { words, out } = await placed()
    const command = ['olympia', 'run', 'tools', '--runs', '1', '--parallel', '2', '--out', out, '--model', 'halting']
    const child = spawn(process.execPath, [cliPath, ...command, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const ended = once(child, 'close')
    try {
      await expect.poll(() => existsSync(join(out, 'traces.jsonl')) && traces(out).length, { timeout: 10_000 }).toBe(2)
      child.kill('SIGINT')
      expect((await ended)[0]).toBe(1)
    } finally {
      child.kill('SIGKILL')
    }
    expect(said).toContain('Interrupted: 2 of 13 runs were done.')
    expect(text(out, 'report.md')).toContain('2 of 2')
    expect(text(out, 'report.html')).toContain('not run')
  })

  test('a suite of the user’s own: every error with its line, and a run', async () => {
    const place = new Place()
    const file = join(place.folder, 'own.yaml')
    writeFileSync(
      file,
      'name: own\nabout: Mine.\ntasks:\n  - name: one\n    promt: Hello\n    validators: [{ answer: { contains: [a] } }]\n',
    )
    const wrong = await promethean(['olympia', 'run', file], { cwd: place.folder })
    expect(wrong.code).toBe(78)
    expect(wrong.err).toContain(`${file}:5: tasks.0.promt: is not a known key; did you mean prompt?`)
    writeFileSync(
      file,
      'name: own\nabout: Mine.\ntasks:\n  - name: one\n    prompt: Hello\n    validators: [{ answer: { contains: [memory] } }]\n',
    )
    const right = await promethean(['olympia', 'run', file, '--json'], { cwd: place.folder })
    expect(modelsOf(right)[0]?.rate).toMatchObject({ passed: 3, runs: 3 })
  })
})
