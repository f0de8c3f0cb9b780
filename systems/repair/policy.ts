import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'

/** A folder and the command that must succeed there: the contract `repair/v1`. */
export type RepairRule = {
  readonly name: string
  /** Absolute. */
  readonly directory: string
  /** A program and its arguments; no shell reads them. */
  readonly command: readonly string[]
  /** How often opencode is asked in one run. */
  readonly attempts_max: number
  /** How long after a run the next one begins by itself; 0 = only when it is asked for. */
  readonly every_ms: number
  /** For each run of the command, and for each answer of opencode. */
  readonly deadline_ms: number
  /** The agent of opencode's that is asked; its usual one where nothing is said. */
  readonly agent?: string
}

/** What a rule leaves open. */
export const defaultRepair: Pick<RepairRule, 'attempts_max' | 'every_ms' | 'deadline_ms'> = {
  attempts_max: 3,
  every_ms: 0,
  deadline_ms: 600_000,
}

export type RepairRules = ReadonlyMap<string, RepairRule>

const none: RepairRules = new Map()

/** Reading is pure, so what one text says can be kept; only the newest is. */
let kept: { readonly text: string; readonly rules: RepairRules } | undefined

/** The repairs of the policy in force, by name. O(1) until the policy changes. */
export function repairRulesOf(tick: Pick<Tick, 'world' | 'read'>): RepairRules {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  if (text === undefined) return none
  if (kept?.text !== text) kept = { text, rules: rulesFrom(text) }
  return kept.rules
}

type Given = Partial<RepairRule> & Pick<RepairRule, 'name' | 'directory' | 'command'>

function rulesFrom(text: string): RepairRules {
  const { repairs = [] } = JSON.parse(text) as { repairs?: readonly Given[] }
  return new Map(repairs.map((rule) => [rule.name, { ...defaultRepair, ...rule }]))
}
