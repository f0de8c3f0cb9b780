import { existsSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { OpencodePolicy } from '../../systems/opencode/policy.ts'
import type { RepairRule } from '../../systems/repair/policy.ts'
import { addressProblem } from '../opencode/client.ts'
import type { ConfigProblems } from './config-problems.ts'

/** `opencode:` as the config writes it. */
export type OpencodeConfig = Partial<OpencodePolicy> & {
  readonly base_url: string
  /** A reference: `env:NAME` or `file:PATH`. */
  readonly password?: string
  /** Folders whose sessions are heard. Those of `repairs` are heard, too. */
  readonly directories?: readonly string[]
}

/** How opencode is reached, and which folders are heard. */
export type OpencodeAccess = {
  readonly base_url: string
  readonly password: string | undefined
  readonly directories: readonly string[]
}

/** What the config says of opencode's questions, as the policy says it. */
export function opencodePolicyFrom({ permissions = [], default: usual = 'ask' }: OpencodeConfig): OpencodePolicy {
  return { permissions, default: usual }
}

/**
 * How opencode is reached. Folders are relative to the config's own and known by their real names, as opencode knows them.
 * @param password what the reference stands for
 */
export function opencodeAccess(
  given: OpencodeConfig,
  around: { base: string; password: string | undefined; repairs: readonly RepairRule[]; problems: ConfigProblems },
): OpencodeAccess {
  const { base, password, problems, repairs } = around
  const problem = addressProblem(given.base_url)
  if (problem !== undefined) problems.add('opencode.base_url', problem)
  const named = (given.directories ?? []).map((each, at) => folderOf(resolve(base, each), at, problems))
  const directories = [...new Set([...named, ...repairs.map(({ directory }) => directory)])]
  return { base_url: given.base_url, password, directories }
}

function folderOf(directory: string, at: number, problems: ConfigProblems): string {
  if (existsSync(directory) && statSync(directory).isDirectory()) return realpathSync(directory)
  problems.add(`opencode.directories.${at}`, `there is no folder ${directory}`)
  return directory
}
