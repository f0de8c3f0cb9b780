import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { logTo } from '../../adapters/cli/log.ts'
import { guardStream } from '../../adapters/cli/secrets/output.ts'
import { Secrets, scrubbed } from '../../adapters/cli/secrets.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'

/** Looks like a Discord token: what matters is that none of its forms is found afterwards. */
const discord = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.x"y\\z/+=&_0123456789abcdefghij'
const openai = 'sk-proj-0123456789abcdefABCDEF'
const signal = new AbortController().signal

function known(): Secrets {
  const secrets = new Secrets()
  expect(secrets.add('env:DISCORD_TOKEN', discord)).toBe(true)
  expect(secrets.add('file:key.txt', openai)).toBe(true)
  return secrets
}

function logged(fields: object): string {
  const lines: string[] = []
  const to = { write: (line: string) => lines.push(line) > 0 }
  logTo(to, 'debug', known()).error(fields, 'it happened')
  expect(lines).toHaveLength(1)
  JSON.parse(lines[0]!)
  return lines[0]!
}

class Holder {
  readonly secret: string
  constructor(secret: string) {
    this.secret = secret
  }
  toJSON(): object {
    return { shown: this.secret }
  }
}

const spots: { name: string; plant: (secret: string) => object }[] = [
  { name: 'a nested object', plant: (secret) => ({ a: { b: { c: secret } } }) },
  { name: "an error's message", plant: (secret) => ({ err: new Error(`refused ${secret}`) }) },
  { name: "an error's cause", plant: (secret) => ({ err: new Error('refused', { cause: new Error(secret) }) }) },
  {
    name: 'headers',
    plant: (secret) => ({ err: Object.assign(new Error('401'), { headers: { authorization: `Bearer ${secret}` } }) }),
  },
  {
    name: 'a URL',
    plant: (secret) => ({ url: new URL(`https://user:x@a.example/?key=${encodeURIComponent(secret)}`) }),
  },
  { name: 'an array', plant: (secret) => ({ list: [1, [secret, secret]] }) },
  { name: 'a buffer', plant: (secret) => ({ bytes: Buffer.from(`key ${secret}`) }) },
  { name: 'toJSON', plant: (secret) => ({ holder: new Holder(secret) }) },
  {
    name: 'a circle',
    plant: (secret) => {
      const circle: { secret: string; self?: object } = { secret }
      circle.self = circle
      return circle
    },
  },
]

test.for(spots)('I152: a canary in $name is in no line of the log', ({ plant }) => {
  for (const secret of [discord, openai]) {
    const line = logged(plant(secret))
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      [...Buffer.from(secret)].join(','),
    ]) {
      expect(line).not.toContain(form)
    }
    expect(line).toContain(secret === discord ? '[secret env:DISCORD_TOKEN]' : '[secret file:key.txt]')
  }
})

test('what Node shows of a buffer, base64 in a header, and hexadecimal are scrubbed as well', () => {
  const secrets = known()
  for (const text of [
    inspect(Buffer.from(openai)),
    `Basic ${Buffer.from(`user:${openai}`).toString('base64')}`,
    Buffer.from(`xy${openai}`).toString('base64url'),
    Buffer.from(openai).toString('hex'),
    JSON.stringify(JSON.stringify({ discord })),
    new URLSearchParams({ discord }).toString(),
  ]) {
    expect(secrets.scrub(text)).toMatch(/\[secret (env:DISCORD_TOKEN|file:key\.txt)\]/)
  }
})

test('wherever a secret lies in what is encoded as base64, its bytes cannot be read from what is left', () => {
  const secret = fc.string({ minLength: 8, maxLength: 60 })
  fc.assert(
    fc.property(secret, fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }), (value, before, after) => {
      const secrets = new Secrets()
      secrets.add('x', value)
      const text = Buffer.concat([before, Buffer.from(value), after]).toString('base64')
      expect(secrets.scrub(text)).toContain('[secret x]')
      expect(secrets.scrub(`a ${value} b`)).toContain('[secret x]')
      expect(JSON.parse(secrets.scrub(JSON.stringify({ value })))).toEqual({ value: '[secret x]' })
    }),
  )
})

test('a text without a secret stays as it is, and a short secret is refused and said', () => {
  const secrets = known()
  expect(secrets.scrub('sk-proj is how keys begin')).toBe('sk-proj is how keys begin')
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x41])
  expect(secrets.scrubBytes(bytes)).toBe(bytes)
  expect(secrets.add('env:SHORT', 'abc1234')).toBe(false)
  expect(secrets.scrub('abc1234')).toBe('abc1234')
  expect(secrets.warnings()).toEqual([
    'the secret env:SHORT is shorter than 8 characters, so it cannot be kept out of logs',
  ])
})

test('every write to a guarded stream is scrubbed, text and bytes alike', async () => {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  guardStream(stream, known())
  stream.write(`text ${openai}\n`)
  stream.write(Buffer.from(`bytes ${openai}\n`))
  stream.end('plain\n', 'utf8')
  await once(stream, 'end')
  expect(Buffer.concat(chunks).toString()).toBe('text [secret file:key.txt]\nbytes [secret file:key.txt]\nplain\n')
})

test('a failed effect keeps its code and its patience and loses the secret; an answer of a file is left alone', async () => {
  const failing = (thrown: unknown) => () => Promise.reject(thrown)
  const adapter = scrubbed(
    {
      name: 'far',
      effects: {
        'a.failure': failing(new EffectFailure('REFUSED', `key ${openai}`, { transient: true, retry_after_ms: 5 })),
        'a.throw': failing(new Error(`at https://x/?k=${encodeURIComponent(discord)}`)),
        'fs.read': () => Promise.resolve({ content: openai }),
        'llm.chat': () => Promise.resolve({ message: { content: `you sent ${openai}` }, list: [1, 2] }),
      },
    },
    known(),
  )
  const outcome = async (type: string): Promise<unknown> => {
    try {
      return await adapter.effects?.[type]?.({}, { effect_id: 1, attempt: 1, signal })
    } catch (thrown) {
      return thrown
    }
  }
  const failure = (await outcome('a.failure')) as EffectFailure
  expect(failure).toBeInstanceOf(EffectFailure)
  expect(failure).toMatchObject({
    code: 'REFUSED',
    message: 'key [secret file:key.txt]',
    transient: true,
    retry_after_ms: 5,
  })
  expect(await outcome('a.throw')).toMatchObject({ message: 'at https://x/?k=[secret env:DISCORD_TOKEN]' })
  expect(await outcome('fs.read')).toEqual({ content: openai })
  expect(await outcome('llm.chat')).toEqual({
    message: { content: 'you sent [secret file:key.txt]' },
    list: [1, 2],
  })
})

test('an adapter that is wrapped starts and stops as itself', async () => {
  class Far {
    readonly name = 'far'
    readonly effects = {}
    #said: string[] = []
    start(): void {
      this.#said.push('start')
    }
    stop(): void {
      this.#said.push('stop')
    }
    get said(): readonly string[] {
      return this.#said
    }
  }
  const far = new Far()
  const adapter = scrubbed(far, known())
  await adapter.start?.({} as never)
  await adapter.stop?.()
  expect(far.said).toEqual(['start', 'stop'])
})
