import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { Channel } from '../../adapters/cli/chat/channel.ts'
import type { ApprovalLine, ChatLine, Conversation, EndedLine } from '../../adapters/cli/chat/lines.ts'
import { converseInPipes } from '../../adapters/cli/chat/pipe.ts'
import { converseAtTerminal } from '../../adapters/cli/chat/terminal.ts'

/** A conversation whose lines the test tells, and a terminal that it types at. */
class Stage {
  readonly input = new PassThrough()
  readonly output = new PassThrough()
  readonly err = new PassThrough()
  readonly said: string[] = []
  readonly answers: [hash: string, allow: boolean][] = []
  cancelled = 0
  shown = ''
  complained = ''
  /** The turn that runs when the conversation begins. */
  running: Channel<ChatLine> | undefined
  turn: Channel<ChatLine> | undefined
  #heard = Promise.withResolvers<void>()

  constructor() {
    this.output.setEncoding('utf8').on('data', (text: string) => this.#hear('shown', text))
    this.err.setEncoding('utf8').on('data', (text: string) => this.#hear('complained', text))
  }

  #hear(where: 'shown' | 'complained', text: string): void {
    this[where] += text
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }

  get conversation(): Conversation {
    const none = new Channel<ChatLine>(() => {})
    none.end()
    return {
      session: 'duck/chat',
      past: async () => [{ role: 'assistant', text: 'of old', turn: 1, at_ms: 0 }],
      follow: () => this.running ?? none,
      say: (text) => {
        this.said.push(text)
        this.turn = new Channel(() => {})
        return this.turn
      },
      approve: async (hash, allow) => {
        this.answers.push([hash, allow])
        this.turn?.push({ answered: { hash, allow } })
        return { hash, allow, done: true, reason: '' }
      },
      cancel: async () => {
        this.cancelled++
        this.end('cancelled')
      },
      tools: async () => [],
      close: async () => {},
    }
  }

  type(line: string): void {
    this.input.write(`${line}\n`)
  }

  tell(...lines: ChatLine[]): void {
    for (const line of lines) this.turn?.push(line)
  }

  end(state: string, code = ''): void {
    const ended: EndedLine = {
      turn: 1,
      state,
      code,
      reason: 'so it is',
      rounds: 1,
      calls: 0,
      tokens_in: 1,
      tokens_out: 1,
    }
    this.turn?.push({ ended })
    this.turn?.end()
  }

  /** Waits until something stands on the screen, or is so. */
  async until(isSo: (stage: Stage) => boolean): Promise<void> {
    while (!isSo(this)) await Promise.race([this.#heard.promise, new Promise((resolve) => setTimeout(resolve, 2))])
  }
}

let stage: Stage
let ended: Promise<number>
const begin = (): void => {
  stage = new Stage()
  ended = converseAtTerminal(stage.conversation, { input: stage.input, output: stage.output, colours: false })
}
afterEach(async () => {
  stage.input.end()
  await ended
})
const asked = (call: number, hash: string): ApprovalLine => {
  const more = { session: 'duck/chat', risk: 'side_effect', why: 'it needs a yes', expires_ms: 1 }
  return { call, hash, tool: 'notes.write', arguments: `{"path":"${hash}.md"}`, ...more }
}

describe('at a terminal', () => {
  test('the past, then the answer as it comes, once', async () => {
    begin()
    stage.type('hello')
    await stage.until(({ said }) => said.length === 1)
    expect(stage.shown).toContain('duck: of old')
    stage.tell({ delta: 'I am ' })
    await stage.until(({ shown }) => shown.includes('duck › I am '))
    stage.tell({ delta: 'here.' }, { said: { text: 'I am here.', trust: 'own' } })
    stage.end('done')
    await stage.until(({ shown }) => shown.endsWith('you › '))
    expect(stage.shown.split('I am').length).toBe(2)
  })

  test('an answer that was begun anew or cleaned is shown again as it stands', async () => {
    begin()
    stage.type('hello')
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ delta: 'The key is sk-1' }, { said: { text: 'The key is [removed].', trust: 'own' } })
    stage.end('done')
    await stage.until(({ shown }) => shown.includes('duck › The key is [removed].\n'))
    expect(stage.shown).toMatch(/sk-1\n {2}The answer is another than what was streamed[^\n]*\nduck › The key/)
  })

  test('an answer that was streamed anew after a break is shown once, on a line of its own', async () => {
    begin()
    stage.type('hello')
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ delta: 'The first half' }, { again: { attempt: 2 } }, { delta: 'The whole answer is here.' })
    stage.tell({ said: { text: 'The whole answer is here.', trust: 'own' } })
    stage.end('done')
    await stage.until(({ shown }) => shown.endsWith('here.\nyou › '))
    expect(stage.shown).toContain('The first half\n  … (again)\nduck › The whole answer is here.\n')
    expect(stage.shown.split('The whole answer').length).toBe(2)
    expect(stage.shown).not.toContain('another than what was streamed')
  })

  test('approvals are asked one by one; only a yes is one, and nothing typed before counts', async () => {
    begin()
    stage.type('write')
    await stage.until(({ said }) => said.length === 1)
    stage.type('y')
    await new Promise((resolve) => setTimeout(resolve, 20))
    stage.tell({ approval: asked(1, 'aa') }, { approval: asked(2, 'bb') }, { approval: asked(3, 'cc') })
    await stage.until(({ shown }) => shown.includes('"path": "aa.md"') && shown.endsWith('[y/N] '))
    expect(stage.answers).toEqual([])
    expect(stage.shown).not.toContain('bb.md')
    stage.type('')
    await stage.until(({ shown }) => shown.includes('"path": "bb.md"'))
    stage.type('yes')
    await stage.until(({ shown }) => shown.includes('"path": "cc.md"'))
    stage.type('yes please do not')
    await stage.until(({ answers }) => answers.length === 3)
    expect(stage.answers).toEqual([
      ['aa', false],
      ['bb', true],
      ['cc', false],
    ])
    stage.end('done')
    // What was typed ahead is said now, to the agent.
    await stage.until(({ said }) => said.length === 2)
    expect(stage.said).toEqual(['write', 'y'])
    stage.end('done')
  })

