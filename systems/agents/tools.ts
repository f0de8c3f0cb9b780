import type { JsonSchema } from '../../engine/schema.ts'
import { states } from '../../engine/world/archetype.ts'

/** What a tool may do to the world. Tools that nobody registered count as destructive. */
export const Risk = states('none', 'read_only', 'side_effect', 'destructive')
export type RiskName = 'read_only' | 'side_effect' | 'destructive'

/** What the mind knows of a tool: it enters with the policy, so that a turn replays without the tool. */
export type ToolSpec = {
  /** `memory.recall`; letters, digits, `_`, `-` and `.`, at most 64. A model is told it with `_` for `.`. */
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments, an object. */
  readonly parameters: JsonSchema
  readonly risk: RiskName
  /** Whether it may be run again when its answer was lost. */
  readonly retry: 'safe' | 'once'
  readonly deadline_ms: number
}
