import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'

/** The part of `promethean.yaml` that is about opencode. */

const text: JsonSchema = { type: 'string', minLength: 1 }
const answer: JsonSchema = { enum: ['once', 'always', 'reject', 'ask'] }

/** `permissions`: the first rule that fits answers; `*` stands for any characters. */
export const opencodeSchema: JsonSchema = objectOf({
  base_url: text,
  'password?': { type: 'string', pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$' },
  'directories?': { type: 'array', items: text, maxItems: 100 },
  'permissions?': {
    type: 'array',
    items: objectOf({ 'tool?': text, 'pattern?': text, answer }),
    maxItems: 1_000,
  },
  'default?': answer,
})
