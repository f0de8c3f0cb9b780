import { PassThrough } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { scopeOf } from '../../adapters/cli/config-mcp.ts'
import { onStdio } from '../../adapters/mcp/sdk.ts'
import type { McpDoor } from '../../adapters/mcp.ts'
import { silent } from '../../engine/flow/adapter.ts'

const scope = scopeOf({ default: { trust: 'person' } }, 'ada')

type Message = { readonly id?: number; readonly result?: object; readonly error?: { readonly message: string } }

/** A client of standard input and output that says lines as they are. */
class RawClient {
  readonly input = new PassThrough()
  readonly output = new PassThrough()
  ended = false
  readonly #server: { close(): Promise<void> }
  #said = ''
  readonly #messages: Message[] = []

  constructor(door: McpDoor) {
    const end = (): void => {
      this.ended = true
    }
    this.#server = onStdio({ door, scope, log: silent }, end, this)
    const clientInfo = { name: 'raw', version: '1' }
    this.say({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
    this.say({ method: 'notifications/initialized' })
  }

  say(message: object): void {
    this.input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  call(id: number, name: string, args: object = {}): void {
    this.say({ id, method: 'tools/call', params: { name, arguments: args } })
  }

  /** All messages until the one with this id. */
  async until(id: number): Promise<Message[]> {
    while (!this.#messages.some((message) => message.id === id)) {
      const lines = (this.#said + String(this.output.read() ?? '')).split('\n')
      this.#said = lines.pop() ?? ''
      this.#messages.push(...lines.map((line): Message => JSON.parse(line)))
      await nextTurn()
    }
    return this.#messages
  }

  close(): Promise<void> {
    return this.#server.close()
  }
}

describe('standard input and output', () => {
  test('a cancelled call is not answered, its door hears of it, and the next call is answered', async () => {
    const reached = Promise.withResolvers<void>()
    const heard = Promise.withResolvers<void>()
    const client = new RawClient(async ({ place }, signal) => {
      if (place === 'status') return { health: 'ok', tick: 1, memories: 0, files: 0, pending: 0 }
      signal.addEventListener('abort', () => heard.resolve())
      reached.resolve()
      return new Promise(() => undefined)
    })
    client.call(7, 'explain', { id: '1' })
    await reached.promise
    client.say({ method: 'notifications/cancelled', params: { requestId: 7 } })
    await heard.promise
    client.call(8, 'status')
    const messages = await client.until(8)
    expect(messages.map(({ id }) => id)).toEqual([1, 8])
    expect(client.ended).toBe(false)
    await client.close()
    expect(client.ended).toBe(true)
  })

  test('who does not read what is answered is heard no further until it reads', async () => {
    const client = new RawClient(() => Promise.resolve({}))
    await client.until(1)
    let last = 1
    while (!client.input.isPaused()) {
      client.say({ id: ++last, method: 'tools/list' })
      await nextTurn()
    }
    const unread = client.output.writableLength + client.output.readableLength
    expect(unread).toBeLessThan(8_000_000)
    client.say({ id: ++last, method: 'ping' })
    expect(await client.until(last)).toHaveLength(last)
    await client.close()
  })

  test('a line that is too long ends it, and so does an output that is closed', async () => {
    const client = new RawClient(() => Promise.resolve({}))
    await client.until(1)
    client.input.write('x'.repeat(11_000_000))
    while (!client.ended) await nextTurn()
    const other = new RawClient(() => Promise.resolve({}))
    await other.until(1)
    other.output.destroy(new Error('closed'))
    while (!other.ended) await nextTurn()
  })

  test('wrong, deep and odd messages are refused one by one', async () => {
    let asked = 0
    const client = new RawClient(() => {
      asked++
      return Promise.resolve({})
    })
    const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`
    const lines = ['not json', '[]', 'null', '{"jsonrpc":"1.0","id":2,"method":"ping"}', '\u0000\u0007']
    for (const line of lines) client.input.write(`${line}\n`)
    const head = '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"remember","arguments":'
    client.input.write(`${head}{"text":"x","tags":${deep}}}}\n`)
    const wrong = [{ text: 7 }, { text: 'x', trust: 'operator' }, { text: 'x', id: 'a\nb' }, { text: '' }, [1]]
    for (const [at, args] of wrong.entries()) client.call(10 + at, 'remember', args)
    for (const [at, uri] of oddAddresses.entries()) {
      client.say({ id: 30 + at, method: 'resources/read', params: { uri } })
    }
    client.say({ id: 50, method: 'resources/list', params: { cursor: '../../x' } })
    client.call(51, 'erase')
    client.say({ id: 60, method: 'ping' })
    for (const id of [3, 10, 11, 12, 13, 14, 51]) await client.until(id)
    for (const at of oddAddresses.keys()) await client.until(30 + at)
    const messages = await client.until(60)
    const refused = messages.filter(({ id, error, result }) => id !== 1 && id !== 60 && (error ?? isFailure(result)))
    expect(refused).toHaveLength(messages.length - 2)
    // What has the form of a memory or a note is looked for, and only there.
    expect(asked).toBe(3)
    await client.close()
  })
})

const oddAddresses = [
  'memory://../../etc/passwd',
  'file:///etc/passwd',
  'note:///%E0%A4%A',
  'x',
  'memory://0',
  'memory://1%00',
  'note:///..%2f..%2fetc%2fpasswd',
]

function isFailure(result: object | undefined): boolean {
  return result !== undefined && 'isError' in result && result.isError === true
}
