import { EngineError } from '../../engine/errors.ts'
import { type Check, compileSchema } from '../../engine/schema.ts'
import type { ToolSpec } from '../agents/tools.ts'
import { Trust } from '../components.ts'

/** What tools are to a turn. */

/** Checks of arguments, by the spec they belong to: specs live as long as the policy in force. */
const checks = new WeakMap<ToolSpec, Check>()

/** Tells what is wrong with a tool's arguments. Compiled once for each spec; a schema that is itself wrong fails every call. */
export function argumentsCheck(spec: ToolSpec): Check {
  const known = checks.get(spec)
  if (known !== undefined) return known
  const made = compiled(spec)
  checks.set(spec, made)
  return made
}

function compiled(spec: ToolSpec): Check {
  // The compiler refuses a second schema of the same `$id`, and a policy comes more than once.
  const { $id: _, ...parameters } = spec.parameters
  try {
    return compileSchema(parameters, `arguments of ${spec.name}`)
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown
    return () => [{ path: '', message: 'cannot be checked, because the schema of this tool is wrong' }]
  }
}

/** Tools that come with the mind; another can have no such name. */
const ofPeople = new Set(
  ['recall', 'remember', 'pin', 'forget']
    .map((name) => `memory.${name}`)
    .concat(['notes.list', 'notes.read', 'notes.write']),
)
const ofEngine = new Set(['time.now', 'session.subscribe', 'session.unsubscribe'])

/**
 * How far what a tool gave may be believed: what memory and notes hold as people's words, what the engine itself says as the
 * operator's, and everything else, whatever it is called, as nobody's.
 */
export function resultTrust(tool: string): number {
  if (ofPeople.has(tool)) return Trust.person
  return ofEngine.has(tool) ? Trust.operator : Trust.unknown
}

/** The tool that a model means, of those that a session may use: by its name, or as a model that knows no `.` writes it. O(tools). */
export function offeredTool(
  tools: readonly ToolSpec[],
  patterns: readonly string[],
  name: string,
): ToolSpec | undefined {
  const means = (spec: ToolSpec): boolean => patterns.some((pattern) => matches(pattern, spec.name))
  const exact = tools.find((spec) => spec.name === name)
  const found = exact ?? tools.find((spec) => spec.name.replaceAll('.', '_') === name)
  return found !== undefined && means(found) ? found : undefined
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}
