import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultSession } from '../../systems/agents/policy.ts'
import { choose, leastOf } from '../../systems/cephalon/context/choose.ts'
import { again } from '../../systems/cephalon/context/later.ts'
import { messageTokens } from '../../systems/cephalon/context/measure.ts'
import type { Candidate, ContextRecord, Group, Parts } from '../../systems/cephalon/context/types.ts'
import { estimate } from '../../systems/cephalon/tokens.ts'
import type { ChatMessage } from '../../systems/events.ts'
import { illFormed } from '../support/agents.ts'

const words = fc.string({ maxLength: 60 }).chain((part) => fc.integer({ min: 1, max: 60 }).map((n) => part.repeat(n)))
const trust = fc.integer({ min: 1, max: 5 })
const candidate = fc.record({ memory_id: fc.integer({ min: 1, max: 30 }), text: words, trust }).map(
  ({ memory_id, text, trust }): Candidate => ({
    memory_id,
    data: { memory_id, id: `e${memory_id}`, title: '', when: '', source: 'chat' },
    text,
    event: `chat c e${memory_id}`,
    trust,
    score: 1,
    lanes: [],
    path: [],
    why: 'found',
  }),
)
const plain = fc
  .record({ text: words, trust, n: fc.integer({ min: 1, max: 60 }) })
  .map(({ text, trust, n }): Group => [{ message: { role: 'user', content: text }, trust, event: `chat c e${n}` }])
const called = fc.record({ text: words, trust, n: fc.integer({ min: 1, max: 3 }) }).map(({ text, trust, n }): Group => {
  const ids = Array.from({ length: n }, (_, at) => `call${at}`)
  const tool_calls = ids.map((id) => ({ id, name: 'look', arguments: '{}' }))
  const asking: ChatMessage = { role: 'assistant', content: '', tool_calls }
  const results = ids.map((id) => ({
    message: { role: 'tool', content: { tool: 'look', state: 'done', text }, tool_call_id: id } as const,
    trust,
    event: '',
  }))
  return [{ message: asking, trust, event: '' }, ...results]
})
const groups = fc.array(fc.oneof(plain, called), { maxLength: 12 })
const partsOf = fc.record({
  related: fc.array(candidate, { maxLength: 30 }),
  persistent: fc.array(candidate, { maxLength: 5 }),
  recent: groups,
  input: fc.array(plain, { minLength: 1, maxLength: 3 }).map((list) => list.flat()),
})
const window = fc.integer({ min: 600, max: 20_000 })

function made(given: Omit<Parts, 'headers' | 'tools_tokens'>, window_tokens: number): ContextRecord {
  const headers: ChatMessage[] = [{ role: 'system', content: 'Be kind. '.repeat(10) }]
  const { shares, related_max } = defaultSession
  const budget = { window_tokens, answer_tokens: Math.floor(window_tokens / 8), shares, related_max }
  const rest = choose({ ...given, headers, tools_tokens: 20 }, budget, estimate)
  return { ...rest, prompts: 'p', counter: estimate.name }
}

const sizeOf = (messages: readonly ChatMessage[]) =>
  messages.reduce((sum, each) => sum + messageTokens(each, estimate), 0)

test('a context is within its budget, in order, well-formed, says nothing twice, and is the same each time', () => {
  fc.assert(
    fc.property(partsOf, window, (given, window_tokens) => {
      const record = made(given, window_tokens)
      expect(made(given, window_tokens)).toEqual(record)
      const { messages, tokens, trust, memory_ids } = again(record, [], 0, estimate)
      expect(tokens).toBeGreaterThanOrEqual(sizeOf(messages) + 20)
      expect(tokens).toBeLessThanOrEqual(record.budget_tokens)
      expect(record.tokens).toBeGreaterThanOrEqual(tokens)
      expect(record.tokens).toBeLessThanOrEqual(record.budget_tokens)
      expect(illFormed(messages)).toEqual(illFormed([]))
      expect(new Set(memory_ids).size).toBe(memory_ids.length)
      expect(messages[0]?.role).toBe('system')
      const inputs = given.input.length
      expect(record.input).toHaveLength(inputs)
      expect(messages.slice(-inputs)).toEqual(record.input.map(({ message }) => message))
      const events = new Set(given.input.map(({ event }) => event))
      for (const id of memory_ids) expect(events.has(`chat c e${id}`)).toBe(false)
      expect(trust).toBe(record.trust)
      expect(trust).toBe(leastOf(record.related, record.persistent, record.recent.flat(), record.input))
      for (const { trust: each } of [...record.related, ...record.input]) expect(each).toBeGreaterThanOrEqual(trust)
    }),
    { numRuns: 300 },
  )
})

test('a later context stays within the budget and well-formed while results of tools can give way', () => {
  fc.assert(
    fc.property(
      partsOf,
      window,
      fc.array(called, { maxLength: 4 }),
      fc.nat(3),
      (given, window_tokens, later, shrink) => {
        const record = made(given, window_tokens)
        const { messages, tokens, memory_ids } = again(record, later, shrink, estimate)
        expect(illFormed(messages)).toEqual(illFormed([]))
        expect(tokens).toBeGreaterThanOrEqual(sizeOf(messages) + 20)
        const related = memory_ids.length - record.persistent.length
        expect(related).toBeLessThanOrEqual(record.related.length >>> shrink)
        const least = sizeOf(again({ ...record, related: [], recent: [] }, later, 0, estimate).messages) + 20
        expect(tokens).toBeLessThanOrEqual(Math.max(record.budget_tokens, least))
      },
    ),
    { numRuns: 200 },
  )
})
