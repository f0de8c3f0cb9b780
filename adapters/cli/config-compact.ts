import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { type CompactPolicy, defaultCompact } from '../../systems/compact/policy.ts'
import { durationOf } from './config-agents.ts'
import type { ConfigProblems } from './config-problems.ts'

/** `memory.compact` as the config writes it; `true` means all of the defaults. */
export type CompactConfig =
  | boolean
  | {
      readonly after?: string
      readonly every?: string
      readonly model?: boolean
      readonly share?: number
      readonly fall_max?: number
      /** How long what a summary stands for is kept; without it for ever. */
      readonly keep?: string
    }

const duration: JsonSchema = { type: 'string', pattern: '^[0-9]{1,9}(ms|s|m|h|d)$' }
const everyMin_ms = 60_000
const keepMin_ms = 86_400_000

/** Memories that nobody uses are stood for by summaries: how old they must be, how often it is done, and who words it. */
export const compactSchema: JsonSchema = {
  anyOf: [
    { type: 'boolean' },
    objectOf({
      'after?': duration,
      'every?': duration,
      'model?': { type: 'boolean' },
      'share?': { type: 'number', minimum: 0.05, maximum: 0.8 },
      'fall_max?': { type: 'number', minimum: 0, maximum: 1 },
      'keep?': duration,
    }),
  ],
}

/** The policy's part about compaction; undefined where nobody wants it. */
export function compactFrom(given: CompactConfig | undefined, problems: ConfigProblems): CompactPolicy | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return defaultCompact
  const { after, every, keep: _, ...rest } = given
  const policy: CompactPolicy = {
    ...defaultCompact,
    ...rest,
    ...(after === undefined ? {} : { after_ms: durationOf(after) }),
    ...(every === undefined ? {} : { every_ms: durationOf(every) }),
  }
  if (policy.every_ms < everyMin_ms) problems.add('memory.compact.every', `must be at least 1m, not ${every}`)
  return policy
}

/** How long the texts are kept that a summary stands for, in milliseconds; undefined for ever. */
export function keepOf(given: CompactConfig | undefined, problems: ConfigProblems): number | undefined {
  if (typeof given !== 'object' || given.keep === undefined) return undefined
  const keep_ms = durationOf(given.keep)
  if (keep_ms < keepMin_ms) problems.add('memory.compact.keep', `must be at least 1d, not ${given.keep}`)
  return keep_ms
}
