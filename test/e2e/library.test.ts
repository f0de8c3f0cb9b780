import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = join(root, 'test/examples/library.ts')
const execute = promisify(execFile)
const node = (words: readonly string[], cwd: string) => execute(process.execPath, [...words], { cwd })
let folder: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'promethean-library-')))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A folder that has the packed package and the packages it depends on, and nothing of the sources. */
async function consume(): Promise<string> {
  const consumer = join(folder, 'consumer')
  mkdirSync(join(consumer, 'node_modules', 'promethean'), { recursive: true })
  const { stdout } = await execute('npm', ['pack', '--json', '--silent', '--pack-destination', folder], { cwd: root })
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string }[]
  const into = join(consumer, 'node_modules', 'promethean')
  await execute('tar', ['-xzf', join(folder, packed!.filename), '-C', into, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(into, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  await execute(join(root, 'node_modules/.bin/publint'), ['--strict', join(folder, packed!.filename)], { cwd: root })
  const attw = ['--profile', 'esm-only', '--no-emoji', join(folder, packed!.filename)]
  await execute(join(root, 'node_modules/.bin/attw'), attw, { cwd: root })
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    mkdirSync(dirname(join(consumer, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name))
  }
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(consumer, 'library.ts'), readFileSync(example))
  return consumer
}

/** What each example prints, apart from numbers that a clock decides. */
const printed: readonly (readonly [example: string, output: RegExp])[] = [
  ['01-tick.ts', /^landed at tick 23\ndigest [0-9a-f]{32}\n$/],
  ['02-remember.ts', /^memories 1 to 1\nmemories 2 to 2\n(memories .*\n)*found: The oven has 180 degrees\.\n$/],
  ['03-recall.ts', /^answered\n\d.*painted in May\..*\n(.*\n)*.*-> ent:jonas lindqvist -> .*\nnot answered\n$/],
  ['04-replay.ts', /^live digest ([0-9a-f]{32})\nkept digest \1\nidentical over \d+ ticks\n$/],
  ['05-custom-system.ts', /^Ada has said 3 things\n$/],
  ['06-custom-adapter.ts', /^opened by the porter, effect 1, attempt 2\n$/],
  ['07-custom-store.ts', /^tick 1: .*text 1.*\nBread rises\.\n$/],
  ['08-tool.ts', /^weather\.now done\nI looked\. .*It rains in Bergen\..*\n$/],
  [
    '09-contract.ts',
    /^soup\.md meets recipe\/v1\n---\nauthor: Mina # keeps its comment\ntitle: Potato soup\nserves: 4\n---\n/,
  ],
]

const everyEntry = `
import { compileSchema, createEngine, defaultLimits, type EngineStatus, EngineError, eventType, system } from 'promethean'
import { fs } from 'promethean/adapters/fs'
import { openai } from 'promethean/adapters/openai'
import { adapterConformance, storeConformance, vectorIndexConformance } from 'promethean/testing'
import { ram } from 'promethean/stores/ram'
import { defaultSystems, mind } from 'promethean/systems'

const Said = eventType<{ text: string }>('said', { type: 'object', required: ['text'] })
const count = system('count', ({ events, world, now_ms }) => {
  for (const event of events) if (Said.is(event)) console.assert(event.payload.text.length > 0 && now_ms > 0 && world !== null)
})
const base = mind()
const parts = { ...base, systems: [count, ...base.systems], events: [...base.events, Said] as typeof base.events }
await using engine = await createEngine({ ...parts, store: ram(), drive: 'manual', limits: { tick_ms: defaultLimits.tick_ms } })
engine.publish({ type: 'said', payload: { text: 'hello' } })
await engine.step()
const status: EngineStatus = engine.status()
const { identical } = await engine.replay()
console.log(status.tick, identical, defaultSystems.length > 0, typeof compileSchema, typeof fs, typeof openai, typeof storeConformance, typeof adapterConformance, typeof vectorIndexConformance)
try {
  engine.publish({ type: 'nobody declared this', payload: {} })
} catch (thrown) {
  console.log(thrown instanceof EngineError ? thrown.code : 'other')
}
`

test('the packed package works for a consumer, types included, and brings its command and samples', async () => {
  const consumer = await consume()
  writeFileSync(join(consumer, 'every-entry.ts'), everyEntry)
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  const names = printed.map(([name]) => name)
  for (const name of names) {
    const text = readFileSync(join(root, 'test/examples', name), 'utf8')
    expect(text.split('\n').length, name).toBeLessThanOrEqual(60)
    writeFileSync(join(consumer, name), text)
  }
  const files = ['library.ts', 'every-entry.ts', ...names]
  writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const compiled = await execute(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: consumer }).catch(
    (thrown: { stdout: string }) => thrown,
  )
  expect(compiled.stdout).toBe('')

  expect(readFileSync(example, 'utf8').trimEnd().split('\n'), 'the example is twelve lines').toHaveLength(12)
  // What is said again within half a minute stays one memory.
  for (let run = 0; run < 2; run++) {
    const { stdout, stderr } = await node(['library.ts'], consumer)
    expect(stdout).toMatch(/^\d\.\d\d The arm64 build broke again\. \(note 1\)\ntick \d+, digest [0-9a-f]{32}\n$/)
    expect(stderr).toBe('')
  }
  expect((await node(['every-entry.ts'], consumer)).stdout).toBe(
    '1 true true function function function function function function\nEVENT_TYPE_UNKNOWN\n',
  )
  for (const [name, output] of printed) expect((await node([name], consumer)).stdout, name).toMatch(output)
  const cli = join(consumer, 'node_modules/promethean/dist/adapters/cli.js')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect((await node([cli, '--version'], consumer)).stdout).toBe(`${version}\n`)
  const sample = await execute(process.execPath, [cli, 'run', '--sample', '--once'], {
    cwd: consumer,
    env: { ...process.env, TMPDIR: folder },
  })
  expect(sample.stdout).toMatch(/repaired 3, failed 1/)
}, 90_000)

