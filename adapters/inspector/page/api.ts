import type { Frame, Hello } from '../shapes.ts'

/** What the daemon answers, by token. The token is a header, never part of an address. */

const place = 'promethean.token'
let token = sessionStorage.getItem(place) ?? localStorage.getItem(place) ?? ''

/** A refusal or a failure of the daemon, with its code. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Whether there is a token to try. */
export function hasToken(): boolean {
  return token !== ''
}

/** @param keep whether it outlives this tab */
export function setToken(given: string, keep: boolean): void {
  token = given.trim()
  sessionStorage.setItem(place, token)
  if (keep) localStorage.setItem(place, token)
}

/** Forgets the token, also where it was to be kept. */
export function dropToken(): void {
  token = ''
  sessionStorage.removeItem(place)
  localStorage.removeItem(place)
}

/** The answer at a path. @throws Refusal */
export async function ask<T>(path: string, parameters: { readonly [name: string]: string | number } = {}): Promise<T> {
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
  const response = await fetch(query.size === 0 ? path : `${path}?${query}`, { headers: bearer() })
  return (await bodyOf(response)) as T
}

/** Posts an order. @throws Refusal */
export async function post<T>(path: string, body: object): Promise<T> {
  const headers = { ...bearer(), 'content-type': 'application/json' }
  return (await bodyOf(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }))) as T
}

export type Told = { readonly hello: Hello } | { readonly frame: Frame }

/** Frames as they come, until the signal ends it. @throws Refusal */
export async function* stream(tap: string, watch: readonly string[], signal: AbortSignal): AsyncGenerator<Told> {
  const query = new URLSearchParams()
  if (tap !== '') query.set('tap', tap)
  if (watch.length > 0) query.set('watch', watch.join(','))
  const response = await fetch(`/api/stream?${query}`, { headers: bearer(), signal })
  if (!response.ok || response.body === null) {
    await bodyOf(response)
    throw new Refusal(response.status, 'STREAM', 'the stream has no body')
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let begun = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (begun + part.value).split('\n\n')
    begun = blocks.pop() ?? ''
    for (const block of blocks) {
      const told = toldBy(block)
      if (told !== undefined) yield told
    }
  }
}

function toldBy(block: string): Told | undefined {
  const [name, data] = block.split('\ndata: ')
  if (data === undefined) return undefined
  if (name === 'event: hello') return { hello: JSON.parse(data) as Hello }
  return name === 'event: frame' ? { frame: JSON.parse(data) as Frame } : undefined
}

function bearer(): { authorization: string } {
  return { authorization: `Bearer ${token}` }
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    throw new Refusal(response.status, 'NOT_JSON', `the daemon answered ${response.status}: ${String(thrown)}`)
  }
  if (response.ok) return value
  const { error } = value as { error?: { code?: string; message?: string } }
  throw new Refusal(response.status, error?.code ?? '', error?.message ?? `the daemon answered ${response.status}`)
}
