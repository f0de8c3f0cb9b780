import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { notesPort } from '../../adapters/fs/port.ts'
import { search } from '../../adapters/search.ts'
import { allTools, toolSpecs, tools } from '../../adapters/tools.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { Memory } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { agentOf, modelAdapter, sessionOf, sinceUser, textOf } from '../support/agents.ts'

/** Whole turns: a model asks for tools, and the real ones run. */

let home = ''
let engine: Engine | undefined

afterEach(async () => {
  await engine?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('a turn remembers, writes a note, reads it back and answers; a path outside is refused and told', async () => {
  home = mkdtempSync(join(tmpdir(), 'tools-turn-'))
  const root = join(home, 'notes')
  mkdirSync(root)
  const steps = [
    { name: 'memory.remember', arguments: { text: 'Ada keeps the ledger in the blue cabinet.' } },
    { name: 'notes.write', arguments: { path: 'ledger.md', text: '# Ledger\n' } },
    { name: 'notes.read', arguments: { path: '../outside.md' } },
    { name: 'notes.read', arguments: { path: 'ledger.md' } },
  ]
  const results: string[] = []
  const model = modelAdapter((request) => {
    const told = sinceUser(request).own.filter(({ role }) => role === 'tool')
    const newest = told.at(-1)
    if (newest !== undefined) results.push(textOf(newest))
    const step = steps[told.length]
    return step === undefined ? { say: 'It is written.' } : { call: [step] }
  })
  const memory = search()
  const given = allTools({ notes: notesPort(root) })
  const adapter = tools({ tools: given, recall: (query, options) => memory.recall(query, options) })
  engine = await createEngine({ ...mind(), store: ram(), adapters: [model, memory, adapter] })
  await engine.start()
  const said: unknown[] = []
  engine.on('session.said', ({ payload }) => said.push(payload['text']))
  engine.on('approval.asked', ({ payload }) => {
    const yes = { hash: String(payload['hash']), allow: true }
    engine!.publish({ type: 'approval.given', source: { kind: 'operator' }, payload: yes })
  })
  const chat = sessionOf('chat', { permissions: 'auto', tools: ['memory.*', 'notes.*'] })
  const policy = JSON.parse(JSON.stringify({ agents: [agentOf('duck', [chat])], tools: toolSpecs(given) }))
  await engine.ingest({ type: 'config.set', source: { kind: 'config' }, payload: { policy } })
  const source = { kind: 'operator', channel: 'duck/chat', author: 'operator' }
  await engine.ingest({ type: 'chat.message', source, payload: { text: 'Where is the ledger?' } })
  await vi.waitFor(() => expect(said).toEqual(['It is written.']), { timeout: 15_000 })
  expect(results).toHaveLength(4)
  expect(results[0]).toMatch(/remembered\\":true/)
  expect(results[2]).toContain('OUTSIDE')
  expect(results[3]).toContain('# Ledger')
  expect(readFileSync(join(root, 'ledger.md'), 'utf8')).toBe('# Ledger\n')
  const texts = Array.from({ length: engine.world.rows(Memory) }, (_, at) => engine!.read('text', at + 1))
  expect(texts).toContain('Ada keeps the ledger in the blue cabinet.')
}, 20_000)
