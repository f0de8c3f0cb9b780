import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place } from '../support/daemon.ts'
import { opencodeBinary } from '../support/opencode-real.ts'
import { isProgram } from '../support/program.ts'
import { withToken } from '../support/with-token.ts'

const run = promisify(execFile)
const folder = resolve(process.env['MCP_TOOLS'] ?? '.', 'node_modules/.bin')
const inspector = join(folder, 'mcp-inspector')
const conformance = join(folder, 'conformance')
const installed = [inspector, conformance].every(isProgram)
const unless = installed
  ? ''
  : ': the official tools are not installed: npm install @modelcontextprotocol/inspector @modelcontextprotocol/conformance in a folder that MCP_TOOLS names'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  await cleanUp()
})

/** What the inspector's command line prints for a method of `promethean mcp`. */
async function inspected(place: Place, ...words: string[]): Promise<Record<string, unknown>> {
  const server = [process.execPath, cliPath, 'mcp', ...place.words]
  const { stdout } = await run(inspector, ['--cli', ...server, ...words], { maxBuffer: 1e7 })
  return JSON.parse(stdout) as Record<string, unknown>
}

test.skipIf(!installed)(
  `the official inspector lists, calls and reads what there is${unless}`,
  { timeout: 120_000 },
  async () => {
    const place = new Place()
    const { tools } = (await inspected(place, '--method', 'tools/list')) as {
      tools: { name: string; outputSchema?: object }[]
    }
    const names = ['recall', 'remember', 'explain', 'related', 'pin', 'forget', 'status', 'run_contract']
    expect(tools.map(({ name }) => name)).toEqual(names)
    expect(tools.every(({ outputSchema }) => outputSchema !== undefined)).toBe(true)
    const call = (name: string, ...args: string[]): Promise<Record<string, unknown>> =>
      inspected(place, '--method', 'tools/call', '--tool-name', name, ...args.flatMap((arg) => ['--tool-arg', arg]))
    const said = await call('remember', 'text=The heron of the mill stands at the weir')
    expect(said['structuredContent']).toMatchObject({ memory_id: 1, stored: true, durable: true })
    const found = await call('recall', 'query=heron weir')
    expect(found['structuredContent']).toMatchObject({ answered: true, hits: [{ memory_id: 1 }] })
    expect((await call('related', 'id=1'))['structuredContent']).toEqual({ memory_id: 1, related: [] })
    expect((await call('pin', 'id=1'))['structuredContent']).toMatchObject({ memory_id: 1, done: true })
    await expect(call('explain', 'id=77')).rejects.toThrow('tool_is_error')
    const { resources } = (await inspected(place, '--method', 'resources/list')) as { resources: { uri: string }[] }
    expect(resources.map(({ uri }) => uri)).toEqual(['memory://1'])
    expect(await inspected(place, '--method', 'resources/templates/list')).toMatchObject({
      resourceTemplates: [{ uriTemplate: 'memory://{id}' }, { uriTemplate: 'note:///{+path}' }],
    })
  },
)

/** Scenarios that must hold. */
const hold = [
  'server-initialize',
  'ping',
  'tools-list',
  'resources-list',
  'server-sse-polling',
  'server-sse-multiple-streams',
  'dns-rebinding-protection',
]
/** Scenarios that ask for a reference server, and what they find missing: a change of either is noticed. */
const doNotApply: { readonly [scenario: string]: RegExp } = {
  'logging-set-level': /Method not found/,
  'completion-complete': /Method not found/,
  'tools-call-simple-text': /Tool test_simple_text not found/,
  'tools-call-image': /Tool test_image_content not found/,
  'tools-call-audio': /Tool test_audio_content not found/,
  'tools-call-embedded-resource': /Tool test_embedded_resource not found/,
  'tools-call-mixed-content': /Tool test_multiple_content_types not found/,
  'tools-call-with-logging': /Method not found/,
  'tools-call-error': /Tool test_error_handling not found/,
  'tools-call-with-progress': /Tool test_tool_with_progress not found/,
  'tools-call-sampling': /Tool test_sampling not found/,
  'tools-call-elicitation': /Tool test_elicitation not found/,
  'json-schema-2020-12': /Tool 'json_schema_2020_12_tool' not found/,
  'elicitation-sep1034-defaults': /Tool test_elicitation_sep1034_defaults not found/,
  'elicitation-sep1330-enums': /Tool test_elicitation_sep1330_enums not found/,
  'resources-read-text': /Resource not found: test:\/\/static-text/,
  'resources-read-binary': /Resource not found: test:\/\/static-binary/,
  'resources-templates-read': /Resource not found: test:\/\/template/,
  'resources-subscribe': /Method not found/,
  'resources-unsubscribe': /Method not found/,
  'prompts-list': /Method not found/,
  'prompts-get-simple': /Method not found/,
  'prompts-get-with-args': /Method not found/,
  'prompts-get-embedded-resource': /Method not found/,
  'prompts-get-with-image': /Method not found/,
}

type Check = { readonly status: string; readonly errorMessage?: string }

test.skipIf(!installed)(
  `the official conformance suite finds what there is, and misses what does not apply${unless}`,
  { timeout: 120_000 },
  async () => {
    const place = new Place()
    const daemon = await place.start()
    await daemon.until('the port is known', () => /127\.0\.0\.1:\d+/.test(daemon.err))
    const token = readFileSync(join(place.data, 'inspector.token'), 'utf8').trim()
    const way = await withToken(Number(/127\.0\.0\.1:(\d+)/.exec(daemon.err)?.[1]), token)
    cleanups.push(() => way.close())
    const out = join(place.folder, 'conformance')
    const words = ['server', '--url', `http://127.0.0.1:${way.port}/mcp`, '--suite', 'all', '-o', out]
    // It ends with 1 because of what does not apply.
    await expect(run(conformance, words, { maxBuffer: 1e7 })).rejects.toMatchObject({ code: 1 })
    const failures = new Map<string, string>()
    for (const name of readdirSync(out)) {
      const checks = JSON.parse(readFileSync(join(out, name, 'checks.json'), 'utf8')) as Check[]
      const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, '')
      const failed = checks.filter(({ status }) => status === 'FAILURE')
      failures.set(scenario, failed.map(({ errorMessage }) => errorMessage ?? 'failed').join('; '))
    }
    expect([...failures.keys()].sort()).toEqual([...hold, ...Object.keys(doNotApply)].sort())
    for (const scenario of hold) expect(failures.get(scenario), scenario).toBe('')
    for (const [scenario, missing] of Object.entries(doNotApply))
      expect(failures.get(scenario), scenario).toMatch(missing)
    expect(await daemon.stop()).toMatchObject({ code: 0 })
  },
)

const opencode = opencodeBinary()

test.skipIf(opencode === undefined)(
  `opencode connects by the set-up of the README${opencode === undefined ? ': opencode is not installed; OPENCODE_BIN may name it' : ''}`,
  { timeout: 120_000 },
  async () => {
    const place = new Place()
    const command = [process.execPath, cliPath, 'mcp', '--client', 'opencode', ...place.words]
    for (const name of ['home', 'project']) mkdirSync(join(place.folder, name))
    const cwd = join(place.folder, 'project')
    writeFileSync(join(cwd, 'opencode.json'), JSON.stringify({ mcp: { memory: { type: 'local', command } } }))
    const env = { PATH: process.env['PATH'] ?? '', HOME: join(place.folder, 'home') }
    const { stdout, stderr } = await run(opencode ?? '', ['mcp', 'list'], { cwd, env })
    expect(stdout + stderr).toMatch(/memory .*connected/)
  },
)
