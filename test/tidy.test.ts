import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../engine/errors.ts'
import { dependenciesOf, stripped } from './support/source.ts'

/** The code's own rules, as a test: what a reviewer would otherwise have to say again and again. */

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['engine', 'systems', 'adapters', 'stores', 'bench', 'test'] as const
const outside = new Set(['node_modules', 'dist', 'peers', 'fixtures'])

type Source = { path: string; text: string; code: string; codeAndTexts: string; imports: Import[] }
/** `to` is a file of ours, relative to the root, or the name of a package. */
type Import = { to: string; ours: boolean }

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return outside.has(entry.name) ? [] : filesIn(path)
    return entry.name.endsWith('.ts') ? [path.split(sep).join('/')] : []
  })
}

function sourceOf(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const codeAndTexts = stripped(text, { texts: 'keep' })
  const imports = dependenciesOf(text).map((name) => {
    const ours = name.startsWith('.')
    const file = relative(root, resolve(root, dirname(path), name))
      .split(sep)
      .join('/')
    return { ours, to: ours ? file : packageOf(name) }
  })
  return { path, text, code: stripped(text, { texts: 'drop' }), codeAndTexts, imports }
}

function packageOf(name: string): string {
  return name.startsWith('node:') ? name : name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

const sources: Source[] = folders.flatMap(filesIn).map(sourceOf)
const byPath = new Map(sources.map((source) => [source.path, source]))
const shipped = sources.filter(({ path }) => !/^(bench|test)\//.test(path))
const inFolder = (...names: string[]): Source[] => sources.filter(({ path }) => names.includes(path.split('/')[0]!))

/** Every place where `holds` finds something wrong, as `file:line what`. */
function found(among: readonly Source[], pattern: RegExp, of: 'text' | 'code' = 'code'): string[] {
  return among.flatMap((source) =>
    [...source[of].matchAll(new RegExp(pattern, 'g'))].map(
      (match) => `${source.path}:${lineAt(source.text, match.index)} ${match[0].trim()}`,
    ),
  )
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

describe('Who imports whom', () => {
  /** Pure parts of one system that another may use, because they are the same arithmetic. */
  const sharedParts = new Set([
    'systems/memory/usage.ts',
    'systems/memory/text-of.ts',
    'systems/memory/floods/template.ts',
  ])
  /** Two doors into the same house: a socket for the command line, and a page for people. */
  const sharedAdapters: Record<string, string> = { control: 'inspector' }
  /** The suites that are exported together; nothing else brings stores and adapters to one place. */
  const suites = new Set(['stores/conformance.ts', 'stores/index-conformance.ts', 'adapters/conformance.ts'])
  /** No adapter, but how all of them reach a module of Node that is slow to import. */
  const nodeHttp = 'adapters/node-http.ts'
  /** Not systems: columns, events, what was read or is passed over in this tick, how a key is made, where the outside stopped. */
  const sharedSystems = new Set(
    ['components', 'events', 'minted', 'hidden', 'erased', 'skipped', 'keys', 'cursors'].map(
      (name) => `systems/${name}.ts`,
    ),
  )
  /** What an adapter may see of the mind. */
  const forAdapters = new Set(['events', 'recall', 'cursors'].map((name) => `systems/${name}.ts`))

  /** `systems/x.ts` and `systems/x/y.ts` are both of `x`. */
  const nameIn = (folder: string, path: string): string => path.slice(folder.length + 1).split(/[/.]/)[0]!

  function mayImport(from: string, to: string): boolean {
    const [home] = from.split('/')
    const [there] = to.split('/')
    if (home === 'bench' || home === 'test') return true
    if (there === 'bench' || there === 'test' || !to.includes('/')) return false
    if (home === 'engine') return there === 'engine'
    if (home === 'stores') return there === 'engine' || there === 'stores'
    if (home === 'systems') return there === 'engine' || (there === 'systems' && systemMay(from, to))
    return adapterMay(from, to)
  }

  function systemMay(from: string, to: string): boolean {
    if (from === 'systems/index.ts') return true
    if (sharedSystems.has(to) || sharedParts.has(to)) return true
    // How words are read is nobody's own; and a part may keep its columns beside it, for the one page that lists them all.
    if (nameIn('systems', to) === 'text') return true
    // What agents are is nobody's own either: routing, scheduling and turns share it.
    if (nameIn('systems', to) === 'agents') return true
    if (to.endsWith('/columns.ts')) return true
    if (nameIn('systems', from) === 'recall') return nameIn('systems', to) === 'recall' || to.split('/').length > 2
    return (
      nameIn('systems', from) === nameIn('systems', to) && !(from.split('/').length > 2 && to.split('/').length === 2)
    )
  }

  function adapterMay(from: string, to: string): boolean {
    const mine = nameIn('adapters', from)
    if (mine === 'cli') return true
    if (to.startsWith('engine/') || forAdapters.has(to) || to === nodeHttp) return true
    if (from === 'adapters/testing.ts') return suites.has(to)
    if (!to.startsWith('adapters/')) return false
    return nameIn('adapters', to) === mine || sharedAdapters[mine] === nameIn('adapters', to)
  }

  test('as the architecture says', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.filter(({ ours, to }) => ours && !mayImport(path, to)).map(({ to }) => `${path} imports ${to}`),
    )
    expect(wrong).toEqual([])
  })

  test('every import of ours names a file that exists, with its extension', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ ours, to }) => ours && !to.endsWith('.json') && !byPath.has(to))
        .map(({ to }) => `${path} imports ${to}`),
    )
    expect(wrong).toEqual([])
  })

  test('one package, one importing file; and every package is one of the manifest', () => {
    const importers = new Map<string, string[]>()
    for (const { path, imports } of shipped) {
      for (const { ours, to } of imports) {
        if (ours || to.startsWith('node:') || to === 'promethean') continue
        importers.set(to, [...new Set([...(importers.get(to) ?? []), path])])
      }
    }
    expect([...importers].filter(([, files]) => files.length > 1)).toEqual([])
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
    expect([...importers.keys()].filter((name) => !(name in declared))).toEqual([])
  })

  test('no file is dead', () => {
    const entries = sources.filter(
      ({ path }) =>
        /^(bench|test)\//.test(path) ||
        /^(adapters|stores)\/[^/]+\.ts$/.test(path) ||
        /^(engine|systems)\/index\.ts$/.test(path),
    )
    const reached = new Set<string>()
    const queue = entries.map(({ path }) => path)
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (reached.has(path)) continue
      reached.add(path)
      const source = byPath.get(path)
      for (const { ours, to } of source?.imports ?? []) if (ours) queue.push(to)
      queue.push(...spawnedBy(source))
    }
    expect(sources.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([])
  })

  /** A file that is run as a process of its own is named by its base name, without an extension, in the file that runs it. */
  function spawnedBy(source: Source | undefined): string[] {
    if (source === undefined || !source.codeAndTexts.includes('import.meta.url')) return []
    const near = sources.filter(({ path }) => path.startsWith(dirname(source.path)))
    const names = (path: string): string => path.replace(/^.*\//, '').replace(/\.ts$/, '')
    return near
      .map(({ path }) => path)
      .filter((path) => new RegExp(`[/'\`]${names(path)}[.'\`$]`).test(source.codeAndTexts))
  }
})

