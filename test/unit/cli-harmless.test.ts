import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { logTo } from '../../adapters/cli/log.ts'
import { prettyStream } from '../../adapters/cli/pretty.ts'
import { Secrets } from '../../adapters/cli/secrets.ts'
import { promethean } from '../support/daemon.ts'

/** What a terminal could obey: a colour, the title of its window, an escape of one byte, and a turn of the writing direction. */
const orders = '\u001b[31mred\u001b]0;own\u0007\u009b2J\u202e'
const obeyed = /[\p{Cc}\p{Cf}]/u
const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')

test('an error names what was given, and nothing of it steers the terminal', async () => {
  const given: readonly (readonly string[])[] = [[orders], ['status', '--config', `none${orders}.yaml`]]
  for (const words of given) {
    const { code, out, err } = await promethean(words)
    expect(code, words[0]).not.toBe(0)
    expect(out).toBe('')
    expect(err).toContain('\\u{1b}[31mred')
    expect(err.replaceAll('\n', '')).not.toMatch(obeyed)
  }
})

test('a log line for people shows what notes and models said as text, with its secrets gone', async () => {
  const to = new PassThrough({ encoding: 'utf8' })
  const secrets = new Secrets()
  secrets.add('env:KEY', 'hunter2-hunter2')
  const log = logTo(prettyStream(to), 'info', secrets)
  log.warn({ reason: orders, deep: { path: orders } }, `a model said ${orders} and hunter2-hunter2`)
  let text = ''
  for (let turn = 0; turn < 100 && !text.includes('deep'); turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    text += (to.read() as string | null) ?? ''
  }
  expect(text).toContain('a model said \\u{1b}[31mred')
  expect(text).toContain('[secret env:KEY]')
  expect(text).not.toContain('hunter2')
  expect(text.replace(colours, '').replaceAll('\n', '')).not.toMatch(obeyed)
})
