import { expect, test } from 'vitest'
import { orLocked } from '../../adapters/cli/chat/locked.ts'
import { withAdvice } from '../../adapters/cli/chat/remote.ts'
import { eventDoubts } from '../../adapters/cli/explain-route.ts'
import { outcomeWords } from '../../adapters/cli/explain-turn.ts'
import { EngineError } from '../../engine/errors.ts'
import { ChatSaid } from '../../systems/events.ts'

test('how a turn ended is a sentence', () => {
  expect(outcomeWords({ state: 'done', code: '', reason: '', message: 3 })).toBe('It ended well.')
  expect(outcomeWords({ state: 'cancelled', code: '', reason: '' })).toBe('It was cancelled.')
  expect(outcomeWords({ state: 'failed', code: 'AUTH', reason: 'no \u001b[31mkey' })).toBe(
    'It ended as failed: AUTH: no key.',
  )
  expect(outcomeWords({ other: 1 })).toBe('It ended: {"other":1}')
})

test('of an event it is said what nobody reads, and that its type is not declared', () => {
  const source = { kind: 'chat', channel: 'c', room: 'r' }
  expect(eventDoubts({ type: ChatSaid.name, source, payload: {}, text: 'x' })).toEqual([
    'An event has no member text; it is not looked at.',
    'An event has no member source.room; it is not looked at.',
  ])
  expect(eventDoubts({ type: 'chat.sad' })).toEqual(['No event of the type chat.sad is declared: none can come in.'])
  expect(eventDoubts({ type: ChatSaid.name, source: { kind: 'chat' } })).toEqual([])
})

test('a record that another process holds: what to do, and what else fails is left as it is', async () => {
  const locked = orLocked(() => Promise.reject(new EngineError('STORE_LOCKED', 'process 7 holds it')))
  await expect(locked).rejects.toMatchObject({
    exit: 75,
    message: expect.stringContaining('start promethean run first'),
  })
  const other = new EngineError('STORE_GONE', 'it went')
  await expect(orLocked(() => Promise.reject(other))).rejects.toBe(other)
  expect(await orLocked(async () => 3)).toBe(3)
})

test('a daemon that dies in the middle of a turn: what to do next', async () => {
  async function* broken() {
    yield { delta: 'half' }
    throw new EngineError('DAEMON_FAILED', 'the daemon broke off: aborted')
  }
  const { signal } = new AbortController()
  const told = withAdvice(broken(), signal)
  expect((await told.next()).value).toEqual({ delta: 'half' })
  await expect(told.next()).rejects.toMatchObject({
    exit: 69,
    message: expect.stringMatching(/broke off: aborted; .*goes on when promethean run is started again/),
  })
})
