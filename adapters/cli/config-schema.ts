import { objectOf } from '../../engine/flow/event.ts'
import { defaultLimits } from '../../engine/limits.ts'
import { compileSchema, type JsonSchema, type Problem } from '../../engine/schema.ts'
import { profileNames } from '../openai/profiles.ts'
import { archiveSchema } from './config-archive.ts'
import { compactSchema } from './config-compact.ts'
import { mcpSchema } from './config-mcp.ts'
import { agentsSchema, schedulerSchema, toolsSchema } from './schema-agents.ts'
import { discordSchema, janitorSchema } from './schema-discord.ts'
import { opencodeSchema } from './schema-opencode.ts'
import { repairsSchema } from './schema-repair.ts'

const fileName = 'promethean.yaml'
const text: JsonSchema = { type: 'string', minLength: 1 }
const positive: JsonSchema = { type: 'number', exclusiveMinimum: 0 }
/** A secret is named, never written down: `env:NAME` or `file:PATH`. */
const secret: JsonSchema = { type: 'string', pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$' }

const contract: JsonSchema = objectOf({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*/v[0-9]+$' },
  about: text,
  schema: { type: 'object' },
  'order?': { type: 'array', items: text },
  'stamp?': text,
  'attempts_max?': { type: 'integer', minimum: 1, maximum: 20 },
  'then?': text,
  'defaults?': { type: 'object' },
})

const model: JsonSchema = objectOf({
  'adapter?': { enum: ['offline', 'openai'] },
  'base_url?': text,
  'api_key?': secret,
  'model?': text,
  'profile?': { enum: [...profileNames] },
  'stream?': { type: 'boolean' },
  'first_byte_ms?': positive,
  'idle_ms?': positive,
  'total_ms?': positive,
  'parallel?': { type: 'integer', minimum: 1, maximum: 256 },
  'temperature?': { type: 'number', minimum: 0, maximum: 2 },
  'delay_ms?': { type: 'number', minimum: 0 },
  'embed_model?': text,
  'embed_dimensions?': { type: 'integer', minimum: 1, maximum: 8192 },
})

/** `off`: words alone. `offline`: vectors made here, without a model. `model`: by `model.embed_model`. */
const memory: JsonSchema = objectOf({
  'embedding?': { enum: ['off', 'offline', 'model'] },
  'eidolon?': { type: 'boolean' },
  'compact?': compactSchema,
})

const limits = objectOf(Object.fromEntries(Object.keys(defaultLimits).map((name) => [`${name}?`, positive])))

/** Parts that take long to compile and that most configs do not have. */
const late = {
  agents: agentsSchema,
  scheduler: schedulerSchema,
  tools: toolsSchema,
  discord: discordSchema,
  janitor: janitorSchema,
  mcp: mcpSchema,
  repairs: repairsSchema,
  opencode: opencodeSchema,
} as const

/** The JSON Schema of `promethean.yaml`, as `promethean config schema` prints it. */
export const configSchema: JsonSchema = objectOf({
  'notes?': text,
  'data?': text,
  'write?': { type: 'boolean' },
  'contract?': text,
  'contracts?': { type: 'array', items: contract },
  'model?': model,
  'memory?': memory,
  ...Object.fromEntries(Object.entries(late).map(([name, schema]) => [`${name}?`, schema])),
  'archive?': archiveSchema,
  'port?': { type: 'integer', minimum: 0, maximum: 65_535 },
  'limits?': limits,
  'log?': objectOf({ 'level?': { enum: ['debug', 'info', 'warn', 'error'] } }),
  'extend?': text,
})

/** Everything that the schema says against a config file, with paths from its top; a part is compiled when it is there. */
export function checkConfig(data: unknown): Problem[] {
  const { properties, ...rest } = configSchema
  const open = Object.fromEntries(Object.keys(late).map((name) => [name, {}]))
  const problems = [...compileSchema({ ...rest, properties: { ...(properties as object), ...open } }, fileName)(data)]
  for (const [name, schema] of Object.entries(late)) {
    const part = (data as Record<string, unknown> | null)?.[name]
    if (part === undefined) continue
    const found = compileSchema(schema, `${fileName}: ${name}`)(part)
    problems.push(...found.map(({ path, message }) => ({ path: path === '' ? name : `${name}.${path}`, message })))
  }
  return problems
}
