import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'

/** What the policy says of the janitor. */
export type JanitorPolicy = {
  /** Copies from which on a family is one memory and a number. */
  readonly flood_from: number
  /** How often it reports; 0 = only when it is asked. */
  readonly report_ms: number
  /** Snowflake of the channel that gets the reports; empty = none does. */
  readonly report_to: string
  /** Key of the session that words a report, `duck/janitor`; empty = it goes out as it is. */
  readonly session: string
  /** Families that a report names. */
  readonly families_max: number
  /** Messages of a family since the last report from which on a rule is proposed. */
  readonly propose_from: number
}

export const defaultJanitor: JanitorPolicy = {
  flood_from: 3,
  report_ms: 3_600_000,
  report_to: '',
  session: '',
  families_max: 10,
  propose_from: 100,
}

/** The policy of the janitor in force. */
export function janitorPolicyOf(tick: Pick<Tick, 'world' | 'read'>): JanitorPolicy {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  const given = text === undefined ? {} : (JSON.parse(text) as { janitor?: Partial<JanitorPolicy> }).janitor
  return { ...defaultJanitor, ...given }
}
