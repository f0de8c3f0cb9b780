import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'

/** The parts of `promethean.yaml` that are about Discord and the janitor. */

const text: JsonSchema = { type: 'string', minLength: 1 }
/** In quotes: as a number its last digits would be lost. */
const snowflake: JsonSchema = { type: 'string', pattern: '^[0-9]{1,20}$' }
const steps = objectOf({
  'medium?': { type: 'number', exclusiveMinimum: 0 },
  'high?': { type: 'number', exclusiveMinimum: 0 },
  'flood?': { type: 'number', exclusiveMinimum: 0 },
})

const channel = objectOf({
  id: snowflake,
  name: { type: 'string', minLength: 1, maxLength: 100 },
  'locked?': { type: 'boolean' },
  'embed?': { enum: ['all', 'aggregates'] },
  'speak?': { enum: ['never', 'asked', 'always'] },
})

/** `token` is a reference, `env:NAME` or `file:PATH`. */
export const discordSchema: JsonSchema = objectOf({
  token: { type: 'string', pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$' },
  'api_url?': text,
  'channels?': { type: 'array', items: channel, maxItems: 10_000 },
  'others?': { enum: ['ignore', 'follow'] },
  'direct?': { type: 'boolean' },
  'bot_hops_max?': { type: 'integer', minimum: 0, maximum: 60_000 },
})

/** `every` is a duration, `1h`, or `never`. */
export const janitorSchema: JsonSchema = objectOf({
  'every?': { type: 'string', pattern: '^([0-9]{1,9}(ms|s|m|h|d)|never)$' },
  'report_to?': snowflake,
  'session?': text,
  'flood_from?': { type: 'integer', minimum: 2, maximum: 1_000_000 },
  'families_max?': { type: 'integer', minimum: 1, maximum: 100 },
  'propose_from?': { type: 'integer', minimum: 2, maximum: 1_000_000_000 },
  'pressure?': steps,
  'behind?': steps,
})
