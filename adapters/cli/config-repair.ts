import { existsSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { defaultRepair, type RepairRule } from '../../systems/repair/policy.ts'
import { durationOf } from './config-agents.ts'
import type { ConfigProblems } from './config-problems.ts'

/** One of `repairs:` as the config writes it. */
export type RepairConfig = Pick<RepairRule, 'name' | 'directory' | 'command' | 'agent'> & {
  readonly attempts_max?: number
  /** How long after a run the next begins by itself: `1h`. */
  readonly every?: string
  readonly deadline_ms?: number
}

/** Repairs begin by themselves at most this often: each may ask a model several times. */
const everyMin_ms = 60_000

/**
 * What the config says of repairs as the policy says it; folders are relative to the config's own.
 * Two of one name, a folder that is not there, or too short a period is a problem.
 */
export function repairsFrom(given: readonly RepairConfig[], base: string, problems: ConfigProblems): RepairRule[] {
  const seen = new Set<string>()
  return given.map(({ every, directory, ...plain }, index) => {
    const path = `repairs.${index}`
    if (seen.has(plain.name)) problems.add(`${path}.name`, `${plain.name} is the name of another one too`)
    seen.add(plain.name)
    const every_ms = every === undefined ? 0 : durationOf(every)
    if (every !== undefined && every_ms < everyMin_ms)
      problems.add(`${path}.every`, `must be at least 1m, not ${every}`)
    return { ...defaultRepair, ...plain, every_ms, directory: folderOf(resolve(base, directory), path, problems) }
  })
}

/** The folder under its real name, by which opencode and two repairs of the same one know it. */
function folderOf(directory: string, path: string, problems: ConfigProblems): string {
  if (existsSync(directory) && statSync(directory).isDirectory()) return realpathSync(directory)
  problems.add(`${path}.directory`, `there is no folder ${directory}`)
  return directory
}
