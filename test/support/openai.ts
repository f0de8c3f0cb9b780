import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OpenaiAdapter, type OpenaiOptions, openai } from '../../adapters/openai.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmChat, type LlmChatDone, type LlmChatRequest } from '../../systems/events.ts'

/** A server on loopback that answers like a model's endpoint, well or badly, and what asks it. */

export type Sent = { url: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }
export type Reply = (response: ServerResponse, sent: Sent) => unknown
export type Served = { base_url: string; sent: Sent[] }

export const key = 'secret-0123456789'
const cleanups: (() => unknown)[] = []

/** Ends all servers; for `afterEach`. */
export async function stopServers(): Promise<void> {
  for (const cleanup of cleanups.splice(0)) await cleanup()
}

/** Keeps something to be ended with the servers. */
export function later(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}

/** Answers each request with the next reply, the last one for ever. */
export async function serve(...replies: Reply[]): Promise<Served> {
  const sent: Sent[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString()
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
      const one = { url: request.url ?? '', headers: request.headers, body }
      sent.push(one)
      response.on('error', () => undefined)
      replies[Math.min(sent.length, replies.length) - 1]!(response, one)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  later(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, sent }
}

/** An adapter with short deadlines. */
export function adapterAt(base_url: string, more: Partial<OpenaiOptions> = {}): OpenaiAdapter {
  const limits = { first_byte_ms: 5_000, idle_ms: 5_000, total_ms: 10_000 }
  return openai({ base_url, model: 'tiny', api_key: key, api_key_name: 'env:TINY_KEY', ...limits, ...more })
}

const hello: LlmChatRequest = { task: 'test', messages: [{ role: 'user', content: 'hello' }] }

/** Asks once. */
export async function askWith(
  adapter: OpenaiAdapter,
  request: Partial<LlmChatRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<LlmChatDone> {
  const call = { effect_id: 7, attempt: 1, signal }
  return (await adapter.effects![LlmChat.name]!({ ...hello, ...request } as Payload, call)) as LlmChatDone
}

/** The failure that something ends with; an answer is an error. */
export async function failureOf(asked: Promise<unknown>): Promise<EffectFailure> {
  const thrown: unknown = await asked.then(
    (done) => new Error(`answered: ${JSON.stringify(done)}`),
    (reason: unknown) => reason,
  )
  if (thrown instanceof EffectFailure && !thrown.message.includes(key)) return thrown
  throw thrown
}

export const asJson =
  (value: unknown, status = 200, headers = {}): Reply =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
export const refusing = (status: number, message: string): Reply => asJson({ error: { message } }, status)
export const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
/** A stream of the given deltas, ended by the given reason, if there is one. */
export const asStream =
  (deltas: readonly object[], finish_reason?: string): Reply =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const delta of deltas) response.write(event({ choices: [{ index: 0, delta, finish_reason: null }] }))
    if (finish_reason !== undefined) response.write(event({ choices: [{ index: 0, delta: {}, finish_reason }] }))
    response.end('data: [DONE]\n\n')
  }
/** A whole answer. */
export const asAnswer = (message: object, finish_reason = 'stop'): Reply =>
  asJson({ model: 'tiny-1', choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }] })
