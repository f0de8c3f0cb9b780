import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'

/** What the policy says of compaction. */
export type CompactPolicy = {
  /** A memory is left alone until it has been kept for so long. Default: 14 days. */
  readonly after_ms: number
  /** How often everything is looked through. Default: once a day. */
  readonly every_ms: number
  /** Whether a model words the summaries; else, and where it fails, they are made of the memories' own sentences. */
  readonly model: boolean
  /** Part of the words that a summary may have. Default: 0.28. */
  readonly share: number
  /** Part of what the last questions find that a round may cost; else it is taken back. Default: 0.03. */
  readonly fall_max: number
}

export const defaultCompact: CompactPolicy = {
  after_ms: 14 * 86_400_000,
  every_ms: 86_400_000,
  model: false,
  share: 0.28,
  fall_max: 0.03,
}

/** Reading is pure, so what one row says can be kept; only the newest is. */
let kept: { readonly text: string; readonly policy: CompactPolicy | undefined } | undefined

/** The policy of compaction in force; undefined when there is none, and nothing is compacted. */
export function compactPolicyOf(tick: Pick<Tick, 'world' | 'read'>): CompactPolicy | undefined {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  if (text === undefined) return undefined
  if (kept?.text !== text) {
    const { compact } = JSON.parse(text) as { compact?: Partial<CompactPolicy> }
    kept = { text, policy: compact === undefined ? undefined : { ...defaultCompact, ...compact } }
  }
  return kept.policy
}