  test('a question that was answered elsewhere is taken back', async () => {
    begin()
    stage.type('write')
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ approval: asked(1, 'aa') })
    await stage.until(({ shown }) => shown.endsWith('[y/N] '))
    stage.tell({ answered: { hash: 'aa', allow: true } }, { approval: asked(2, 'bb') })
    await stage.until(({ shown }) => shown.includes('bb.md'))
    stage.tell({ returned: { call: 2, tool: 'notes.write', state: 'denied', text: 'too late' } })
    await stage.until(({ shown }) => shown.includes('too late'))
    stage.end('done')
    stage.type('y')
    await stage.until(({ said }) => said.length === 2)
    expect(stage.answers).toEqual([])
    expect(stage.said).toEqual(['write', 'y'])
    stage.end('done')
  })

  test('the end of input ends the conversation in the middle of a turn', async () => {
    begin()
    stage.type('write')
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ approval: asked(1, 'aa') })
    await stage.until(({ shown }) => shown.endsWith('[y/N] '))
    stage.input.end()
    expect(await ended).toBe(0)
    expect(stage.answers).toEqual([])
  })

  test('what failed is said, and the conversation goes on; /quit ends it', async () => {
    begin()
    stage.type('one')
    await stage.until(({ said }) => said.length === 1)
    stage.turn?.end(new Error('the daemon broke \u001b[31moff'))
    await stage.until(({ shown }) => shown.includes('the daemon broke off'))
    stage.type('two')
    await stage.until(({ said }) => said.length === 2)
    stage.end('failed', 'AUTH')
    await stage.until(({ shown }) => shown.includes('failed: AUTH: so it is'))
    stage.type('/quit')
    expect(await ended).toBe(0)
  })
})

describe('through pipes', () => {
  const piped = (lines: string[], json = false): void => {
    stage = new Stage()
    ended = converseInPipes(stage.conversation, { input: stage.input, out: stage.output, err: stage.err, json })
    for (const line of lines) stage.type(line)
    stage.input.end()
  }

  test('one line after the other, each waiting for the answer before; what failed decides the exit code', async () => {
    piped(['one', '', 'two'])
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ delta: 'ignored' }, { said: { text: 'first', trust: 'own' } })
    stage.end('done')
    await stage.until(({ said }) => said.length === 2)
    stage.end('failed', 'AUTH')
    expect(await ended).toBe(1)
    expect(stage.shown).toBe('first\n')
    expect(stage.complained).toBe('failed: AUTH: so it is\n')
  })

  test('a turn of somebody else is neither followed nor decided on', async () => {
    stage = new Stage()
    stage.running = new Channel(() => {})
    const { conversation, input, output: out, err, running } = stage
    running.push({ approval: asked(1, 'aa') })
    running.push({ said: { text: 'the answer to another', trust: 'own' } })
    running.push({
      ended: { turn: 1, state: 'done', code: '', reason: '', rounds: 1, calls: 0, tokens_in: 0, tokens_out: 0 },
    })
    running.end()
    ended = converseInPipes(conversation, { input, out, err, json: false })
    stage.type('hi')
    stage.input.end()
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ started: { turn: 2, inputs: 1 } }, { approval: asked(2, 'bb') })
    await stage.until(({ answers }) => answers.length === 1)
    stage.tell({ said: { text: 'mine', trust: 'own' } })
    stage.end('done')
    expect(await ended).toBe(0)
    expect(stage.answers).toEqual([['bb', false]])
    expect(stage.complained).toMatch(/^denied: notes\.write needs your yes/)
    expect(stage.shown).toBe('mine\n')
  })

  test('a turn that answers others too waits for their yes', async () => {
    piped(['hi'])
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ started: { turn: 2, inputs: 2 } }, { approval: asked(2, 'bb') })
    await stage.until(({ complained }) => complained.includes('promethean approve bb'))
    stage.end('done')
    expect(await ended).toBe(0)
    expect(stage.answers).toEqual([])
  })

  test.each([false, true])('a budget that is spent for long is not waited for (json: %s)', async (json) => {
    piped(['hi', 'more'], json)
    await stage.until(({ said }) => said.length === 1)
    const until_ms = Date.now() + 3_600_000
    stage.tell({ queued: { session: 'duck/chat', why: 'it is blocked', until_ms } })
    expect(await ended).toBe(69)
    expect(stage.said).toEqual(['hi'])
    expect(stage.complained).toContain('BUDGET_SPENT: the budget is whole again at ')
    if (json) expect(stage.shown).toContain('"code":"BUDGET_SPENT"')
  })

  test('a budget that is whole again soon is waited for', async () => {
    piped(['hi'])
    await stage.until(({ said }) => said.length === 1)
    stage.tell({ waiting: { why: 'budget', reason: 'a minute', until_ms: Date.now() + 30_000 } })
    stage.tell({ said: { text: 'there', trust: 'own' } })
    stage.end('done')
    expect(await ended).toBe(0)
    expect(stage.shown).toBe('there\n')
  })
})
