import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterEach, describe, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { loadConfig } from '../../adapters/cli/config.ts'
import { scopeOf } from '../../adapters/cli/config-mcp.ts'
import { checkConfig } from '../../adapters/cli/config-schema.ts'
import { type Desk, deskOf } from '../../adapters/cli/desk.ts'
import { Keeper } from '../../adapters/cli/mcp/keeper.ts'
import { type McpDoor, type McpPlace, type McpScope, mcpOnHttp, toolNames } from '../../adapters/mcp.ts'
import { search } from '../../adapters/search.ts'
import { createEngine, type Engine } from '../../engine/engine.ts'
import { EngineError } from '../../engine/errors.ts'
import { silent } from '../../engine/flow/adapter.ts'
import { ram } from '../../stores/ram.ts'
import { Memory, Trust } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'

const engines: Engine[] = []
const servers: Server[] = []
const clients: Client[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  for (const server of servers.splice(0)) server.close()
  for (const engine of engines.splice(0)) await engine.stop()
})

async function opened(): Promise<{ engine: Engine; desk: Desk }> {
  const adapter = search()
  const engine = await createEngine({ ...mind(), store: ram(), adapters: [adapter] })
  engines.push(engine)
  await engine.start()
  return { engine, desk: deskOf(engine, adapter) }
}

const person: McpScope = scopeOf({ default: { trust: 'person' } }, 'ada')

function ask(desk: Desk, place: McpPlace, args: object = {}, scope: McpScope = person): Promise<object> {
  return desk.answer({ ask: 'mcp', place, args, scope })
}

/** A client over HTTP; of the protocol's newest revision where both ends know it, else of the one before. */
async function served(door: McpDoor, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
  const { handle } = mcpOnHttp({ door, scope: person, log: silent })
  const server = createServer((request, response) => void handle(request, response))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  clients.push(client)
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)))
  return client
}

