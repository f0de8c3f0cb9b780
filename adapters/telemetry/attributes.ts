import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmChat, LlmEmbed, ToolOnce, ToolSafe } from '../../systems/events.ts'

/** What spans say beside their name: the conventions of https://opentelemetry.io/docs/specs/semconv/gen-ai/ */
export type Attributes = { readonly [name: string]: string | number | string[] }
/** How a span begins. `isCall`: the work is done by somebody who is asked, not here. */
export type Beginning = { readonly name: string; readonly isCall: boolean; readonly attributes: Attributes }

/** The kinds of work that are told of. */
const operations: { readonly [type: string]: string } = {
  [LlmChat.name]: 'chat',
  [LlmEmbed.name]: 'embeddings',
  [ToolSafe.name]: 'execute_tool',
  [ToolOnce.name]: 'execute_tool',
}

/** Whether effects of this type get a span. */
export function isTraced(type: string): boolean {
  return Object.hasOwn(operations, type)
}

/** How the span of one effect begins; it holds names and no contents. `provider` is the adapter's name. */
export function beginningOf(type: string, provider: string, request: Payload): Beginning {
  const operation = operations[type] ?? type
  const isTool = operation === 'execute_tool'
  const subject = textOf(request[isTool ? 'tool' : 'model'])
  const about = isTool
    ? textAttribute('gen_ai.tool.name', subject)
    : { 'gen_ai.provider.name': provider, ...textAttribute('gen_ai.request.model', subject) }
  return {
    name: subject === undefined ? operation : `${operation} ${subject}`,
    isCall: !isTool,
    attributes: { 'gen_ai.operation.name': operation, ...about },
  }
}

/** What the answer adds: the model that gave it, its tokens and why it ended, or that the tool says it failed. */
export function answerAttributes(answer: Payload): Attributes {
  const finish = textOf(answer['finish'])
  return {
    ...textAttribute('gen_ai.response.model', textOf(answer['model'])),
    ...countAttribute('gen_ai.usage.input_tokens', answer['tokens_in']),
    ...countAttribute('gen_ai.usage.output_tokens', answer['tokens_out']),
    ...(finish === undefined ? {} : { 'gen_ai.response.finish_reasons': [finish] }),
    ...(answer['failed'] === true ? { 'error.type': 'TOOL_FAILED' } : {}),
  }
}

/** The stable code of a failure, as the event of the failure has it; its reason stays out, for it may quote an endpoint. */
export function failureAttributes(thrown: unknown): Attributes {
  return { 'error.type': thrown instanceof EffectFailure ? thrown.code : 'ADAPTER_THREW' }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function textAttribute(name: string, value: string | undefined): Attributes {
  return value === undefined ? {} : { [name]: value }
}

function countAttribute(name: string, value: unknown): Attributes {
  return typeof value === 'number' ? { [name]: value } : {}
}
