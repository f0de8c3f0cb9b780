import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { offline } from '../../adapters/offline.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmChat } from '../../systems/events.ts'

const keys = ['title', 'slug', 'description', 'tags']

function ask(request: Payload, options = {}, signal = new AbortController().signal): Promise<Payload> {
  return offline(options).effects![LlmChat.name]!(request, { effect_id: 1, attempt: 1, signal })
}

function about(note: Payload, more: Payload[] = []): Payload {
  const system = { role: 'system', content: 'Give the front matter.' }
  return { task: 'contract:frontmatter/v1', messages: [system, { role: 'user', content: note }, ...more] }
}

async function proposed(note: Payload): Promise<Record<string, unknown>> {
  const done = await ask(about({ data: {}, body: '', problems: [], keys, schema: {}, ...note }))
  return JSON.parse(String(done['content'])) as Record<string, unknown>
}

async function failureOf(asked: Promise<Payload>): Promise<EffectFailure> {
  const thrown: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(EffectFailure)
  return thrown as EffectFailure
}

describe('the offline adapter', () => {
  it('proposes every asked key of a plain note', async () => {
    const body =
      '# Baking *rye* bread\n\nRye needs time. It also needs a **sour** starter.\n\n## Starter\n\nFeed the starter.\n'
    expect(await proposed({ path: 'kitchen/2026-01-31-rye_bread.md', body })).toEqual({
      title: 'Baking rye bread',
      slug: '2026-01-31-rye-bread',
      description: 'Rye needs time. It also needs a sour starter.',
      tags: ['kitchen', 'rye', 'baking', 'bread', 'starter'],
    })
  })

  it('says who answered and that the answer is whole', async () => {
    const done = await ask(about({ path: 'a.md', keys: ['title'] }))
    expect(done).toEqual({ content: '{"title":"A"}', model: 'offline', finish: 'stop' })
  })

  it('takes the newest note of a conversation, past words that follow it', async () => {
    const again = { role: 'user', content: 'title must be shorter' }
    const newer = { role: 'user', content: { path: 'newer.md', keys: ['title'] } }
    const done = await ask(about({ path: 'older.md', keys: ['title'] }, [newer, again]))
    expect(done['content']).toBe('{"title":"Newer"}')
  })

  it('refuses other tasks, finally', async () => {
    const failure = await failureOf(ask({ task: 'chat', messages: [{ role: 'user', content: 'hello' }] }))
    expect(failure).toMatchObject({ code: 'NO_MODEL', transient: false })
    expect(failure.message).toContain("'chat'")
  })

  it('refuses a contract without a note', async () => {
    const asked = ask({ task: 'contract:x', messages: [{ role: 'user', content: 'hello' }] })
    expect(await failureOf(asked)).toMatchObject({ code: 'BAD_REQUEST', transient: false })
  })

  it('ends a delayed answer when the call is ended', async () => {
    const stop = new AbortController()
    const asked = failureOf(ask(about({ path: 'a.md', keys }), { delay_ms: 60_000 }, stop.signal))
    stop.abort()
    expect(await asked).toMatchObject({ code: 'TIMEOUT', transient: true })
  })

  it('gives a delayed answer', async () => {
    expect(await ask(about({ path: 'a.md', keys: ['slug'] }), { delay_ms: 1 })).toMatchObject({
      content: '{"slug":"a"}',
    })
  })

  it('refuses a delay that is no time', () => {
    expect(() => offline({ delay_ms: -1 })).toThrow('ADAPTER_OPTION')
    expect(() => offline({ delay_ms: Number.NaN })).toThrow('ADAPTER_OPTION')
  })
})

