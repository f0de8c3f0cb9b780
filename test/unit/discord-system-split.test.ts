import { expect, test } from 'vitest'
import { defuse } from '../../systems/discord/defuse.ts'
import { parts_max, partUnits_max, split } from '../../systems/discord/split.ts'

const fits = (parts: readonly string[]): boolean =>
  parts.every((part) => part.length <= partUnits_max && part.trim() !== '')
const word = (n: number): string => `word${n}`
const words = (count: number, between = ' '): string => Array.from({ length: count }, (_, at) => word(at)).join(between)

test('what fits is one message, and nothing is none', () => {
  expect(split('  Yes.\n')).toEqual(['Yes.'])
  expect(split('x'.repeat(2_000))).toHaveLength(1)
  expect([split(''), split(' \n\t')]).toEqual([[], []])
})

test('a text is cut at paragraphs, else lines, else sentences, else words, and no word is lost', () => {
  const paragraphs = Array.from({ length: 6 }, (_, at) => `Paragraph ${at}. ${'It goes on. '.repeat(60)}`.trim())
  const parts = split(paragraphs.join('\n\n'))
  expect(fits(parts)).toBe(true)
  expect(parts.every((part) => part.startsWith('Paragraph'))).toBe(true)
  const lines = split(Array.from({ length: 300 }, (_, at) => `line ${at} says a little`).join('\n'))
  expect(lines.every((part) => /^line \d+ says/.test(part) && part.endsWith('a little'))).toBe(true)
  const sentences = split('This is one sentence. '.repeat(300))
  expect(sentences.every((part) => part.startsWith('This') && part.endsWith('sentence.'))).toBe(true)
  expect(split(words(1_500)).join(' ')).toBe(words(1_500))
})

test('a text without a place to cut is cut between characters', () => {
  const parts = split('😀'.repeat(1_500))
  expect(fits(parts)).toBe(true)
  expect(parts.every((part) => part.isWellFormed())).toBe(true)
  expect(parts.join('')).toBe('😀'.repeat(1_500))
})

test('a block of code that is cut is closed, and opened again in its language', () => {
  const code = Array.from({ length: 200 }, (_, at) => `  const value${at} = compute(${at})`).join('\n')
  const parts = split(`Here it is:\n\n\`\`\`ts\n${code}\n\`\`\`\nThat was all.`)
  expect(fits(parts)).toBe(true)
  expect(parts.length).toBeGreaterThan(2)
  for (const part of parts) expect((part.match(/```/g) ?? []).length % 2).toBe(0)
  for (const part of parts.slice(1)) expect(part.startsWith('```ts\n')).toBe(true)
  const lines = parts.flatMap((part) => part.split('\n')).filter((line) => line.startsWith('  const'))
  expect(lines).toEqual(code.split('\n'))
})

test('at most ten parts, and the last says how much was left out', () => {
  const parts = split(words(20_000))
  expect([parts.length, fits(parts)]).toEqual([parts_max, true])
  const left = /\[(\d+) more characters are left out\]$/.exec(parts.at(-1)!)
  expect(Number(left?.[1])).toBeGreaterThan(80_000)
  const fenced = split(`\`\`\`\n${words(20_000, '\n')}\n\`\`\``)
  expect([fenced.length, fits(fenced)]).toEqual([parts_max, true])
})

test('nobody is called, invited or buried', () => {
  expect(defuse('@everyone and @here, @Everyone')).not.toMatch(/@(everyone|here)/i)
  expect(defuse('come to https://discord.gg/abc or discord.com/invite/abc or discordapp.com/invite/x')).not.toMatch(
    /discord\.gg\/|discord(app)?\.com\/invite\//,
  )
  expect(defuse('see discord.com/channels/1/2 and mail me@here.example')).toContain('discord.com/channels/1/2')
  const buried = defuse(`Z${'\u0301'.repeat(40)}algo`)
  expect(buried).toBe(`Z${'\u0301'.repeat(3)}algo`)
  expect(defuse('Ấ naïve café')).toBe('Ấ naïve café')
})
