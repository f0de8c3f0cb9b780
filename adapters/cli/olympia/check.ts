import { compileForeignSchema, compileSchema, type JsonSchema } from '../../../engine/schema.ts'
import { compileContract } from '../../../systems/sentinel/contract.ts'
import { attempt, type ConfigProblems, nearest } from '../config-problems.ts'
import { type SuiteFile, suiteOf, type Task, type Validator } from './suite.ts'

/** What a schema alone cannot say against a suite: names that mean nothing, schemas and patterns that cannot be used. */

/** Notes everything that is wrong with a suite whose form is right. O(its size). */
export function checkSuite(file: SuiteFile, problems: ConfigProblems): void {
  const { contracts, contract, tasks } = suiteOf(file, '')
  for (const [at, each] of contracts.entries()) {
    attempt(problems, `contracts.${at}.schema`, () => void compileContract(each))
  }
  const known = ['frontmatter/v1', ...contracts.map(({ name }) => name)]
  expectKnown(problems, 'contract', contract, known, 'contract')
  const names = new Set<string>()
  for (const [at, task] of tasks.entries()) {
    if (names.has(task.name)) problems.add(`tasks.${at}.name`, `${task.name} is the name of another task too`)
    names.add(task.name)
    checkTask(task, { path: `tasks.${at}`, known, problems })
  }
}

type Place = { readonly path: string; readonly known: readonly string[]; readonly problems: ConfigProblems }

function checkTask(task: Task, place: Place): void {
  const { path, problems } = place
  if ((task.prompt === undefined) === (task.note === undefined)) {
    problems.add(path, 'needs a prompt or a note, and not both')
  }
  if (task.note !== undefined && task.tools !== undefined)
    problems.add(`${path}.tools`, 'a note is repaired without tools')
  const told = new Set<string>()
  for (const [at, tool] of (task.tools ?? []).entries()) {
    const toldAs = tool.name.replaceAll('.', '_')
    if (told.has(toldAs)) problems.add(`${path}.tools.${at}.name`, `two tools are named ${toldAs} to a model`)
    told.add(toldAs)
    if (tool.returns === undefined && tool.fails === undefined) {
      problems.add(`${path}.tools.${at}`, 'needs returns or fails')
    }
    checkSchema(problems, `${path}.tools.${at}.schema`, tool.schema)
    for (const [n, { when }] of (tool.cases ?? []).entries()) {
      checkSchema(problems, `${path}.tools.${at}.cases.${n}.when`, when)
    }
  }
  for (const [at, validator] of task.validators.entries()) {
    checkValidator(validator, task, { ...place, path: `${path}.validators.${at}` })
  }
}

function checkValidator(validator: Validator, task: Task, { path, known, problems }: Place): void {
  const { answer, calls, frontmatter, untouched, refuses } = validator
  const ofNote = frontmatter !== undefined || untouched !== undefined
  if (ofNote && task.note === undefined) problems.add(path, 'is about a note, and the task has none')
  const ofTurn = answer !== undefined || calls !== undefined || refuses !== undefined
  if (ofTurn && task.prompt === undefined) problems.add(path, 'is about a turn, and the task has no prompt')
  checkSchema(problems, `${path}.answer.json`, answer?.json)
  const pattern = answer?.matches
  if (pattern !== undefined) {
    attempt(problems, `${path}.answer.matches`, () => void compileSchema({ type: 'string', pattern }, 'the answer'))
  }
  const tools = (task.tools ?? []).map(({ name }) => name)
  for (const [at, { tool, arguments: schema }] of (calls?.expect ?? []).entries()) {
    expectKnown(problems, `${path}.calls.expect.${at}.tool`, tool, tools, 'tool')
    checkSchema(problems, `${path}.calls.expect.${at}.arguments`, schema)
  }
  if (frontmatter?.contract !== undefined) {
    expectKnown(problems, `${path}.frontmatter.contract`, frontmatter.contract, known, 'contract')
  }
  checkSchema(problems, `${path}.frontmatter.data`, frontmatter?.data)
}

function checkSchema(problems: ConfigProblems, path: string, schema: JsonSchema | undefined): void {
  if (schema !== undefined) attempt(problems, path, () => void compileForeignSchema(schema, 'the schema'))
}

function expectKnown(
  problems: ConfigProblems,
  path: string,
  name: string,
  known: readonly string[],
  what: string,
): void {
  if (!known.includes(name)) problems.add(path, `there is no ${what} ${name}${nearest(name, known)}`)
}
