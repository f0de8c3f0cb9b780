import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { connectClient } from '../../adapters/opencode/client.ts'
import { opencode } from '../../adapters/opencode.ts'
import { ram } from '../../stores/ram.ts'
import { OpencodePermit } from '../../systems/opencode/columns.ts'
import { drained, remembering, whole } from '../support/memory.ts'
import { mockOpencode, saidIn } from '../support/opencode.ts'

const directory = '/work/shop'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
const signal = AbortSignal.timeout(30_000)

/** A server that answers everything alike. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('A server that is not to be trusted', () => {
  test('is not followed elsewhere, and the password stays', async () => {
    const heard: unknown[] = []
    const thief = await answering((request, response) => {
      heard.push(request.headers.authorization)
      response.end('[]')
    })
    const base_url = await answering((_, response) => response.writeHead(302, { location: `${thief}/session` }).end())
    const client = (await connectClient({ base_url, password: 'geheim' }))(directory)
    await expect(client.sessions(signal)).rejects.toMatchObject({ code: 'OPENCODE_AWAY' })
    expect(heard).toEqual([])
  })

  test('cannot fill the memory with an answer that never ends', { timeout: 30_000 }, async () => {
    const chunk = Buffer.alloc(1 << 20, 'x')
    let sent = 0
    const base_url = await answering((request, response) => {
      const type = request.url?.startsWith('/event') === true ? 'text/event-stream' : 'application/json'
      response.writeHead(200, { 'content-type': type })
      const more = (): void => {
        sent += chunk.length
        if (!response.destroyed) response.write(chunk, () => setImmediate(more))
      }
      more()
    })
    const client = (await connectClient({ base_url }))(directory)
    await expect(client.sessions(signal)).rejects.toMatchObject({ code: 'OPENCODE_AWAY' })
    sent = 0
    const read = async (): Promise<void> => {
      for await (const _ of client.events(signal)) expect.fail('nothing of it is an event')
    }
    await expect(read()).rejects.toMatchObject({ code: 'OPENCODE_AWAY' })
    expect(sent).toBeLessThan(64 << 20)
  })

  test('whose pages lead in a circle is read once', async () => {
    const server = await mockOpencode()
    cleanups.push(() => server.close())
    let pages = 0
    const base_url = await answering((request, response) => {
      const path = request.url ?? ''
      const json = { 'content-type': 'application/json' }
      if (path.startsWith('/event')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: {"type":"server.connected","properties":{}}\n\n')
      } else if (path.includes('/message')) {
        pages++
        const entries = [saidIn('ses_1', `msg_${pages}`, `Sentence ${pages} of a circle.`)]
        response.writeHead(200, { ...json, 'x-next-cursor': 'round' }).end(JSON.stringify(entries))
      } else if (path.startsWith('/session')) response.writeHead(200, json).end('[{"id":"ses_1","time":{"updated":5}}]')
      else response.writeHead(200, json).end('[]')
    })
    const engine = await remembering(ram(), { adapters: [opencode({ base_url, directories: [directory] })] })
    cleanups.push(() => engine.stop())
    const some = async (): Promise<number> => {
      await drained(engine)
      return whole(engine).length
    }
    await expect.poll(some, { timeout: 10_000, interval: 20 }).toBeGreaterThan(0)
    expect(pages).toBeLessThan(5)
  })

  test('whose events are of any shape changes nothing, and does no harm', async () => {
    const server = await mockOpencode()
    cleanups.push(() => server.close())
    const { base_url } = server
    const adapter = opencode({
      base_url,
      directories: [directory],
      password: 'open',
      times: { first_ms: 5, most_ms: 20 },
    })
    const engine = await remembering(ram(), { adapters: [adapter] })
    cleanups.push(() => engine.stop())
    await expect.poll(() => adapter.status()[0]?.state, { interval: 5 }).toBe('ready')
    const part = { id: 'p', sessionID: 's', messageID: 'm', type: 'text', text: 'x' }
    for (const value of [
      null,
      1,
      'x',
      [],
      {},
      { __proto__: { a: 1 } },
      { id: {} },
      { id: '', sessionID: [] },
      '\u0000\u202e',
    ]) {
      for (const type of [
        'message.updated',
        'message.part.updated',
        'permission.asked',
        'session.created',
        'file.edited',
        'permission.replied',
        '__proto__',
      ]) {
        server.say({ type, properties: value as never })
        server.say({
          type,
          properties: { info: value, part: value, file: value, id: value, sessionID: value, patterns: value } as never,
        })
        server.say({ type, properties: { part: { ...part, text: value, tool: value, state: value } } as never })
      }
    }
    server.ask({ id: '../../etc', sessionID: 's', permission: 'edit', patterns: ['a'] })
    server.ask({ id: 'per_1', sessionID: 's', permission: 'edit', patterns: ['a'.repeat(1_000_000)] })
    server.add('ses_1', saidIn('ses_1', 'msg_1', 'Still here.'))
    const heard = async (): Promise<boolean> => {
      await drained(engine)
      return engine.world.rows(OpencodePermit) >= 2 && whole(engine).length >= 1
    }
    await expect.poll(heard, { timeout: 10_000, interval: 20 }).toBe(true)
    engine.publish({
      type: 'opencode.order',
      source: { kind: 'operator' },
      payload: { permission: '../../etc', reply: 'always' },
    })
    await drained(engine)
    expect(server.seen.replies, 'no path is made of an id').toEqual([])
    expect((await engine.replay()).identical).toBe(true)
  })
})
