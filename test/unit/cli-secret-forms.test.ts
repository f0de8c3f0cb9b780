import { describe, expect, test } from 'vitest'
import { Secrets } from '../../adapters/cli/secrets.ts'

const secret = `kEy/with+odd"chars&4'2<é>`

/** How other programs write a secret that they send back. */
const written: readonly (readonly [how: string, text: string])[] = [
  ['a URL in which slashes stay', 'kEy/with%2Bodd%22chars%264%272%3C%C3%A9%3E'],
  ['the same in lower case', 'kEy/with%2bodd%22chars%264%272%3c%c3%a9%3e'],
  ['a whole URL', "kEy/with+odd%22chars&4'2%3C%C3%A9%3E"],
  ['a URL in which slash and plus stay', 'kEy/with+odd%22chars%264%272%3C%C3%A9%3E'],
  ['a part of a URL in lower case', 'kEy%2fwith%2bodd%22chars%264%272%3c%c3%a9%3e'],
  ['HTML with few escapes', `kEy/with+odd"chars&amp;4'2&lt;é&gt;`],
  ['HTML with decimal escapes', 'kEy/with+odd&#34;chars&amp;4&#39;2&lt;é&gt;'],
  ['HTML with names', 'kEy/with+odd&quot;chars&amp;4&#x27;2&lt;é&gt;'],
]

describe('a secret is found however it is written', () => {
  const known = new Secrets()
  known.add('env:KEY', secret)
  test.each(written)('%s', (_how, text) => {
    expect(known.scrub(`bad ${text}, sorry`)).toBe('bad [secret env:KEY], sorry')
  })
})
