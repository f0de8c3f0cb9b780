import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Channel } from '../../adapters/cli/chat/channel.ts'
import { command } from '../../adapters/cli/chat/commands.ts'
import { sessionKey } from '../../adapters/cli/chat/desk.ts'
import type { Conversation } from '../../adapters/cli/chat/lines.ts'
import { PlainPieces } from '../../adapters/cli/chat/plain.ts'
import { approvalWords, aside, endWords, pastWords } from '../../adapters/cli/chat/words.ts'
import { defaultAgent, defaultAgentsPolicy, defaultSession } from '../../systems/agents/policy.ts'

const hostile = 'a\u001b[31mred\u001b[0m \u001b]0;title\u0007b\u001b]8;;http://x\u001b\\link\u009b2Jc\u202ed\r\ne\u0008'

describe('F131: what a terminal would obey is taken out', () => {
  test('however the text is cut into pieces', () => {
    const whole = new PlainPieces()
    const expected = whole.take(hostile) + whole.end()
    expect(expected).toBe('ared blinkcd\ne')
    fc.assert(
      fc.property(fc.array(fc.nat({ max: hostile.length }), { maxLength: 12 }), (cuts) => {
        const pieces = new PlainPieces()
        let shown = ''
        let from = 0
        for (const to of [...cuts.sort((a, b) => a - b), hostile.length]) {
          shown += pieces.take(hostile.slice(from, to))
          from = to
        }
        expect(shown + pieces.end()).toBe(expected)
      }),
    )
  })

  test('no half of a character is shown, and nothing is held back for ever', () => {
    const pieces = new PlainPieces()
    expect(pieces.take('x\ud83d')).toBe('x')
    expect(pieces.take('\ude00y')).toBe('😀y')
    expect(pieces.take('\u001b]0;')).toBe('')
    expect(pieces.take('z'.repeat(10_000)).length).toBeGreaterThan(5_000)
  })

  test('in every line that is told', () => {
    const said = [
      aside({ called: { call: 1, tool: hostile, arguments: hostile, verdict: 'deny', reason: hostile } }),
      aside({ returned: { call: 1, tool: hostile, state: 'done', text: hostile } }),
      aside({ asked: { round: 1, tokens: 1, memories: [{ memory_id: 1, name: hostile }] } }),
      aside({ waiting: { why: 'model', reason: hostile, until_ms: 1 } }),
      aside({ queued: { session: 's', why: hostile } }),
      endWords({
        turn: 1,
        state: 'failed',
        code: 'X',
        reason: hostile,
        rounds: 0,
        calls: 0,
        tokens_in: 0,
        tokens_out: 0,
      }),
      pastWords({ role: 'user', text: hostile, turn: 1, at_ms: 0 }, 'duck'),
      approvalWords({
        call: 1,
        hash: 'h',
        session: hostile,
        tool: hostile,
        arguments: JSON.stringify({ [hostile]: hostile }),
        risk: 'destructive',
        why: hostile,
        expires_ms: 1,
      }),
    ]
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    for (const text of said) expect(text).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]+$/)
  })
})

test('an approval takes nothing out of what will run, and says that it hides something', () => {
  const about = {
    call: 1,
    hash: 'h',
    session: 'duck/chat',
    tool: 'mail.send',
    risk: 'destructive',
    why: '',
    expires_ms: 1,
  }
  const shown = (given: string): string => approvalWords({ ...about, arguments: given })
  const to = 'ada\u202ex\u202c\u{e0065}\u{e0076}\u{e0065}\u200b\ufe0f\u3164\u00a0'
  const words = shown(JSON.stringify({ to }))
  expect(words).toContain('"ada\\u{202e}x\\u{202c}\\u{e0065}\\u{e0076}\\u{e0065}\\u{200b}\\u{fe0f}\\u{3164}\\u{a0}"')
  expect(words).toMatch(/\n {4}Beware: the arguments hold invisible characters[^\n]*$/)
  expect(shown(JSON.stringify({ to: 'ada\u001b[8m' }))).toContain('Beware')
  expect(shown('no JSON \u202e')).toContain('no JSON \\u{202e}')
  expect(shown(JSON.stringify({ to: 'ada, Zoë 😀\n\\u202e' }))).not.toContain('Beware')
})

