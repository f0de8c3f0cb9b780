import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { leave } from '../../adapters/cli/chat/leaving.ts'

function stage() {
  const closing = Promise.withResolvers<void>()
  const quitting = Promise.withResolvers<void>()
  const input = new PassThrough()
  const signals = new EventEmitter()
  const err = new PassThrough()
  const means = { input, signals, err: err.setEncoding('utf8'), quit: quitting.resolve, quiet_ms: 1 }
  const left = leave(() => closing.promise, means)
  return { closing, quitting, input, signals, err, left }
}

test('an end that takes a moment says what is waited for', async () => {
  const { err, closing, left } = stage()
  const [said] = (await EventEmitter.once(err, 'data')) as [string]
  expect(said).toMatch(/^Waiting for what the model or a tool is still doing; Ctrl-C or Ctrl-D quits at once/)
  closing.resolve()
  await left
})

test.each(['SIGINT', 'end of input'])('%s then quits at once', async (how) => {
  const { input, signals, quitting, closing, left } = stage()
  if (how === 'SIGINT') signals.emit('SIGINT')
  else input.end()
  await quitting.promise
  closing.resolve()
  await left
  expect(signals.listenerCount('SIGINT')).toBe(0)
  expect(input.listenerCount('end')).toBe(0)
})

test('what closes quickly says nothing and leaves no listener', async () => {
  const err = new PassThrough()
  const signals = new EventEmitter()
  await leave(async () => {}, { input: new PassThrough(), signals, err, quit: () => expect.unreachable() })
  expect(err.read()).toBeNull()
  expect(signals.listenerCount('SIGINT')).toBe(0)
})