describe('Determinism', () => {
  /** The few files of the engine that face outward. */
  const outward = new Set(
    [
      'beat.ts engine.ts version.ts options.ts',
      'flow/adapter.ts flow/clock.ts flow/dispatch.ts flow/driver.ts flow/events.ts flow/inbox.ts flow/intake.ts flow/waiting.ts',
      'record/store.ts record/journal.ts record/recorder.ts record/recover.ts record/replay.ts record/read.ts record/visit.ts record/dead.ts',
      'record/past.ts record/frozen.ts record/first.ts record/fork.ts record/fork-branch.ts record/fork-store.ts',
    ]
      .join(' ')
      .split(' ')
      .map((name) => `engine/${name}`),
  )
  const inward = inFolder('engine', 'systems').filter(({ path }) => !outward.has(path))

  test.each([
    ['async', /\basync\b/],
    ['await', /\bawait\b/],
    ['Promise', /\bPromise\b/],
    ['Date', /\bDate\b/],
    ['chance', /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/],
    ['a timer', /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
    ['the process', /\bprocess\b/],
    ['the network', /\bfetch\s*\(/],
    ['a power', /\*\*|\bMath\.pow\b/],
    ['the locale', /\blocaleCompare\b|\bIntl\b|\btoLocale\w+/],
  ])('nothing inside uses %s', (_name, pattern) => {
    expect(found(inward, pattern)).toEqual([])
  })

  test('nothing inside reads a clock, but the trace', () => {
    expect(found(inward, /\bperformance\b/).filter((place) => !place.startsWith('engine/trace.ts'))).toEqual([])
  })

  test('nothing inside imports what reaches outside; the powers differ between runtimes everywhere', () => {
    // `node:module` loads a package when it is first needed; what it loads is the same whenever that is.
    const pure = new Set(['node:crypto', 'node:zlib', 'node:buffer', 'node:module'])
    const wrong = inward.flatMap(({ path, imports }) =>
      imports.filter(({ to }) => to.startsWith('node:') && !pure.has(to)).map(({ to }) => `${path} imports ${to}`),
    )
    expect(wrong).toEqual([])
    expect(found(inFolder('engine', 'systems'), /\*\*|\bMath\.pow\b|\bMath\.random\b|\blocaleCompare\b/)).toEqual([])
  })

  test('every outward file still exists', () => {
    expect([...outward].filter((path) => !byPath.has(path))).toEqual([])
  })
})

describe('Sizes', () => {
  /** Files that may be longer, how long, and why. */
  const longer: Record<string, [lines: number, why: string]> = {
    'engine/engine.ts': [435, 'the one class an embedder sees, most of it docstrings and its way in and out'],
    'engine/tick.ts': [390, 'the whole of determinism, on one page'],
    'stores/conformance.ts': [380, 'a list of cases, read one at a time'],
  }
  const linesMax = 300
  const testLinesMax = 600
  const functionLinesMax = 70

  test('a file is read in one go', () => {
    const wrong = sources.flatMap(({ path, text }) => {
      const lines = text.split('\n').length - 1
      const most = longer[path]?.[0] ?? (path.startsWith('test/') ? testLinesMax : linesMax)
      return lines > most ? [`${path} has ${lines} lines of ${most}`] : []
    })
    expect(wrong).toEqual([])
  })

  test('no exception is kept longer than it is needed', () => {
    const idle = Object.keys(longer).filter((path) => (byPath.get(path)?.text.split('\n').length ?? 0) - 1 <= linesMax)
    expect(idle).toEqual([])
  })

  test('a function fits a screen; an exported suite of cases is none', () => {
    const suites = /conformance\.ts$/
    expect(shipped.filter(({ path }) => !suites.test(path)).flatMap(longFunctions)).toEqual([])
  })

  /** Blocks that are neither classes nor data: bodies of functions, and what is inside them. */
  function longFunctions({ path, code }: Source): string[] {
    const wrong: string[] = []
    const open: { line: number; body: boolean }[] = []
    let header = ''
    let line = 1
    for (const char of code) {
      if (char === '\n') line++
      if (char === '{') {
        const data = /\b(class|interface)\b|\b(type|import|export)\b[^(]*$|(^|[^=])[=(,:[|&?]\s*$|\breturn\s*$/.test(
          header,
        )
        open.push({ line, body: !data })
      } else if (char === '}') {
        const block = open.pop()
        if (block?.body && line - block.line - 1 > functionLinesMax)
          wrong.push(`${path}:${block.line} has ${line - block.line - 1} lines`)
      }
      header = char === '{' || char === '}' || char === ';' ? '' : header + char
    }
    return wrong
  }
})

describe('Habits', () => {
  test('types are not switched off', () => {
    expect(found(sources, /(?<![.\w])any\b(?=\s*[,;)>|&=\]\n[}])(?<=[:<|&(,]\s*any|\bas any|\bis any)/)).toEqual([])
    expect(
      found(sources, new RegExp(`@ts-(${['ignore', 'nocheck', 'expect-error'].join('|')})`), 'text').filter(notHere),
    ).toEqual([])
    expect(found(sources, /biome-ignore(?![^\n]*: \w)/, 'text').filter(notHere)).toEqual([])
  })

  test('nothing is put off', () => {
    expect(
      found(sources, new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`), 'text'),
    ).toEqual([])
  })

  test('no error is swallowed', () => {
    expect(found(sources, /\bcatch\s*(\([^)]*\)\s*)?\{\s*\}/)).toEqual([])
    expect(found(shipped, /\.catch\(\s*(\(\w*\)|\w+)\s*=>\s*(\{\s*\}|undefined|null)\s*\)/)).toEqual([])
  })

  test('no test is left out without a condition', () => {
    expect(found(inFolder('test'), /\b(test|it|describe|suite)\s*\.\s*(only|skip|todo)\b(?!If)/)).toEqual([])
  })

  test('every export of the sources has a sentence above it, or is one of a group that has', () => {
    const bare = inFolder('engine', 'stores', 'adapters').flatMap(({ path, text }) => {
      const lines = text.split('\n')
      return lines.flatMap((line, index) => {
        if (!/^export (async )?(function\*?|class|abstract class) /.test(line)) return []
        return /\*\/\s*$|^\/\//.test(lines[index - 1] ?? '') ? [] : [`${path}:${index + 1} ${line}`]
      })
    })
    expect(bare).toEqual([])
  })

  function notHere(place: string): boolean {
    return !place.startsWith('test/tidy.test.ts')
  }
})

describe('Error codes', () => {
  const readme = readFileSync(join(root, 'engine/README.md'), 'utf8')
  const users = shipped.filter(({ path }) => path !== 'engine/errors.ts')

  test('what is thrown has a code of the list', () => {
    const thrown = users.flatMap(({ path, codeAndTexts }) =>
      [...codeAndTexts.matchAll(/new EngineError\(\s*'([^']+)'/g)].map(([, code]) => [path, code!] as const),
    )
    expect(thrown.length).toBeGreaterThan(10)
    expect(thrown.filter(([, code]) => !(code in errorCodes))).toEqual([])
  })

  test('every code of the list is used', () => {
    const idle = Object.keys(errorCodes).filter(
      (code) => !users.some((source) => source.codeAndTexts.includes(`'${code}'`)),
    )
    expect(idle).toEqual([])
  })

  test('the README lists every code with its meaning, and no other', () => {
    const listed = [...readme.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning])
    expect(Object.fromEntries(listed)).toEqual({ ...errorCodes })
    expect(listed).toHaveLength(Object.keys(errorCodes).length)
  })
})

describe('The house', () => {
  test('the program that the README shows is the one that a test runs', () => {
    const shown = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
    const run = readFileSync(join(root, 'test/examples/library.ts'), 'utf8')
    expect(shown.map(([, code]) => code)).toContain(run)
  })

  test('the top level holds what the architecture names', () => {
    const given = ['package.json', 'tsconfig.json', 'README.md', ...folders]
    const expected = [...given, 'LICENSE', 'CHANGELOG.md', 'package-lock.json']
    const made = new Set(['node_modules', 'dist', 'coverage'])
    const entries = readdirSync(root).filter((name) => !name.startsWith('.') && !made.has(name))
    expect(entries.sort()).toEqual(expected.sort())
  })

  test('every folder of the top level has its README', () => {
    const missing = folders.filter((folder) => !readdirSync(join(root, folder)).includes('README.md'))
    expect(missing).toEqual([])
  })

  test('a README of a folder names only files that are there; `name.ts` stands for any', () => {
    const inside = new Set(sources.map(({ path }) => dirname(path)).filter((path) => path.includes('/')))
    const wrong = [...folders, ...inside].flatMap((folder) => {
      const readme = join(root, folder, 'README.md')
      if (!readdirSync(join(root, folder)).includes('README.md')) return []
      const named = [...readFileSync(readme, 'utf8').matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|json|md))`/g)]
      return named
        .map(([, path]) => path!)
        .filter((path) => !/\/name(\.\w+)+$/.test(path) && !exists(path) && !exists(`${folder}/${path}`))
        .map((path) => `${folder}/README.md names ${path}`)
    })
    expect(wrong).toEqual([])
  })

  function exists(path: string): boolean {
    return statSync(join(root, path), { throwIfNoEntry: false }) !== undefined
  }

  test('what the package exports is chosen', () => {
    const text = byPath.get('engine/index.ts')!.code
    const groups = [...text.matchAll(/export (type )?\{([^}]*)\}/g)]
    const names = groups.flatMap(([, allTypes, list]) =>
      list!
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .map((name) => (allTypes === undefined || name.startsWith('type ') ? name : `type ${name}`)),
    )
    const values = names.filter((name) => !name.startsWith('type ')).sort()
    const types = names
      .filter((name) => name.startsWith('type '))
      .map((name) => name.slice(5))
      .sort()
    expect(text.replace(/export (type )?\{[^}]*\} from\s+' *'/g, '').trim(), 'it only re-exports').toBe('')
    expect(values).toEqual(exportedValues)
    expect(types).toEqual(exportedTypes)
  })

  const exportedValues = [
    'ClockSet',
    'Effect',
    'EffectFailure',
    'EffectStatus',
    'Engine',
    'EngineError',
    'EngineStarted',
    'archetype',
    'assert',
    'compileSchema',
    'createEngine',
    'defaultLimits',
    'effectType',
    'errorCodes',
    'eventType',
    'isoTime',
    'objectOf',
    'reasonOf',
    'replayJournal',
    'silent',
    'states',
    'system',
    'table',
  ]
  const exportedTypes = [
    'Adapter',
    'Archetype',
    'BranchEffect',
    'Check',
    'Columns',
    'Commit',
    'Condition',
    'EffectCall',
    'EffectHandler',
    'EffectType',
    'EngineOptions',
    'EngineStatus',
    'ErrorCode',
    'Event',
    'EventInput',
    'EventType',
    'EventsOptions',
    'Failure',
    'First',
    'FirstOptions',
    'ForkOptions',
    'Forked',
    'Health',
    'JournalEntry',
    'Json',
    'JsonSchema',
    'Keyframes',
    'Limits',
    'Log',
    'Outside',
    'Pacing',
    'Parts',
    'Past',
    'Payload',
    'Problem',
    'Put',
    'ReplayReport',
    'Schema',
    'Source',
    'Stamps',
    'Store',
    'StoreHead',
    'System',
    'Tick',
    'Timings',
    'View',
    'Visit',
    'Waiting',
    'World',
  ]
})

