import type { PermissionMode } from '../agents/policy.ts'
import { Risk, type ToolSpec } from '../agents/tools.ts'
import { Trust } from '../components.ts'

/** `allow`: it may run now. `ask`: it waits for the operator's yes. `deny`: it does not run. `why` is a sentence for people and the model. */
export type Verdict = { readonly verdict: 'allow' | 'ask' | 'deny'; readonly why: string }

/** What a call is judged by: the tool's Risk, the session's mode, and the least Trust of what the model had before it. */
export type Asked = { readonly risk: number; readonly mode: PermissionMode; readonly trust: number }

/**
 * Whether a call may run. Total and pure: whatever is unknown counts as the worst, a risk as destructive, a mode as `read`.
 * Nothing that a text says reaches it; only its trust does.
 */
export function verdictOf({ risk, mode, trust }: Asked): Verdict {
  if (risk === Risk.read_only) return { verdict: 'allow', why: 'the tool only reads' }
  if (mode !== 'ask' && mode !== 'auto') return { verdict: 'deny', why: 'this session may only use tools that read' }
  if (risk !== Risk.side_effect) return { verdict: 'ask', why: 'what the tool does may not be taken back' }
  if (mode === 'ask') return { verdict: 'ask', why: 'in this session every side effect needs a yes' }
  if (trust >= Trust.own) return { verdict: 'allow', why: 'the session allows side effects' }
  return { verdict: 'ask', why: 'there is text from others in the context, so a side effect needs a yes' }
}

/** The Risk of a tool; one that nobody registered is destructive. */
export function riskOf(spec: Pick<ToolSpec, 'risk'> | undefined): number {
  if (spec?.risk === 'read_only') return Risk.read_only
  return spec?.risk === 'side_effect' ? Risk.side_effect : Risk.destructive
}
