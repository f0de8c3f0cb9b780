import { resolve } from 'node:path'
import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import type { Retention } from './archive/retention.ts'
import { durationOf } from './config-agents.ts'
import type { ConfigProblems } from './config-problems.ts'

/** `archive` as the config writes it; durations as `30d`. */
export type ArchiveConfig = { readonly folder: string; readonly every?: string; readonly keep?: string }

const duration: JsonSchema = { type: 'string', pattern: '^[0-9]{1,9}(ms|s|m|h|d)$' }
const everyUsual = '30d'
const everyMin_ms = 3_600_000
const keepMin_ms = 86_400_000

/** When the daemon archives its journal by itself, where to, and how long archives are kept. */
export const archiveSchema: JsonSchema = objectOf({
  folder: { type: 'string', minLength: 1 },
  'every?': duration,
  'keep?': duration,
})

/** The config's word about archives; a folder is relative to the config's own. Undefined where it has none. */
export function archiveFrom(
  given: ArchiveConfig | undefined,
  base: string,
  problems: ConfigProblems,
): Retention | undefined {
  if (given === undefined) return undefined
  const { folder, every = everyUsual, keep } = given
  const every_ms = durationOf(every)
  const keep_ms = keep === undefined ? undefined : durationOf(keep)
  if (every_ms < everyMin_ms) problems.add('archive.every', `must be at least 1h, not ${every}`)
  if (keep_ms !== undefined && keep_ms < keepMin_ms) problems.add('archive.keep', `must be at least 1d, not ${keep}`)
  return { folder: resolve(base, folder), every_ms, keep_ms }
}
