import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'

/** The part of `promethean.yaml` that is about repairs: commands that must succeed. */

const text: JsonSchema = { type: 'string', minLength: 1 }
const duration: JsonSchema = { type: 'string', pattern: '^[0-9]{1,9}(ms|s|m|h|d)$' }

const repair = objectOf({
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' },
  directory: text,
  command: { type: 'array', items: text, minItems: 1, maxItems: 256 },
  'attempts_max?': { type: 'integer', minimum: 1, maximum: 20 },
  'every?': duration,
  'deadline_ms?': { type: 'integer', minimum: 1_000, maximum: 3_600_000 },
  'agent?': text,
})

/** `command` is a program and its arguments, which no shell reads; `every` is a duration, `1h`. */
export const repairsSchema: JsonSchema = { type: 'array', items: repair, maxItems: 100 }