const whatIsLoaded = `
const { createRequire } = await import('node:module')
const listening = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)])
const before = listening()
const { createEngine, system } = await import('promethean')
const compilers = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('ajv'))
const { ram } = await import('promethean/stores/ram')
const nothing = system('nothing', () => undefined)
for (const entry of ['systems', 'stores/lmdb', 'stores/usearch', 'adapters/fs', 'adapters/openai', 'adapters/discord'])
  await import('promethean/' + entry)
const packages = process.report.getReport().sharedObjects.filter((path) => path.includes('node_modules'))
await createEngine({ archetypes: [], systems: [nothing], events: [], effects: [], records: [], store: ram() })
await new Promise((resolve) => setImmediate(resolve))
const handles = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|Socket|FSReq/.test(name))
console.log(JSON.stringify({ native: packages, compilers, handles, listeners: listening().filter((each) => !before.some((other) => String(other) === String(each))) }))
`

/** The suite of stores, as somebody with Node's own test runner uses it. */
const ownStore = `
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { describe, test } from 'node:test'
import { ram } from 'promethean/stores/ram'
import { storeConformance } from 'promethean/testing'

const expect = (actual) => ({
  toEqual: (expected) => deepStrictEqual(actual, expected),
  toBe: (expected) => strictEqual(actual, expected),
  toBeGreaterThan: (expected) => ok(actual > expected),
})
const make = async () => {
  const store = ram()
  return { store, reopen: async () => (await store.close(), store), destroy: () => store.close() }
}
storeConformance('mine', make, { describe, test, expect })
`

/** Bytes of all files that an entry of the package brings along. */
function bytesBehind(entry: string, seen = new Set<string>()): number {
  if (seen.has(entry)) return 0
  seen.add(entry)
  const text = readFileSync(entry, 'utf8')
  const imported = [...text.matchAll(/(?:from|import) '(\.[^']+)'/g)].map(([, path]) => join(dirname(entry), path!))
  return imported.reduce((sum, path) => sum + bytesBehind(path, seen), Buffer.byteLength(text))
}

test('who only imports loads nothing native, with the engine no compiler of schemas and little code, and is left alone', async () => {
  const consumer = join(folder, 'consumer')
  writeFileSync(join(consumer, 'loaded.mjs'), whatIsLoaded)
  const { stdout } = await node(['loaded.mjs'], consumer)
  expect(JSON.parse(stdout)).toEqual({ native: [], compilers: [], handles: [], listeners: [] })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  expect(statSync(join(folder, tarball!)).size).toBeLessThan(1_000_000)
  expect(bytesBehind(join(consumer, 'node_modules/promethean/dist/engine/index.js'))).toBeLessThan(175_000)
})

test('the suite of stores runs from the package, under the runner that Node brings', async () => {
  const consumer = join(folder, 'consumer')
  writeFileSync(join(consumer, 'mine.test.mjs'), ownStore)
  const { stdout } = await node(['--test', '--test-reporter=tap', 'mine.test.mjs'], consumer)
  expect(stdout).toMatch(/# fail 0/)
  expect(Number(/# pass (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(15)
})
