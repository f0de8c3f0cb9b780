import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { embed, ngramVector, offlineModel } from '../../adapters/offline/embed.ts'
import { offline, offlineEmbedder } from '../../adapters/offline.ts'
import { LlmEmbed, type LlmEmbedDone } from '../../systems/events.ts'
import { cosine } from '../support/vectors.ts'

const near = (one: string, other: string): number => cosine(ngramVector(one), ngramVector(other))

describe('offline: embeddings', () => {
  it('gives the same text the same vector, of length 1 and 256 dimensions, whatever the text is', () => {
    const odd = fc.constantFrom(
      '',
      '!!!',
      '\u0000',
      '\ud800',
      '漢字',
      '🙂',
      'a'.repeat(100_000),
      '__proto__ constructor',
    )
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), odd), (text) => {
        const vector = ngramVector(text)
        expect(vector).toHaveLength(256)
        expect(cosine(vector, vector)).toBeCloseTo(1, 6)
        let square = 0
        for (const component of vector) square += component * component
        expect(square).toBeCloseTo(1, 5)
        expect(ngramVector(text)).toEqual(vector)
      }),
      { numRuns: 200 },
    )
  })

  it('is the same for ever: a change of it needs another name', () => {
    const vector = ngramVector('The arm64 build broke again.')
    const bytes = Buffer.from(vector.buffer)
    let sum = 0
    for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0
    expect([offlineModel, sum]).toEqual(['offline/ngrams-256', 232_043_427])
  })

  it('brings texts closer the more they share: words, parts of words, misspelt words', () => {
    const text = 'The arm64 build broke again after the upgrade of the compiler.'
    expect(near(text, text.toUpperCase())).toBeCloseTo(1, 6)
    expect(near(text, 'Why does the build break on arm64?')).toBeGreaterThan(
      near(text, 'Tomatoes want water in the morning.') + 0.2,
    )
    expect(near('compiler upgrades', 'upgraded compilers')).toBeGreaterThan(0.25)
    expect(near('frontmatter', 'frontmater')).toBeGreaterThan(0.25)
    expect(near('what is it about', 'when was that for')).toBeLessThan(0.5)
    expect(near('東京都の天気', '東京都の天気予報')).toBeGreaterThan(0.25)
  })

  it('does not depend on the order of words, and a repeated text stays close to itself', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('build', 'arm64', 'tomato', 'water', 'note'), { minLength: 1 }), (words) => {
        expect(near(words.join(' '), words.toReversed().join(' '))).toBeCloseTo(1, 6)
        expect(near(words.join(' '), [...words, ...words].join('. '))).toBeCloseTo(1, 6)
      }),
    )
  })

  it('answers llm.embed, alone or beside the offline chat, and for its own model only', async () => {
    const texts = ['one', 'two']
    const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
    for (const adapter of [offline(), offlineEmbedder({ delay_ms: 1 })]) {
      const done = (await adapter.effects![LlmEmbed.name]!({ model: offlineModel, texts }, call)) as LlmEmbedDone
      expect(done).toEqual(embed({ model: offlineModel, texts }))
      expect(done).toMatchObject({ model: offlineModel, dimensions: 256 })
      const bytes = Buffer.from(done.vectors[1]!, 'base64')
      expect(Array.from({ length: 256 }, (_, at) => bytes.readFloatLE(4 * at))).toEqual([...ngramVector('two')])
      const other = adapter.effects![LlmEmbed.name]!({ model: 'text-embedding-3-small', texts }, call)
      await expect(other).rejects.toMatchObject({ code: 'NO_MODEL', transient: false })
    }
    expect(Object.keys(offlineEmbedder().effects!)).toEqual([LlmEmbed.name])
    expect(() => offlineEmbedder({ delay_ms: -1 })).toThrow('ADAPTER_OPTION')
  })
})
