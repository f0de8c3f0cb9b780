import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerTurn } from '../../adapters/offline/turn.ts'
import { offline } from '../../adapters/offline.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { type ChatMessage, LlmChat } from '../../systems/events.ts'

const notice = 'No model is configured, so this is from memory alone.'
const nothing = 'I find nothing in memory about this.'
const tomatoes = {
  memory_id: 1,
  id: 'a',
  title: 'Tomatoes',
  when: '2026-03-02',
  source: 'a note',
  path: 'garden/tomatoes.md',
  text: '# Tomatoes\n\nWater in the morning, never on the leaves.',
}
const ana = {
  memory_id: 2,
  id: 'b',
  title: '',
  when: 1_767_225_600_000,
  source: 'said by Ana',
  text: 'I watered a tomato plant.',
}
const bread = { memory_id: 3, id: 'c', title: 'Bread', when: '2026-01-05', source: 'a note', text: 'Rye needs time.' }
const all = [bread, ana, tomatoes]

function asked(
  question: string | { [key: string]: string },
  memories: Payload[] = all,
  before: ChatMessage[] = [],
): ChatMessage[] {
  const related: ChatMessage = { role: 'user', content: { memories } }
  return [{ role: 'system', content: 'Be kind.' }, ...before, related, { role: 'user', content: question }]
}

describe('a turn without a model', () => {
  it('quotes what answers, best first, with its sources', () => {
    expect(answerTurn(asked('How should I water tomatoes in the morning?'))).toBe(
      `${notice}\n\n“Tomatoes: Water in the morning, never on the leaves.”\n  — Tomatoes, garden/tomatoes.md, a note, 2026-03-02`,
    )
    expect(answerTurn(asked('watering the tomato')).split('\n\n')).toEqual([
      notice,
      '“I watered a tomato plant.”\n  — said by Ana, 2026-01-01',
      '“Tomatoes: Water in the morning, never on the leaves.”\n  — Tomatoes, garden/tomatoes.md, a note, 2026-03-02',
    ])
  })

  it('is whole, asks for no tool, and is what the adapter answers', async () => {
    const request = {
      task: 'turn',
      messages: asked('rye?'),
      tools: [{ name: 'time.now', description: '', parameters: {} }],
    }
    const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
    const done = await offline().effects![LlmChat.name]!(request as Payload, call)
    const content = `${notice}\n\n“Rye needs time.”\n  — Bread, a note, 2026-01-05`
    expect(done).toEqual({ content, model: 'offline', finish: 'stop' })
  })

  it.each(['Hello!', '', 'What is the capital of France?', 'What is it?', '???'])(
    'says that nothing answers %j',
    (question) => {
      expect(answerTurn(asked(question))).toBe(`${notice}\n\n${nothing}`)
    },
  )

  it('says so without any memory, message or question', () => {
    expect(answerTurn(asked('rye?', []))).toBe(`${notice}\n\n${nothing}`)
    expect(answerTurn([{ role: 'user', content: 'rye?' }])).toBe(`${notice}\n\n${nothing}`)
    expect(answerTurn([])).toBe(`${notice}\n\n${nothing}`)
  })

  it('says once in a conversation that there is no model', () => {
    const before: ChatMessage[] = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: answerTurn(asked('hello')) },
    ]
    expect(answerTurn(asked('rye?', all, before))).toBe('“Rye needs time.”\n  — Bread, a note, 2026-01-05')
  })

  it('answers what was said last, in several messages and as data', () => {
    const later: ChatMessage = { role: 'user', content: { author: 'tomatoes', text: 'does rye need time?' } }
    const before: ChatMessage[] = [
      { role: 'user', content: 'tomatoes?' },
      { role: 'assistant', content: 'Hm.' },
    ]
    const answer = answerTurn([...asked('now then', all, before), later])
    expect(answer).toContain('Rye needs time.')
    expect(answer).not.toContain('Water')
  })

  it('never quotes the question, an answer of its own, or the same words twice', () => {
    const own = answerTurn(asked('does rye need time?'))
    const memories = [
      { id: 'q', text: 'Does rye need time?' },
      { id: 'o', text: own },
      { id: 'p', text: own.slice(own.indexOf('“')) },
      bread,
      { ...bread, id: 'copy' },
    ]
    expect(answerTurn(asked('does rye need time?', memories))).toBe(own)
  })

  it('of a long text quotes the sentence that answers', () => {
    const filler = 'The weather was grey and nobody said much about it. '.repeat(30)
    const text = `${filler}The spare key lies under the third flower pot. ${filler}`
    const answer = answerTurn(asked('Where is the spare key?', [{ id: 'k', title: 'House', text }]))
    expect(answer).toContain('“The spare key lies under the third flower pot.')
    expect(answer.length).toBeLessThan(600)
  })

  it('quotes three at most', () => {
    const memories = Array.from({ length: 20 }, (_, at) => ({ id: `${at}`, text: `Rye bread number ${at}` }))
    expect(answerTurn(asked('rye bread', memories)).match(/“/g)).toHaveLength(3)
  })

  it('finds what was said earlier in the conversation, but no question', () => {
    const before: ChatMessage[] = [
      { role: 'user', content: 'The spare key lies under the third pot.' },
      { role: 'assistant', content: `${notice}\n\n${nothing}` },
      { role: 'user', content: { text: 'Who has a spare key?', author: 'ana' } },
      { role: 'assistant', content: nothing },
    ]
    const quote = '“The spare key lies under the third pot.”\n  — said earlier in this conversation'
    expect(answerTurn(asked('Where is the spare key?', [], before))).toBe(quote)
  })

  it.each([
    ['fs, garden/rye.md', 'garden/rye.md'],
    ['operator, duck/general, operator', 'said by the operator in duck/general'],
    ['operator', 'said by the operator'],
    ['discord, kitchen, ana', 'discord, kitchen, ana'],
  ])('says where %j is from in words', (source, words) => {
    expect(answerTurn(asked('rye?', [{ text: 'Rye needs time.', source }]))).toContain(`\n  — ${words}`)
  })

  it('finds what is pinned', () => {
    const messages: ChatMessage[] = [
      { role: 'user', content: { pinned: [bread] } },
      { role: 'user', content: { memories: [ana] } },
      { role: 'user', content: 'rye?' },
    ]
    expect(answerTurn(messages)).toContain('Rye needs time.')
  })

  it('finds words where they are not parted', () => {
    const memories = [bread, { id: 'z', text: '番茄应该在早上浇水。' }]
    expect(answerTurn(asked('什么时候给番茄浇水?', memories))).toContain('番茄应该在早上浇水')
  })

  it('never lets a memory write to the terminal', () => {
    const memories = [{ id: 'e', title: 'x\u001b[2J', source: 'a\nb', text: 'Rye \u001b[31mred\u0007 \u202eback' }]
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(answerTurn(asked('rye', memories))).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })

  it('takes memories of any shape, and says the same each time', () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant([]), fc.constant({}))
    const memory = fc.oneof(
      value,
      fc.record({ text: value, title: value, when: value, source: value, id: value, path: value }),
    )
    fc.assert(
      fc.property(fc.array(memory, { maxLength: 5 }), fc.string(), (memories, question) => {
        const messages: ChatMessage[] = [
          { role: 'user', content: { memories } },
          { role: 'user', content: question },
        ]
        const answer = answerTurn(messages)
        expect(answer.startsWith(notice)).toBe(true)
        expect(answerTurn(messages)).toBe(answer)
      }),
    )
  })
})