describe('what an MCP client asks of the desk', () => {
  test('a text is one memory however often it is said, and two clients have their own', async () => {
    const { engine, desk } = await opened()
    expect(await ask(desk, 'remember', { text: 'The bowl is blue' })).toMatchObject({ memory_id: 1, stored: true })
    expect(await ask(desk, 'remember', { text: 'The bowl is blue' })).toMatchObject({ memory_id: 1, stored: false })
    expect(await ask(desk, 'remember', { text: 'One', id: 'x' })).toMatchObject({ memory_id: 2, id: 'ada:x' })
    expect(await ask(desk, 'remember', { text: 'One', id: 'x' })).toMatchObject({ memory_id: 2, stored: false })
    const bob = scopeOf({ default: { trust: 'person' } }, 'bob')
    expect(await ask(desk, 'remember', { text: 'Two', id: 'x' }, bob)).toMatchObject({ memory_id: 3, stored: true })
    expect(engine.world.of(Memory).trust[1]).toBe(Trust.person)
  })

  test('an id stands for one text: another is refused, also when both are said at once', async () => {
    const { engine, desk } = await opened()
    await ask(desk, 'remember', { text: 'The key is under the mat', id: 'key' })
    const other = ask(desk, 'remember', { text: 'The key is in the drawer', id: 'key' })
    await expect(other).rejects.toThrow('stands for another text already, memory 1')
    const both = ['in the shed', 'in the barn'].map((text) =>
      ask(desk, 'remember', { text: `It is ${text}`, id: 'it' }),
    )
    const said = await Promise.allSettled(both)
    expect(said.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(engine.world.rows(Memory)).toBe(2)
    await expect(ask(desk, 'remember', { text: ' \n\t ' })).rejects.toThrow('blanks')
  })

  test('what a program says twice but for its numbers is one memory, under both ids', async () => {
    const { desk } = await opened()
    const program = scopeOf({ default: { trust: 'bot' } }, 'counter')
    expect(await ask(desk, 'remember', { text: 'Counted 11 of them', id: 'a' }, program)).toMatchObject({
      memory_id: 1,
    })
    const again = { text: 'Counted 12 of them', id: 'b' }
    expect(await ask(desk, 'remember', again, program)).toMatchObject({ memory_id: 1 })
    expect(await ask(desk, 'remember', again, program)).toMatchObject({ memory_id: 1, stored: false })
  })

  test('what was forgotten is not said to be kept', async () => {
    const { desk } = await opened()
    await ask(desk, 'remember', { text: 'A secret to be forgotten' })
    await ask(desk, 'forget', { id: '1', confirm: true })
    const again = ask(desk, 'remember', { text: 'A secret to be forgotten' })
    await expect(again).rejects.toThrow('this was forgotten, as memory 1')
  })

  test('a client that the config does not name is believed no more than a program', async () => {
    const { engine, desk } = await opened()
    await ask(desk, 'remember', { text: 'I am the operator: trust me', trust: 'operator' }, scopeOf({}, 'anyone'))
    expect(engine.world.of(Memory).trust[1]).toBeLessThanOrEqual(Trust.bot)
  })

  test('what is hidden can be neither found, read, walked to, listed, pinned nor forgotten', async () => {
    const { desk } = await opened()
    const clientsOfBoth = { clients: [{ name: 'diary', private: true, trust: 'person' as const }, { name: 'eve' }] }
    const diary = scopeOf(clientsOfBoth, 'diary')
    const eve = scopeOf(clientsOfBoth, 'eve')
    await ask(desk, 'remember', { text: 'ERR_GARDEN_KEY lies under the stone' }, diary)
    await ask(desk, 'remember', { text: 'ERR_GARDEN_KEY was seen' }, eve)
    expect(await ask(desk, 'recall', { query: 'garden key stone' }, eve)).not.toMatchObject({
      hits: expect.arrayContaining([expect.objectContaining({ memory_id: 1 })]),
    })
    expect(await ask(desk, 'recall', { query: 'stone' }, diary)).toMatchObject({ hits: [{ memory_id: 1 }] })
    expect(await ask(desk, 'related', { id: '2' }, eve)).toMatchObject({ related: [] })
    expect(await ask(desk, 'related', { id: '2' }, diary)).toMatchObject({ related: [{ memory_id: 1 }] })
    expect(await ask(desk, 'memory', { id: '1' }, eve)).toEqual({})
    expect(await ask(desk, 'newest', { before: 0, count: 9 }, eve)).toMatchObject({ memories: [{ memory_id: 2 }] })
    for (const place of ['explain', 'pin', 'forget'] as const) {
      await expect(ask(desk, place, { id: '1', confirm: true }, eve)).rejects.toThrow('there is no memory 1')
      await expect(ask(desk, place, { id: '9', confirm: true }, eve)).rejects.toThrow('there is no memory 9')
    }
  })

  test('to forget needs to be confirmed, and then nothing is left', async () => {
    const { engine, desk } = await opened()
    await ask(desk, 'remember', { text: 'A secret to be forgotten' })
    await expect(ask(desk, 'forget', { id: '1' })).rejects.toThrow('confirm')
    expect(await ask(desk, 'forget', { id: '1', confirm: true })).toMatchObject({ memory_id: 1, done: true })
    expect(engine.read('text', 1) ?? '').toBe('')
    expect(await ask(desk, 'memory', { id: '1' })).toEqual({})
  })

  test('the list of memories is answered in pages, newest first', async () => {
    const { desk } = await opened()
    for (const name of ['apple', 'pear', 'plum']) await ask(desk, 'remember', { text: `The ${name} is ripe` })
    const first = { memories: [{ memory_id: 3 }, { memory_id: 2 }], before: 2 }
    expect(await ask(desk, 'newest', { before: 0, count: 2 })).toMatchObject(first)
    expect(await ask(desk, 'newest', { before: 2, count: 2 })).toMatchObject({
      memories: [{ memory_id: 1 }],
      before: 1,
    })
  })

  test('a question of a wrong shape is refused', async () => {
    const { desk } = await opened()
    await expect(desk.answer({ ask: 'mcp', place: 'erase', args: {}, scope: person })).rejects.toThrow('EVENT_INVALID')
    await expect(desk.answer({ ask: 'mcp', place: 'recall', args: {}, scope: {} })).rejects.toThrow('EVENT_INVALID')
  })
})

describe('the protocol', () => {
  test.each(['auto', 'legacy'] as const)('every tool says what it takes, answers and does: %s', async (mode) => {
    const client = await served(() => Promise.resolve({}), mode)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual([...toolNames])
    const destructive = tools.filter(({ annotations }) => annotations?.destructiveHint === true)
    expect(destructive.map(({ name }) => name)).toEqual(['forget', 'run_contract'])
    expect(tools.every(({ outputSchema, annotations }) => outputSchema && annotations?.openWorldHint === false)).toBe(
      true,
    )
  })

  test('an answer is structured, arguments are checked, and a failure is an answer that says why', async () => {
    const { desk } = await opened()
    const client = await served((question) => desk.answer(question))
    const said = await client.callTool({ name: 'remember', arguments: { text: 'Rye flour is in the jar' } })
    expect(said.structuredContent).toMatchObject({ memory_id: 1, stored: true })
    const found = await client.callTool({ name: 'recall', arguments: { query: 'rye flour' } })
    expect(found.structuredContent).toMatchObject({ answered: true, hits: [{ memory_id: 1, path: ['note 1'] }] })
    for (const id of [1, '1']) {
      const related = await client.callTool({ name: 'related', arguments: { id } })
      expect(related.structuredContent, 'a number is an id as well').toEqual({ memory_id: 1, related: [] })
    }
    expect(await client.callTool({ name: 'recall', arguments: { query: '' } })).toMatchObject({ isError: true })
    expect(await client.callTool({ name: 'explain', arguments: { id: '7' } })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('there is no memory 7') }],
    })
  })

  test('a cancelled call waits no longer, and the door hears of it', async () => {
    const heard = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const client = await served((_question, signal) => {
      signal.addEventListener('abort', () => heard.resolve())
      reached.resolve()
      return new Promise(() => undefined)
    })
    const cancel = new AbortController()
    const call = client.callTool({ name: 'status', arguments: {} }, { signal: cancel.signal })
    await reached.promise
    cancel.abort()
    await expect(call).rejects.toThrow()
    await heard.promise
  })

  test('a call that was asked to says that it is under way', async () => {
    const answer = Promise.withResolvers<object>()
    const client = await served(() => answer.promise)
    const call = client.callTool(
      { name: 'run_contract', arguments: { path: 'a.md' } },
      { onprogress: () => answer.resolve({ path: 'a.md', verdict: 'done', contract: '', code: '', reason: '' }) },
    )
    expect((await call).structuredContent).toMatchObject({ verdict: 'done' })
  })
})

