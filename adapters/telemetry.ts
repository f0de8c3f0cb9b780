import type { Tracer } from '@opentelemetry/api'
import type { Adapter, EffectHandler } from '../engine/flow/adapter.ts'
import { version } from '../engine/version.ts'
import { answerAttributes, beginningOf, failureAttributes, isTraced } from './telemetry/attributes.ts'

type Api = typeof import('@opentelemetry/api')

/**
 * The adapters with a span of OpenTelemetry around each question to a model and each run of a tool. Where no SDK has
 * registered itself in this process the same adapters come back and nothing is loaded. O(adapters × effects).
 */
export async function traced(adapters: readonly Adapter[]): Promise<readonly Adapter[]> {
  if (!hasProvider()) return adapters
  const api = await import('@opentelemetry/api')
  const tracer = api.trace.getTracer('promethean', version)
  return adapters.map((adapter) => tracedAdapter(adapter, api, tracer))
}

/** Whether an SDK has registered itself, looked up where version 1 of the api keeps it. */
function hasProvider(): boolean {
  const registered: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'))
  return typeof registered === 'object' && registered !== null && 'trace' in registered
}

function tracedAdapter(adapter: Adapter, api: Api, tracer: Tracer): Adapter {
  const entries = Object.entries(adapter.effects ?? {})
  if (!entries.some(([type]) => isTraced(type))) return adapter
  const effects = entries.map(([type, handler]) => [
    type,
    isTraced(type) ? tracedHandler(type, adapter.name, handler, { api, tracer }) : handler,
  ])
  return {
    name: adapter.name,
    effects: Object.fromEntries(effects),
    start: (outside) => adapter.start?.(outside),
    stop: () => adapter.stop?.(),
  }
}

function tracedHandler(
  type: string,
  provider: string,
  handler: EffectHandler,
  { api, tracer }: { readonly api: Api; readonly tracer: Tracer },
): EffectHandler {
  const { context, trace, SpanKind, SpanStatusCode } = api
  return async (request, call) => {
    const { name, isCall, attributes } = beginningOf(type, provider, request)
    const span = tracer.startSpan(name, { kind: isCall ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes })
    const conclude = (ending: ReturnType<typeof answerAttributes>): void => {
      span.setAttributes(ending)
      if (ending['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
    try {
      // What the handler asks of others, for instance over HTTP, hangs below this span.
      const answer = await context.with(trace.setSpan(context.active(), span), () => handler(request, call))
      conclude(answerAttributes(answer))
      return answer
    } catch (thrown) {
      conclude(failureAttributes(thrown))
      throw thrown
    }
  }
}