test('an approval shows the tool, the whole of its arguments, and why it is asked', () => {
  const path = `deep/${'x'.repeat(5_000)}/note.md`
  const words = approvalWords({
    call: 1,
    hash: 'h',
    session: 'duck/chat',
    tool: 'notes.write',
    arguments: JSON.stringify({ path, text: 'a\nb' }),
    risk: 'side_effect',
    why: 'every side effect needs a yes',
    expires_ms: 1,
  })
  expect(words).toContain('notes.write (side_effect): every side effect needs a yes')
  expect(words).toContain(path)
  expect(words).toContain('"text": "a\\nb"')
})

describe('which session is meant', () => {
  const agent = (name: string, ...sessions: string[]) => ({
    ...defaultAgent,
    name,
    sessions: sessions.map((each) => ({ ...defaultSession, name: each, filters: [] })),
  })
  const policy = { ...defaultAgentsPolicy, agents: [agent('duck', 'general', 'bots'), agent('goose', 'pond')] }

  test.each([
    [undefined, 'duck/general'],
    ['', 'duck/general'],
    ['bots', 'duck/bots'],
    ['new', 'duck/new'],
    ['goose/pond', 'goose/pond'],
  ])('%s is %s', (word, key) => {
    expect(sessionKey(policy, word)).toBe(key)
  })

  test('an agent that there is not, and what is no name, are refused', () => {
    expect(() => sessionKey(policy, 'gose/pond')).toThrow(/there is no agent gose; did you mean goose\?/)
    expect(() => sessionKey(policy, 'duck/a b')).toThrow(/is no name/)
    expect(() => sessionKey(policy, 'duck/')).toThrow(/is no name/)
    expect(() => sessionKey(policy, 'duck/a/b')).toThrow(/is no name/)
  })
})

test('a channel gives all that was pushed, then its end or its failure, and says when its reader left', async () => {
  let left = 0
  const good = new Channel<number>(() => left++)
  good.push(1)
  setTimeout(() => {
    good.push(2)
    good.end()
    good.push(3)
  }, 1)
  expect(await Array.fromAsync(good)).toEqual([1, 2])
  expect(left).toBe(1)
  const bad = new Channel<number>(() => left++)
  bad.push(1)
  bad.end(new Error('broken'))
  const seen: number[] = []
  await expect(
    (async () => {
      for await (const each of bad) seen.push(each)
    })(),
  ).rejects.toThrow('broken')
  expect(seen).toEqual([1])
}, 5_000)

test('lines with a slash are orders, unless nobody knows them or they are text', async () => {
  let cancelled = 0
  const conversation = {
    session: 'duck/chat',
    tools: async () => [{ name: 'time.now', risk: 'read_only', description: 'Tells \u001b[1mthe time.' }],
    cancel: async () => void cancelled++,
  } as unknown as Conversation
  const memories = [{ memory_id: 7, name: 'Compost' }]
  const text = async (line: string) => (await command(line, conversation, memories))?.text
  expect(await text('/memories')).toBe('#7 Compost')
  expect(await text('/tools')).toMatch(/^time\.now {2}read_only {2}Tells the time\.$/)
  expect(await text('/help')).toContain('/quit')
  expect(await text('/nothing')).toMatch(/there is no \/nothing/)
  expect(await text('/etc/passwd is a file')).toBeUndefined()
  expect(await text('hello')).toBeUndefined()
  expect(await command('/quit', conversation, [])).toEqual({ text: '', quit: true })
  await text('/cancel')
  expect(cancelled).toBe(1)
})
