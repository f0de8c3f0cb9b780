import { describe, expect, test } from 'vitest'
import { fingerprint, hamming, readSimHash } from '../../systems/text/fingerprint.ts'
import { hash64, hashPair, hashText } from '../../systems/text/hash.ts'
import { normalForm, readNormal } from '../../systems/text/normal.ts'

describe('The normal form', () => {
  test.each([
    ['Build  4512\r\n\n done\tnow ', 'Build <n>\ndone now'],
    [
      'at 12:34, 2023-05-07, 2023-05-07T12:34:56.789Z and 2023-05-07 12:34:56+02:00',
      'at <time>, <time>, <time> and <time>',
    ],
    ['took 35ms of 12 s', 'took <n>ms of <n> s'],
    ['id 123456789 or 550e8400-e29b-41d4-a716-446655440000', 'id <id> or <id>'],
    ['commit deadbeef01 at 0x7ffe12345678', 'commit <hex> at <hex>'],
    ['abc123 foo_12 effaced mp3 v1', 'abc123 foo_12 effaced mp3 v1'],
    ['<@123> <@!123> <@&7> <#55> @bob', '<@user> <@user> <@role> <#channel> @bob'],
    ['HTTPS://Example.COM:443/A?utm_source=x&b=2&gclid=1#frag.', 'https://example.com/A?b=2.'],
    ['(http://a.b:80/) http://a.b:8080/c/12345678', '(http://a.b) http://a.b:8080/c/12345678'],
    ['vi\u200bagra Ｆｕｌｌ', 'viagra Full'],
    ['', ''],
    ['  \n ', ''],
  ])('of %j is %j', (text, expected) => {
    expect(normalForm(text)).toBe(expected)
  })

  test('has one hash for texts that differ only in what passes', () => {
    const one = { high: 0, low: 0 }
    const two = { high: 0, low: 0 }
    readNormal('Backup 17 done at 03:00 by <@111>', one)
    readNormal('Backup  18 done at 04:15 by <@222>\n', two)
    expect(two).toEqual(one)
    readNormal('Backup failed', two)
    expect(two).not.toEqual(one)
  })
})

describe('The fingerprint', () => {
  const bits = (text: string): [number, number] => {
    const into = { high: 0, low: 0 }
    readSimHash(text, into)
    return [into.high, into.low]
  }
  const away = (one: string, two: string): number => hamming(...bits(one), ...bits(two))
  const line = 'node seven: the nightly backup of the project folder was written to the second disk without errors in'

  test('is near for texts that share most tokens, far for others', () => {
    expect(away(`${line} 35 seconds`, `${line} 36 seconds`)).toBe(0)
    expect(away(`${line} 35 seconds`, `${line} 36 seconds!`)).toBe(0)
    expect(away(`${line} Berlin`, `${line} Madrid`)).toBeLessThan(12)
    expect(
      away(line, 'somebody asked whether lunch could be moved to noon because of the long meeting'),
    ).toBeGreaterThan(16)
  })

  test('of one token is the token spread over 64 bits, of none 0; each bit is that of most tokens', () => {
    const into = new Uint32Array(2)
    fingerprint(new Uint32Array(0), 0, into)
    expect([...into]).toEqual([0, 0])
    const single = (token: number): number[] => {
      fingerprint(Uint32Array.of(token), 1, into)
      return [...into]
    }
    const tokens = Array.from({ length: 101 }, (_, at) => hashText(`word ${at}`))
    const votes = Array.from(
      { length: 64 },
      (_, bit) => tokens.filter((token) => (single(token)[bit >> 5]! >>> (bit & 31)) & 1).length,
    )
    fingerprint(Uint32Array.from(tokens), tokens.length, into)
    expect(votes.map((count) => (count > 50 ? 1 : 0))).toEqual(
      Array.from({ length: 64 }, (_, bit) => (into[bit >> 5]! >>> (bit & 31)) & 1),
    )
  })

  test('hamming counts the bits that differ', () => {
    expect(hamming(0, 0, 0, 0)).toBe(0)
    expect(hamming(0xffffffff, 0, 0, 0xffffffff)).toBe(64)
    expect(hamming(1, 0x80000000, 0, 0)).toBe(2)
  })
})

describe('Hashes', () => {
  test('are never 0, differ, and spread over all bits', () => {
    const many = Array.from({ length: 50_000 }, (_, at) => hashText(`w${at}`))
    expect(many.includes(0)).toBe(false)
    expect(new Set(many).size).toBeGreaterThan(49_990)
    for (let bit = 0; bit < 32; bit++) {
      const set = many.filter((hash) => (hash >>> bit) & 1).length
      expect(Math.abs(set - 25_000)).toBeLessThan(700)
    }
  })

  test('of 64 bits hold two that fail apart; a pair minds its order', () => {
    const into = new Uint32Array(2)
    const seen = new Set<string>()
    for (let at = 0; at < 20_000; at++) {
      hash64(`${at}`, into)
      seen.add(`${into[0]} ${into[1]}`)
    }
    expect(seen.size).toBe(20_000)
    hash64('text', into)
    expect(into[1]).toBe(hashText('text'))
    expect(hashPair(1, 2)).not.toBe(hashPair(2, 1))
  })
})
