import { describe, expect, test } from 'vitest'
import { argumentDepthMax, normalCalls, readArguments } from '../../systems/cephalon/repair.ts'

const tooLong = JSON.stringify({ text: 'x'.repeat(70_000) })
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

describe('Arguments of a call', () => {
  test.each([
    ['{"a":1}', { a: 1 }],
    ['', {}],
    ['  \n', {}],
    ['{"a":[1,2,],}', { a: [1, 2] }],
    ['{"a":"1,}","b":",]" , }', { a: '1,}', b: ',]' }],
    ['{"a":"\\",}" ,}', { a: '",}' }],
    ['```json\n{"a":1}\n```', { a: 1 }],
    ['```\n{"a":1,}\n```', { a: 1 }],
    ['"{\\"a\\":1}"', { a: 1 }],
    [nested(argumentDepthMax), JSON.parse(nested(argumentDepthMax))],
  ])('%j is read', (text, value) => {
    expect(readArguments(text)).toEqual({ ok: true, value })
  })

  test.each([
    ['not json', /not JSON/],
    ['{"a":', /not JSON/],
    ["{'a':1}", /not JSON/],
    ['{"a":1} and more', /not JSON/],
    ['[1]', /object/],
    ['null', /object/],
    ['7', /object/],
    ['"\\"{}\\""', /object/],
    ['{"__proto__":{"polluted":true}}', /__proto__/],
    ['{"a":[{"__proto__":1}]}', /__proto__/],
    ['"{\\"__proto__\\":1}"', /__proto__/],
    ['{"constructor":{"prototype":{}}}', /constructor/],
    [nested(argumentDepthMax + 1), /deeper/],
    [nested(9_000), /deeper/],
    [tooLong, /longer/],
  ])('%.40j is refused', (text, reason) => {
    const read = readArguments(text)
    expect(read.ok ? '' : read.reason).toMatch(reason)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('hostile texts take no longer than their length', () => {
    const began = performance.now()
    for (const text of [
      `\`\`\`${'\n'.repeat(60_000)}`,
      ','.repeat(60_000),
      `{${', '.repeat(30_000)}`,
      '['.repeat(60_000),
    ]) {
      expect(readArguments(text).ok).toBe(false)
    }
    // Quadratic work would take minutes; the bound is no measure of speed.
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

describe('Ids of calls', () => {
  const call = (id: string, name = 'look') => ({ id, name, arguments: '{}' })

  test('that are there and single stay, and all others are made', () => {
    const calls = [call('a'), call(''), call('a'), call('  '), call('b'.repeat(200)), call('made-1')]
    const ids = normalCalls(calls, (n) => `made-${n}`).map(({ id }) => id)
    expect(ids[0]).toBe('a')
    expect(new Set(ids).size).toBe(calls.length)
    expect(ids.every((id) => id !== '' && id.length <= 140)).toBe(true)
  })

  test('names are trimmed and cut', () => {
    const [first] = normalCalls([call('a', ` ${'n'.repeat(900)}`)], () => 'x')
    expect(first!.name).toBe('n'.repeat(200))
  })
})
