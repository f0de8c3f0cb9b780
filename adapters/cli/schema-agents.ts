import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { filterSchema } from '../../systems/events.ts'

/** The parts of `promethean.yaml` that are about agents: who they are, what they hear, may do and may spend. */

const text: JsonSchema = { type: 'string', minLength: 1 }
const name: JsonSchema = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$' }
const most: JsonSchema = { type: 'integer', minimum: 0, maximum: 1_000_000_000 }
const atLeastOne: JsonSchema = { type: 'integer', minimum: 1, maximum: 1_000_000_000 }
const money: JsonSchema = { type: 'number', minimum: 0 }
const share: JsonSchema = { type: 'number', minimum: 0, maximum: 1 }
const filters: JsonSchema = { type: 'array', items: { ...filterSchema, minProperties: 1 }, maxItems: 1000 }

const caps = objectOf({
  'rounds_max?': atLeastOne,
  'calls_max?': most,
  'calls_round_max?': atLeastOne,
  'repeats_max?': atLeastOne,
  'repairs_max?': most,
  'tokens_max?': atLeastOne,
  'approval_ms?': atLeastOne,
  'model_retries_max?': { type: 'integer', minimum: 0, maximum: 255 },
  'inputs_max?': { type: 'integer', minimum: 1, maximum: 1000 },
})

const budgets = objectOf({
  'turns_minute_max?': atLeastOne,
  'tokens_minute_max?': atLeastOne,
  'calls_minute_max?': atLeastOne,
  'tokens_day_max?': most,
  'cost_day_max?': money,
  'bot_turns_max?': { type: 'integer', minimum: 0, maximum: 60_000 },
})

const shares = objectOf({
  'headers?': share,
  'persistent?': share,
  'recent?': share,
  'related?': share,
  'safety?': share,
})

/** `interval` is a duration: `10m`, `30s`, `2h`. `circuit` and `tools` are held against what there is once that is known. */
const session: JsonSchema = objectOf({
  name,
  'lane?': { enum: ['interactive', 'operational', 'maintenance'] },
  'weight?': { type: 'number', minimum: 0.001, maximum: 1000 },
  'circuit?': text,
  'instructions?': text,
  'model?': text,
  'filters?': filters,
  'envelope?': filters,
  'queue_max?': { type: 'integer', minimum: 1, maximum: 100_000 },
  'overflow?': { enum: ['block', 'coalesce', 'drop_oldest'] },
  'permissions?': { enum: ['read', 'ask', 'auto'] },
  'tools?': { type: 'array', items: text, maxItems: 1000 },
  'interval?': { type: 'string', pattern: '^[0-9]{1,9}(ms|s|m|h|d)$' },
  'scope?': { enum: ['shared', 'private'] },
  'shares?': shares,
  'related_max?': { type: 'integer', minimum: 0, maximum: 100 },
  'caps?': caps,
  'budgets?': budgets,
})

const agent: JsonSchema = objectOf({
  name,
  'instructions?': text,
  'model?': text,
  'window_tokens?': { type: 'integer', minimum: 1_000, maximum: 100_000_000 },
  'answer_tokens_max?': { type: 'integer', minimum: 16, maximum: 10_000_000 },
  'tokens_day_max?': most,
  'prices?': objectOf({ in_per_million: money, out_per_million: money }),
  'cost_day_max?': money,
  'sessions?': { type: 'array', items: session, minItems: 1, maxItems: 10_000 },
})

const lane = objectOf({
  'turns_minute_max?': atLeastOne,
  'tokens_minute_max?': atLeastOne,
  'calls_minute_max?': atLeastOne,
  'reserved?': { type: 'integer', minimum: 0, maximum: 1000 },
})

export const agentsSchema: JsonSchema = { type: 'array', items: agent, minItems: 1, maxItems: 10_000 }

export const schedulerSchema: JsonSchema = objectOf({
  'turns_in_flight_max?': { type: 'integer', minimum: 1, maximum: 1000 },
  'ageing_ms?': atLeastOne,
  'lanes?': objectOf({ 'interactive?': lane, 'operational?': lane, 'maintenance?': lane }),
})

/** Tools that are off unless they are named. */
export const toolsSchema: JsonSchema = objectOf({
  'web_fetch?': {
    oneOf: [
      { type: 'boolean' },
      objectOf({
        'ports?': { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 }, minItems: 1 },
        'bytes_max?': { type: 'integer', minimum: 1, maximum: 16_777_216 },
      }),
    ],
  },
})
