import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'

export type OpencodeReply = 'once' | 'always' | 'reject'
/** What is answered to opencode; the first rule that fits counts. `*` stands for any characters. */
export type PermissionRule = {
  /** The tool that wants to be used: `edit`, `bash`. Default: any. */
  readonly tool?: string
  /** What it is to be used on; must fit everything that is asked for at once. Default: anything. */
  readonly pattern?: string
  readonly answer: OpencodeReply | 'ask'
}
/** What the policy says of opencode. */
export type OpencodePolicy = {
  readonly permissions: readonly PermissionRule[]
  readonly default: OpencodeReply | 'ask'
}

const careful: OpencodePolicy = { permissions: [], default: 'ask' }

/** Reading is pure, so what one row says can be kept; only the newest is. */
let kept: { readonly text: string; readonly policy: OpencodePolicy } | undefined

/** The policy in force; without one the operator is asked for everything. */
export function opencodePolicyOf(tick: Pick<Tick, 'world' | 'read'>): OpencodePolicy {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? undefined : tick.read('policy', row)
  if (text === undefined) return careful
  if (kept?.text !== text) {
    const { opencode } = JSON.parse(text) as { opencode?: Partial<OpencodePolicy> }
    kept = { text, policy: { ...careful, ...opencode } }
  }
  return kept.policy
}

/** What is answered to a tool that wants to be used on something. What names nothing fits only rules without a pattern. */
export function answerFor(policy: OpencodePolicy, tool: string, patterns: readonly string[]): OpencodeReply | 'ask' {
  const rule = policy.permissions.find((each) => {
    if (each.tool !== undefined && !fits(each.tool, tool)) return false
    const { pattern } = each
    return pattern === undefined || (patterns.length > 0 && patterns.every((text) => fits(pattern, text)))
  })
  return rule === undefined ? policy.default : rule.answer
}

/** Whether a text is what a pattern means. O(pattern · text) at worst. */
export function fits(pattern: string, text: string): boolean {
  let [at, next, star, resumed] = [0, 0, -1, 0]
  while (at < text.length) {
    if (next < pattern.length && pattern[next] === '*') {
      star = next++
      resumed = at
    } else if (next < pattern.length && pattern[next] === text[at]) {
      at++
      next++
    } else if (star >= 0) {
      next = star + 1
      at = ++resumed
    } else return false
  }
  while (pattern[next] === '*') next++
  return next === pattern.length
}
