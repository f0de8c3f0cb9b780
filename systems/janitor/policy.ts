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
  /** Families that a report names, and rules that it proposes; at most 100. */
  readonly families_max: number
  /** Messages of a family since the last report from which on a rule is proposed. */
  readonly propose_from: number
  /** Messages a minute in a channel from which on each step of its pressure holds. */
  readonly pressure: PressureSteps
  /** Jobs that wait for embedding from which on each step holds; see `pressure.ts`. */
  readonly behind: PressureSteps
}
export type PressureSteps = { readonly medium: number; readonly high: number; readonly flood: number }

export const defaultJanitor: JanitorPolicy = {
  flood_from: 3,
  report_ms: 3_600_000,
  report_to: '',
  session: '',
  families_max: 10,
  propose_from: 100,
  pressure: { medium: 60, high: 300, flood: 1_200 },
  behind: { medium: 512, high: 2_048, flood: 8_192 },
}

type Given = Omit<Partial<JanitorPolicy>, 'pressure' | 'behind'> & {
  readonly pressure?: Partial<PressureSteps>
  readonly behind?: Partial<PressureSteps>
}

/** Where nobody speaks of Discord or of the janitor there are no reports of its own accord. */
const unasked: JanitorPolicy = { ...defaultJanitor, report_ms: 0 }

/** Reading is pure, so what one row says can be kept; only the newest is. */
let kept: { readonly text: string; readonly policy: JanitorPolicy } | undefined

/** The policy of the janitor in force. */
export function janitorPolicyOf(tick: Pick<Tick, 'world' | 'read'>): JanitorPolicy {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  if (text === undefined) return unasked
  if (kept?.text !== text) kept = { text, policy: policyFrom(text) }
  return kept.policy
}

function policyFrom(text: string): JanitorPolicy {
  const { janitor, discord } = JSON.parse(text) as { janitor?: Given; discord?: object }
  if (janitor === undefined) return discord === undefined ? unasked : defaultJanitor
  return {
    ...defaultJanitor,
    ...janitor,
    pressure: { ...defaultJanitor.pressure, ...janitor.pressure },
    behind: { ...defaultJanitor.behind, ...janitor.behind },
  }
}
