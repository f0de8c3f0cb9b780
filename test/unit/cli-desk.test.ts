import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import type { Audit } from '../../adapters/cli/desk/audit.ts'
import type { Explanation } from '../../adapters/cli/desk/explanation.ts'
import type { ExportPage } from '../../adapters/cli/desk/export.ts'
import { type Counts, type Desk, deskOf } from '../../adapters/cli/desk.ts'
import { measureSet, together } from '../../adapters/cli/eval/corpora.ts'
import { findSets } from '../../adapters/cli/eval/sets.ts'
import { measureVersions } from '../../adapters/cli/eval/versions.ts'
import { load } from '../../adapters/cli/ingest/loader.ts'
import { rulesOf } from '../../adapters/cli/ingest/rules.ts'
import { inviteQuestions } from '../../adapters/cli/prompt.ts'
import { search } from '../../adapters/search.ts'
import { createEngine, type Engine } from '../../engine/engine.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import type { Recall } from '../../systems/recall/types.ts'
import { asLines, conversation, day_ms, turn } from '../support/kitchen.ts'

type Opened = { readonly engine: Engine; readonly desk: Desk; take(events: readonly object[]): Promise<void> }

const open: Engine[] = []
const folders: string[] = []

afterEach(async () => {
  for (const engine of open.splice(0)) await engine.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function opened(events: readonly object[] = conversation): Promise<Opened> {
  const adapter = search()
  const engine = await createEngine({ ...mind(), store: ram(), adapters: [adapter] })
  open.push(engine)
  await engine.start()
  const take = async (more: readonly object[]): Promise<void> => {
    const loaded = await load(engine, Buffer.from(asLines(more)), rulesOf(mind(), 1_000_000))
    expect(loaded.refused.count).toBe(0)
    await engine.flushed()
    await adapter.complete()
  }
  await take(events)
  return { engine, desk: deskOf(engine, adapter), take }
}

describe('questions about memory', () => {
  test('recall answers each query, and every score is the sum of its parts', async () => {
    const { desk } = await opened()
    const asked = { ask: 'recall', queries: ['who broke the blue bowl?', 'rye flour'], options: { explain: true } }
    const { recalls } = (await desk.answer(asked)) as { recalls: Recall[] }
    expect(recalls.map(({ answered, hits }) => [answered, hits[0]?.id])).toEqual([
      [true, 'k3'],
      [true, 'n1'],
    ])
    for (const { score, parts } of recalls.flatMap(({ hits }) => hits)) {
      expect(parts.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(score, 9)
    }
  })

  test('a memory is shown by its number, by its own id, and not at all when nobody knows it', async () => {
    const { desk } = await opened()
    const k3 = {
      memory_id: 3,
      id: 'k3',
      kind: 'chat',
      role: 'user',
      trust: 'person',
      text: 'I broke the blue bowl this morning.',
      source: { kind: 'chat', thread: 'kitchen', author: 'Ada' },
      happened_at_ms: day_ms + 180_000,
      state: 'live',
      pinned: false,
      copies: 0,
    }
    for (const id of ['3', 'k3', 'id:k3']) {
      expect(await desk.answer({ ask: 'show', id })).toMatchObject({ memory: k3 })
    }
    // A number is never an event's own id without `id:`, whatever ids there are.
    for (const id of ['0', '6', 'k9', 'id:3']) expect(await desk.answer({ ask: 'show', id })).toEqual({ memory: null })
  })

  test('a memory is pinned, and forgotten for good', async () => {
    const { desk } = await opened()
    const order = (name: string, id: string): Promise<object> => desk.answer({ ask: 'order', order: name, id })
    expect(await order('pin', 'k3')).toEqual({ order: 'pin', memory_id: 3, done: true, reason: '' })
    expect(await desk.answer({ ask: 'show', id: '3' })).toMatchObject({ memory: { pinned: true } })
    await order('unpin', '3')
    expect(await desk.answer({ ask: 'show', id: '3' })).toMatchObject({ memory: { pinned: false } })
    expect(await order('forget', 'k3')).toMatchObject({ done: true })
    expect(await desk.answer({ ask: 'show', id: '3' })).toMatchObject({ memory: { state: 'forgotten', text: '' } })
    expect(await order('forget', '3')).toMatchObject({ done: false, reason: 'it was forgotten before' })
    expect(await order('pin', 'nobody')).toMatchObject({ memory_id: 0, done: false })
    const { recalls } = (await desk.answer({ ask: 'recall', queries: ['blue bowl'], options: {} })) as {
      recalls: Recall[]
    }
    expect(recalls[0]!.hits.map(({ id }) => id)).not.toContain('k3')
  })

  test('an explanation names keys, neighbours and relatives', async () => {
    const { desk, take } = await opened()
    await take([turn('k9', 'Ada', 'I broke the blue bowl this morning.', 500)])
    const { explanation } = (await desk.answer({ ask: 'explain', id: 'k3' })) as { explanation: Explanation }
    expect(explanation).toMatchObject({
      memory: { memory_id: 3 },
      before: { memory_id: 2, name: 'At half past six, after the second proof, at 240 degrees.' },
      after: { memory_id: 4 },
      same: [{ memory_id: 6 }],
    })
    const author = explanation.keys.find(({ key }) => key === 'author:ada')
    expect(author?.others.map(({ memory_id }) => memory_id)).toEqual([6, 1])
    const degrees = explanation.keys.map(({ degree }) => degree)
    expect(degrees).toEqual([...degrees].sort((a, b) => a - b))
  })

  test('an export is what was taken in, and taking it in again changes nothing', async () => {
    const { desk, take } = await opened()
    const { events, next } = (await desk.answer({ ask: 'export', from: 1 })) as ExportPage
    expect({ events, next }).toEqual({ events: conversation, next: 0 })
    await take(events)
    expect((await desk.answer({ ask: 'counts' })) as Counts).toMatchObject({ memories: 5, duplicates: 5 })
    const other = await opened(events)
    expect(await other.desk.answer({ ask: 'export', from: 1 })).toEqual({ events, next: 0 })
    expect(await desk.answer({ ask: 'export', from: 5 })).toEqual({ events: [conversation[4]], next: 0 })
  })

  test('an audit counts what is wrong, and shows no secret', async () => {
    const secret = `ghp_${'aB3dE5gH7j'.repeat(4).slice(0, 36)}`
    const { desk } = await opened([...conversation, turn('s1', 'Ada', `The token is ${secret}.`, 9), conversation[0]!])
    const audit = (await desk.answer({ ask: 'audit' })) as Audit
    expect(JSON.stringify(audit)).not.toContain(secret)
    expect(audit).toMatchObject({
      memories: 6,
      exact_duplicates: { count: 1, rate: 1 / 7 },
      recall_loops: { count: 0, rate: 0 },
      stale: { count: 0 },
      secrets: [{ kind: 'github_token', count: 1, memory_ids: [6] }],
    })
  })

  test('everything said is indexed when the desk says so', async () => {
    const { desk } = await opened()
    expect(await desk.answer({ ask: 'complete', wait_ms: 1000 })).toEqual({ pending: { lexical: 0, vectors: 0 } })
    expect(await desk.answer({ ask: 'settled' })).toMatchObject({ tick: expect.any(Number) })
  })

  test.each([
    [undefined],
    ['recall'],
    [{}],
    [{ ask: 'constructor' }],
    [{ ask: 'forget', id: '1' }],
    [{ ask: 'recall', queries: 'x', options: {} }],
    [{ ask: 'order', order: 'burn', id: '1' }],
    [{ ask: 'export', from: 0 }],
    [{ ask: 'show', id: '' }],
    [{ ask: 'audit', more: 1 }],
  ])('%j is no question', async (question) => {
    const { desk } = await opened([])
    await expect(desk.answer(question)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
  })
})

describe('questions at a terminal', () => {
  function terminal(isTTY: boolean): { input: PassThrough; output: PassThrough; text(): string } {
    const chunks: string[] = []
    const output = new PassThrough()
    output.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
    return {
      input: Object.assign(new PassThrough(), { isTTY }),
      output: Object.assign(output, { isTTY }),
      text: () => chunks.join(''),
    }
  }

  test('are answered until there is an empty line', async () => {
    const { desk } = await opened()
    const { input, output, text } = terminal(true)
    const ended = new Promise<void>((resolve) => {
      inviteQuestions(desk, { input, output }, { ended: resolve, interrupted: () => undefined })
    })
    input.write('who broke the blue bowl?\n')
    input.write('\n')
    await ended
    expect(text()).toContain('“I broke the blue bowl this morning.”')
  })

  test('end with the input or the daemon; nobody is asked where no person sits', async () => {
    const { desk } = await opened([])
    const { input, output } = terminal(true)
    let ends = 0
    const prompt = inviteQuestions(desk, { input, output }, { ended: () => ends++, interrupted: () => undefined })
    await prompt?.close()
    expect(ends).toBe(1)
    const piped = terminal(false)
    expect(inviteQuestions(desk, piped, { ended: () => ends++, interrupted: () => undefined })).toBeUndefined()
    expect([ends, piped.text()]).toEqual([1, ''])
  })
})

test('eval measures corpora with their questions, and versions of documents', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'promethean-eval-'))
  folders.push(folder)
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('home/kitchen/corpus.jsonl', asLines(conversation))
  write('home/kitchen/queries.jsonl', asLines([{ query: 'who broke the blue bowl?', gold: ['k3'] }]))
  write('home/garden/corpus.jsonl', asLines([turn('g1', 'Cleo', 'The pear tree blossoms in April.', 1)]))
  write('home/garden/queries.jsonl', asLines([{ query: 'when does the pear tree blossom?', gold: ['g1'] }]))
  for (const version of ['1.0', '1.1'])
    write(`manual/${version}/doors.md`, '---\ntitle: Doors\n---\nDoors open inward.\n')
  const found = findSets([folder])
  expect(found.versions.map(({ name, documents }) => [name, documents.length])).toEqual([['manual', 2]])
  const told: string[] = []
  const measured = await measureSet(found.corpora[0]!, (what) => told.push(what))
  expect(measured).toMatchObject({
    name: 'home',
    corpora: [
      { name: 'garden', memories: 1 },
      { name: 'kitchen', memories: 5, recall: { 1: 1 } },
    ],
    all: { questions: 2, recall: { 1: 1, 20: 1 }, ndcg_10: 1, words_only: { recall: { 5: 1 } } },
    calibration: { right: 2, wrong: 2, at_95: { right: 1 } },
  })
  expect(told).toContain('home/kitchen: reading')
  expect(together([measured])).toMatchObject({ questions: 2, recall: { 1: 1 } })
  const versions = await measureVersions(found.versions[0]!, () => undefined)
  expect(versions).toMatchObject({ name: 'manual', documents: 2, runs: [{ seed: 1, recall: 1, precision: 1 }, {}, {}] })
  expect(() => findSets([join(folder, 'manual', '1.0')])).toThrow(expect.objectContaining({ exit: 65 }))
})
