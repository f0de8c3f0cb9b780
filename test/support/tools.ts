import { type Tool, type ToolsAdapter, type ToolsOptions, tools } from '../../adapters/tools.ts'
import { type Adapter, EffectFailure } from '../../engine/flow/adapter.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import type { ToolCallDone, ToolCallRequest } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { type RecallOptions, recall } from '../../systems/recall.ts'

/** Tools under a whole engine, called as the outbox calls them. */

export const noon_ms = 1_760_000_000_000

let calls = 0

export class Bench {
  readonly engine: Engine
  readonly adapter: ToolsAdapter

  constructor(engine: Engine, adapter: ToolsAdapter) {
    this.engine = engine
    this.adapter = adapter
  }

  /** What the effect is answered with, or `CODE: reason`. */
  async call(
    tool: string,
    args: object,
    more: Partial<ToolCallRequest> & { effect?: string; signal?: AbortSignal } = {},
  ): Promise<ToolCallDone | string> {
    const { effect = 'tool.safe', signal = AbortSignal.timeout(20_000), ...request } = more
    const asked = { tool, arguments: args, session: 'duck/chat', agent: 'duck', turn: 1, call: 1, trust: 'person' }
    const payload = { ...asked, key: `key-${++calls}`, ...request }
    // As a request comes back from the record.
    const sent = JSON.parse(JSON.stringify(payload))
    sent.arguments = args
    try {
      const done = await this.adapter.effects![effect]!(sent, { effect_id: calls, attempt: 1, signal })
      return done as ToolCallDone
    } catch (thrown) {
      if (thrown instanceof EffectFailure) return `${thrown.code}: ${thrown.message}`
      throw thrown
    }
  }

  /** The JSON that a tool gave. */
  async json(tool: string, args: object, more: Partial<ToolCallRequest> = {}): Promise<Record<string, unknown>> {
    const done = await this.call(tool, args, more)
    if (typeof done === 'string' || done.failed) throw new Error(JSON.stringify(done))
    return JSON.parse(done.text)
  }
}

const opened: Engine[] = []

/** A started engine of the whole mind, with tools. */
export async function bench(
  given: readonly Tool[],
  more: Partial<ToolsOptions> = {},
  adapters: readonly Adapter[] = [],
): Promise<Bench> {
  let engine: Engine | undefined
  const find = async (query: string, options: RecallOptions) => recall(engine!, query, options)
  const adapter = tools({ tools: given, recall: find, ...more })
  engine = await createEngine({ ...mind(), store: ram(), adapters: [adapter, ...adapters], clock: () => noon_ms })
  await engine.start()
  opened.push(engine)
  return new Bench(engine, adapter)
}

/** Stops every engine that `bench` made. */
export async function cleared(): Promise<void> {
  for (const engine of opened.splice(0)) await engine.stop()
}