describe('keys without a rule', () => {
  const schema = {
    properties: {
      status: { enum: ['draft', 'done'] },
      layout: { type: 'string', default: 'page' },
      links: { type: 'array' },
      extra: { type: 'object' },
      nothing: { type: 'null' },
      owner: { type: 'string' },
      rank: { type: 'integer' },
      parts: { type: 'array', minItems: 1 },
    },
  }

  it.each([
    ['status', {}, 'draft'],
    ['status', { data: { status: ' Done ' } }, 'done'],
    ['status', { defaults: { status: 'done' } }, 'done'],
    ['layout', {}, 'page'],
    ['links', {}, []],
    ['extra', {}, {}],
    ['nothing', {}, null],
    ['owner', { defaults: { owner: 'me' } }, 'me'],
  ])('%s with %j is %j', async (key, more, value) => {
    expect(await proposed({ path: 'a.md', keys: [key], schema, ...more })).toEqual({ [key]: value })
  })

  it.each(['owner', 'rank', 'parts', 'unknown', '__proto__', 'constructor'])('%s cannot be made up', async (key) => {
    const failure = await failureOf(ask(about({ path: 'a.md', keys: ['title', key], schema })))
    expect(failure).toMatchObject({ code: 'NO_PROPOSAL', transient: false })
    expect(failure.message).toContain(`'${key}'`)
  })

  it('keeps to the lengths of the contract', async () => {
    const properties = {
      title: { maxLength: 12 },
      slug: { maxLength: 9 },
      tags: { maxItems: 2 },
      description: { maxLength: 20 },
    }
    const body = `# A rather long heading\n\n${'Words come in rows. '.repeat(4)}`
    const values = await proposed({ path: 'alpha/beta/a-long-file-name.md', body, schema: { properties } })
    expect(values).toEqual({
      title: 'A rather…',
      slug: 'a-long',
      description: 'Words come in rows.',
      tags: ['beta', 'alpha'],
    })
  })
})

describe('any note', () => {
  const pieces = fc.constantFrom(
    '# ',
    '\n',
    '\r\n',
    '---',
    '```',
    '<!--',
    '-->',
    '[[',
    '](',
    '{{<',
    '>}}',
    '#',
    ',',
    '\u202e',
    '\ud800',
    '😀',
    '日本',
    'é',
    ' ',
    '*',
    '_',
    '|',
    '>',
    '- ',
    'word',
    '-',
    "'",
    '42',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')),
  )
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.oneof(text, fc.integer())),
    fc.object(),
  )
  const data = fc.dictionary(fc.constantFrom(...keys, 'keywords', 'categories', 'linkTitle', 'name'), value)

  it('gets values that a contract accepts, the same each time', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, data, async (path, body, present) => {
        const note = { path, body, data: JSON.parse(JSON.stringify(present)) as Payload }
        const values = await proposed(note)
        expect(values['slug']).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
        expect(String(values['slug']).length).toBeLessThanOrEqual(120)
        expect(values['title']).toMatch(/^\S(?:[^\p{Cc}\u2028\u2029]*\S)?$/u)
        expect(String(values['title']).length).toBeLessThanOrEqual(300)
        expect(values['description']).toMatch(/^\S(?:[^\p{Cc}\u2028\u2029]*\S)?$/u)
        const tags = values['tags'] as string[]
        expect(tags.length).toBeGreaterThan(0)
        expect(new Set(tags).size).toBe(tags.length)
        for (const tag of tags) {
          expect(tag).toMatch(/^[^\s#,]+$/u)
          expect(tag).not.toMatch(/^\p{N}+$/u)
          expect(tag.isWellFormed()).toBe(true)
        }
        expect(await proposed(note)).toEqual(values)
      }),
      { numRuns: 400 },
    )
  })

  it('may be asked about in any shape', async () => {
    const odd = fc.dictionary(fc.constantFrom('path', 'data', 'body', 'problems', 'keys', 'schema', 'defaults'), value)
    await fc.assert(
      fc.asyncProperty(odd, async (content) => {
        const done = await ask(about(JSON.parse(JSON.stringify(content)) as Payload)).catch((thrown: unknown) => thrown)
        if (done instanceof Error) expect(done).toMatchObject({ name: 'EffectFailure', code: 'NO_PROPOSAL' })
        else expect(done).toMatchObject({ model: 'offline' })
      }),
    )
  })
})
