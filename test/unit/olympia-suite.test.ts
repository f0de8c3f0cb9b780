import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CliError } from '../../adapters/cli/exit.ts'
import { loadSuite, ownSuites } from '../../adapters/cli/olympia/load.ts'

/** The suite that a text makes, or what is said against it, without the name of its file. */
function read(text: string): ReturnType<typeof loadSuite> | string[] {
  const folder = mkdtempSync(join(tmpdir(), 'promethean-suite-'))
  const file = join(folder, 'suite.yaml')
  writeFileSync(file, text)
  try {
    return loadSuite(file)
  } catch (thrown) {
    if (!(thrown instanceof CliError) || thrown.exit !== 78) throw thrown
    return thrown.message.replaceAll(`${file}:`, '').split('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const head = 'name: mine\nabout: Mine.\ntasks:\n'
const one = (more: string): string => `${head}  - name: one\n${more}`
const said = '    validators: [{ answer: { contains: [a] } }]\n'

describe('A suite', () => {
  test('those that come with the package are sound and have tasks of their kind', () => {
    expect(ownSuites()).toEqual(['frontmatter', 'tools'])
    const [frontmatter, tools] = ownSuites().map(loadSuite)
    expect(frontmatter?.tasks.every(({ note }) => note !== undefined)).toBe(true)
    expect(tools?.tasks.every(({ prompt }) => prompt !== undefined)).toBe(true)
    for (const suite of [frontmatter, tools]) expect(suite?.tasks.length).toBeGreaterThanOrEqual(12)
  })

  test('what its file leaves out is as usual, and its hash follows its text', () => {
    const suite = read(one(`    prompt: Hello\n${said}`))
    expect(suite).toMatchObject({ name: 'mine', contract: 'frontmatter/v1', run_ms: 180_000, instructions: '' })
    expect(read(one(`    prompt: Hello!\n${said}`))).not.toMatchObject({ hash: (suite as { hash: string }).hash })
  })

  test.each([
    [
      'an unknown key, with the one that was meant',
      one(`    promt: Hello\n${said}`),
      '5: tasks.0.promt: is not a known key; did you mean prompt?',
    ],
    [
      'an unknown key of a validator',
      one('    prompt: Hello\n    validators: [{ answr: {} }]\n'),
      '6: tasks.0.validators.0.answr: is not a known key; did you mean answer?',
    ],
    ['a value of the wrong type', one(`    prompt: 7\n${said}`), '5: tasks.0.prompt: must be string, not 7'],
    ['neither a prompt nor a note', one(said), '4: tasks.0: needs a prompt or a note, and not both'],
    [
      'a name twice',
      `${one(`    prompt: Hello\n${said}`)}  - name: one\n    prompt: Hello\n${said}`,
      '7: tasks.1.name: one is the name of another task too',
    ],
    [
      'a tool that is not offered',
      one(
        '    prompt: Hello\n    tools: [{ name: weather, about: W, returns: 1 }]\n    validators: [{ calls: { expect: [{ tool: wether }] } }]\n',
      ),
      '7: tasks.0.validators.0.calls.expect.0.tool: there is no tool wether; did you mean weather?',
    ],
    [
      'a tool that gives nothing',
      one(`    prompt: Hello\n    tools: [{ name: weather, about: W }]\n${said}`),
      '6: tasks.0.tools.0: needs returns or fails',
    ],
    [
      'tools that a model cannot tell apart',
      one(
        `    prompt: Hello\n    tools: [{ name: a.b, about: W, returns: 1 }, { name: a_b, about: W, returns: 1 }]\n${said}`,
      ),
      '6: tasks.0.tools.1.name: two tools are named a_b to a model',
    ],
    [
      'a rule about a note where there is none',
      one('    prompt: Hello\n    validators: [{ untouched: true }]\n'),
      '6: tasks.0.validators.0: is about a note, and the task has none',
    ],
    [
      'a rule about a turn where there is none',
      one('    note: { text: Hello }\n    validators: [{ refuses: true }]\n'),
      '6: tasks.0.validators.0: is about a turn, and the task has no prompt',
    ],
    [
      'a contract that there is not',
      `contract: frontmater/v1\n${one(`    prompt: Hello\n${said}`)}`,
      '1: contract: there is no contract frontmater/v1; did you mean frontmatter/v1?',
    ],
    ['YAML that is none', 'name: [', '1: not valid YAML: '],
  ])('is refused for %s', (_, text, expected) => {
    const [first] = read(text) as string[]
    expect(first?.slice(0, expected.length)).toBe(expected)
  })

  test('patterns that can run away and schemas that are none are refused where they stand', () => {
    const found = read(
      one(`    prompt: Hello
    tools: [{ name: t, about: T, returns: 1, schema: { type: nonsense } }]
    validators:
      - answer: { matches: '(a+)+$' }
      - answer: { json: { type: object, properties: { a: { type: string, pattern: '(a+)+$' } } } }
`),
    ) as string[]
    expect(found.map((line) => line.slice(0, line.indexOf(': ', 4)))).toEqual([
      '6: tasks.0.tools.0.schema',
      '8: tasks.0.validators.0.answer.matches',
      '9: tasks.0.validators.1.answer.json',
    ])
  })

  test('everything that is wrong is said at once, in the order of the file', () => {
    const found = read(`${head}  - name: One\n    prompt: ''\n    runs: 0\n${said}`) as string[]
    expect(found.map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      '4: tasks.0.name',
      '5: tasks.0.prompt',
      '6: tasks.0.runs',
    ])
  })

  test('the one that the guide shows is sound', () => {
    const guide = readFileSync(new URL('../../adapters/olympia/README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? []
    expect(read(example)).toMatchObject({ name: 'mine', tasks: [{ name: 'one-call' }, { name: 'only-tags' }] })
  })

  test('a name that means nothing is a matter of usage, with the nearest one', () => {
    expect(() => loadSuite('tool')).toThrow(/there is no suite tool, and no such file; did you mean tools\?/)
  })
})
