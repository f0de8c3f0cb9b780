import type { Log, View } from '../../engine/flow/adapter.ts'
import type { Json, Payload } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import type { Recall, RecallOptions } from '../../systems/recall.ts'

/** What a tool is, and what it is given. */

export type ToolArguments = { readonly [name: string]: Json | undefined }
export type ToolResult = string | object

/** A tool: what the mind is told of it, and how it runs. */
export type Tool = {
  /** `memory.recall`: letters, digits, `_`, `-` and `.`, at most 64. */
  readonly name: string
  /** For the model. */
  readonly description: string
  /** JSON Schema of the arguments, an object; without a word about further members there may be none. */
  readonly parameters: JsonSchema
  readonly risk: 'read_only' | 'side_effect' | 'destructive'
  /** `safe` may be run again when its answer was lost; `once` must not. */
  readonly retry: 'safe' | 'once'
  /** How long it may take, in milliseconds, at most 120,000. */
  readonly deadline_ms: number
  /**
   * Carries out one call with arguments that meet the schema. What it gives is text, or an object that becomes JSON. A
   * `ToolProblem` thrown is told to the model; an `EffectFailure` ends the call with its code; anything else with TOOL_FAILED.
   */
  run(args: ToolArguments, context: ToolContext): Promise<ToolResult>
}

/** What a tool may say to the world: where it comes from, and how far it is believed, is not its own to choose. */
export type ToolEvent = { readonly type: string; readonly payload: Payload; readonly id?: string }

export type ToolContext = {
  /** Key of the session that asks: `duck/general`. */
  readonly session: string
  readonly agent: string
  /** Rows in Turn and Call. */
  readonly turn: number
  readonly call: number
  /** The same for ever for this call: give it to a far side that must do nothing twice. */
  readonly key: string
  /** Name of the least trusted text that the model had before it. */
  readonly trust: string
  /** Aborted at the deadline and when the engine stops. */
  readonly signal: AbortSignal
  readonly view: View
  readonly log: Log
  /** Resolves with the tick at which the event is durable. @throws EffectFailure TOOL_FORBIDDEN */
  ingest(event: ToolEvent): Promise<number>
  /** Finds memories. @throws EngineError RECALL_OPTION */
  recall(query: string, options: RecallOptions): Promise<Recall>
}

/** What went wrong in a way that the model should read and can act on: a note that is not there, a wrong path. */
export class ToolProblem extends Error {
  override readonly name = 'ToolProblem'
}

/** A tool whose arguments have the type that its schema describes. */
export function toolOf<A>(spec: Omit<Tool, 'run'>, run: (args: A, context: ToolContext) => Promise<ToolResult>): Tool {
  // The adapter lets no arguments through that the schema does not describe.
  return { ...spec, run: (args, context) => run(args as unknown as A, context) }
}
