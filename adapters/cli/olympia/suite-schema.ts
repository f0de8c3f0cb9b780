import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'

/** What a suite's file may say, as a JSON Schema. */

const text: JsonSchema = { type: 'string', minLength: 1 }
const texts: JsonSchema = { type: 'array', items: text, minItems: 1, maxItems: 100 }
const schema: JsonSchema = { type: 'object' }
const on: JsonSchema = { const: true }

const tool = objectOf({
  name: { type: 'string', pattern: '^[A-Za-z0-9_.-]{1,64}$' },
  about: text,
  'schema?': schema,
  'returns?': {},
  'cases?': { type: 'array', items: objectOf({ when: schema, returns: {} }), minItems: 1, maxItems: 100 },
  'fails?': text,
})

const answer = objectOf({
  'equals?': text,
  'contains?': texts,
  'contains_any?': texts,
  'lacks?': texts,
  'matches?': text,
  'json?': schema,
})

const calls = objectOf({
  expect: { type: 'array', items: objectOf({ tool: text, 'arguments?': schema }), maxItems: 100 },
  'order?': { enum: ['in', 'any'] },
  'besides?': { type: 'boolean' },
})

const frontmatter = objectOf({ 'contract?': text, 'data?': schema, 'keeps?': texts })

const validator: JsonSchema = {
  ...objectOf({
    'answer?': { ...answer, minProperties: 1 },
    'calls?': calls,
    'refuses?': on,
    'frontmatter?': frontmatter,
    'untouched?': on,
  }),
  minProperties: 1,
  maxProperties: 1,
}

const task = objectOf({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$' },
  'about?': text,
  'prompt?': text,
  'note?': objectOf({ 'path?': { type: 'string', pattern: '^[^/].*\\.md$', maxLength: 300 }, text }),
  'tools?': { type: 'array', items: tool, maxItems: 100 },
  validators: { type: 'array', items: validator, minItems: 1, maxItems: 100 },
  'runs?': { type: 'integer', minimum: 1, maximum: 1000 },
})

const contract = objectOf({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*/v[0-9]+$' },
  about: text,
  schema,
  'order?': { type: 'array', items: text },
  'stamp?': text,
  'attempts_max?': { type: 'integer', minimum: 1, maximum: 20 },
})

/** The JSON Schema of a suite. */
export const suiteSchema: JsonSchema = objectOf({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{0,63}$' },
  about: text,
  'instructions?': text,
  'answer_tokens_max?': { type: 'integer', minimum: 16, maximum: 1_000_000 },
  'run_ms?': { type: 'integer', minimum: 100, maximum: 3_600_000 },
  'contract?': text,
  'contracts?': { type: 'array', items: contract, maxItems: 100 },
  tasks: { type: 'array', items: task, minItems: 1, maxItems: 1000 },
})