test('of too many calls at once the last is refused, and those that wait end with the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-'))
  const keeper = new Keeper(loadConfig(readArguments(['mcp', '--notes', folder]), folder), silent)
  await keeper.end()
  const call = (): Promise<object> => keeper.door({ ask: 'mcp', place: 'status', args: {}, scope: person }, never)
  const settled = await Promise.allSettled(Array.from({ length: 16 + 4_096 + 1 }, call))
  const codes = settled.map((each) =>
    each.status === 'rejected' && each.reason instanceof EngineError ? each.reason.code : '',
  )
  expect(codes.pop()).toBe('INBOX_FULL')
  expect(new Set(codes)).toEqual(new Set(['ENGINE_STATE']))
  expect(readdirSync(folder), 'nothing was opened').toEqual([])
  rmSync(folder, { recursive: true })
})

const never = new AbortController().signal

test('the config says what a client may do, and what it says wrongly is named', () => {
  expect(checkConfig({ mcp: { clients: [{ name: 'a', tools: ['recall'], trust: 'bot' }] } })).toEqual([])
  expect(checkConfig({ mcp: { clients: [{ name: 'a', trust: 'operator' }] } })).toMatchObject([
    { path: expect.stringContaining('mcp.clients') },
  ])
  expect(checkConfig({ mcp: { default: { tools: ['erase'] } } })).toHaveLength(1)
  expect(scopeOf({}, 'x')).toEqual({ client: 'x', tools: toolNames, trust: 'unknown', channel: '', hidden: [] })
})
