import { describe, expect, test } from 'vitest'
import { OneNote } from '../../adapters/cli/olympia/one-note.ts'
import { runSuite } from '../../adapters/cli/olympia/run-suite.ts'
import type { Trial } from '../../adapters/cli/olympia/seen.ts'
import { type SuiteFile, suiteOf } from '../../adapters/cli/olympia/suite.ts'
import { summaryOf } from '../../adapters/cli/olympia/summary.ts'
import type { EffectHandler } from '../../engine/flow/adapter.ts'
import { FsRead, FsWrite, LlmChat, type LlmChatDone } from '../../systems/events.ts'

const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
const words = (content: string): LlmChatDone => ({ content, model: 'm', finish: 'stop', tokens_in: 5, tokens_out: 1 })

/** What comes of a suite that a handler answers. */
async function run(file: Partial<SuiteFile>, chat: EffectHandler, signal = new AbortController().signal) {
  const task = { name: 'one', prompt: 'Hello', validators: [{ answer: { contains: ['hello'] } }] }
  const suite = suiteOf({ name: 'mine', about: 'Mine.', tasks: [task], ...file }, '')
  const heard: Trial[] = []
  const model = { name: 'm', adapters: [{ name: 'm', effects: { [LlmChat.name]: chat } }], prices: undefined }
  const plan = { suite, models: [model], runs: 2, parallel: 2, signal, heard: (trial: Trial) => void heard.push(trial) }
  const [course] = await runSuite(plan)
  return { heard, course: course!, summary: summaryOf(suite, [course!], { at: '', interrupted: false }).models[0]! }
}

describe('A suite’s runs', () => {
  test('each is a world of its own: the second run of a task sees nothing of the first', async () => {
    const { heard, summary } = await run({}, async () => words('Hello to you'))
    expect(summary.rate).toMatchObject({ passed: 2, runs: 2 })
    const [first, second] = heard.map(({ messages }) => JSON.stringify(messages.slice(2)))
    expect(first).toBe(second)
    expect(heard.map(({ seed }) => seed)).toHaveLength(2)
    expect(new Set(heard.map(({ seed }) => seed)).size).toBe(2)
    expect(summary).toMatchObject({ tokens_in: 10, tokens_out: 2, tokens_estimated: false, cost: null })
  })

  test('a task may say how often it is run', async () => {
    const one = { name: 'one', prompt: 'Hello', runs: 3, validators: [{ refuses: true as const }] }
    const { summary } = await run({ tasks: [one, { ...one, name: 'two', runs: 1 }] }, async () => words('x'))
    expect(summary.tasks.map(({ rate }) => rate.runs)).toEqual([3, 1])
    expect(summary.planned).toBe(4)
  })

  test('a model that never answers is broken off at the run’s time', async () => {
    const never: EffectHandler = (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))))
    const { summary } = await run({ run_ms: 150 }, never)
    expect(summary.rate).toMatchObject({ passed: 0, runs: 2 })
    expect(summary.failures[0]).toMatchObject({
      runs: [1, 2],
      reasons: [expect.stringContaining('RUN_TIMEOUT'), expect.any(String)],
    })
    expect(summary.unanswered).toBe(2)
  })

  test('what is broken off from outside is not counted', async () => {
    const stopper = new AbortController()
    let asked = 0
    const { summary } = await run(
      {},
      async () => {
        if (++asked === 2) stopper.abort()
        return words('Hello')
      },
      stopper.signal,
    )
    expect(summary.planned).toBe(2)
    expect(summary.rate.runs).toBeLessThan(2)
  })
})

describe('The folder of one note', () => {
  const note = (): OneNote => new OneNote('a.md', 'Body')
  const ask = (of: OneNote, type: string, request: object) => of.adapter.effects![type]!({ ...request }, call)

  test('answers as a folder does, and refuses what does not fit', async () => {
    const one = note()
    const read = (await ask(one, FsRead.name, { path: 'a.md' })) as { hash: string }
    const wrong = { path: 'a.md', before_hash: '0'.repeat(64), after_hash: '1'.repeat(64), cut_bytes: 0, head: 'x' }
    await expect(ask(one, FsRead.name, { path: 'b.md' })).rejects.toMatchObject({ code: 'GONE' })
    await expect(ask(one, FsWrite.name, wrong)).rejects.toMatchObject({ code: 'CHANGED' })
    await expect(ask(one, FsWrite.name, { ...wrong, before_hash: read.hash })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    expect(one.text).toBe('Body')
  })
})