describe('The reader of sources', () => {
  const computed = (code: string): string => `\`x $\{${code}} in y\``

  test('drops comments and texts, keeps code, lines and what a template computes', () => {
    const sample = [
      "const a = 'text /* not a comment */' // a comment with 'quotes'",
      '/* a block',
      `   of two lines */ const b = /[/"']+/g.test(a) ? ${computed(`b / 2 + ${computed('c')}`)} : 1 / 2`,
    ].join('\n')
    const code = stripped(sample, { texts: 'drop' })
    expect(code.split('\n')).toHaveLength(3)
    expect(code).toMatch(/^const a = ' +' *$/m)
    expect(code).toHaveLength(sample.length)
    expect(code).toContain('b / 2')
    expect(code).toContain('c')
    expect(code).toContain('1 / 2')
    for (const gone of ['comment', 'text', 'block', 'quotes', ' in ', '["']) expect(code).not.toContain(gone)
    expect(stripped('a = b[0]! / c // gone', { texts: 'keep' }).trimEnd()).toBe('a = b[0]! / c')
    expect(stripped('a = !/b/.test(c)', { texts: 'drop' })).toBe('a = !/ /.test(c)')
    expect(stripped(sample, { texts: 'keep' })).toContain('not a comment')
  })

  test('finds every kind of import', () => {
    const sample = [
      "import a from 'a'",
      "import {\n  b,\n} from './b.ts'",
      "import 'c'",
      "export * from './d.ts'",
      "export { e } from './e.ts'",
      "const f = await import('f')",
      "type G = import('./g.ts').G",
      "const text = 'no import here'",
    ].join('\n')
    expect(dependenciesOf(sample)).toEqual(['a', './b.ts', 'c', './d.ts', './e.ts', 'f', './g.ts'])
  })
})
