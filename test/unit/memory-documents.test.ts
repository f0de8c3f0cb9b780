import { describe, expect, test } from 'vitest'
import { ram } from '../../stores/ram.ts'
import { Deleted, Edge, File, Memory, MemoryKind, MemoryRole, Trust } from '../../systems/components.ts'
import { textOf } from '../../systems/memory/text-of.ts'
import { recall } from '../../systems/recall.ts'
import {
  alive,
  found,
  gauge,
  type Line,
  noon_ms,
  remembering,
  removed,
  saved,
  tell,
  textAt,
  whole,
} from '../support/memory.ts'

const opened = () => remembering(ram())
const prose = (about: string, sentences: number): string =>
  Array.from(
    { length: sentences },
    (_, n) => `Sentence ${n} speaks at some length about the ${about} of day ${n}.`,
  ).join(' ')

describe('A long document', () => {
  const parts = ['pears', 'plums', 'quinces'].map((about) => `## On ${about}\n\n${prose(about, 30)}\n`)
  const text = `# The orchard\n\n${parts.join('\n')}`

  test('is one memory with a record, and chunks that cover its text without gap or overlap', async () => {
    const engine = await opened()
    await tell(engine, { text: 'Before.' }, { text, id: 'orchard', title: 'The orchard' }, { text: 'After.' })
    const memory = engine.world.of(Memory)
    const [before, document, after] = whole(engine)
    const chunks = memory.chunks[document!]!
    expect(chunks).toBeGreaterThan(2)
    expect([before, after]).toEqual([1, document! + chunks + 1])
    let at = 0
    for (let row = document! + 1; row <= document! + chunks; row++) {
      expect([memory.parent[row], memory.span_start[row]]).toEqual([document, at])
      expect(textOf(engine, row)).toBe(text.slice(at, at + memory.span_units[row]!))
      expect(engine.read('text', row), 'a chunk has no record of its own').toBeUndefined()
      expect([memory.kind[row], memory.trust[row], memory.channel[row], memory.author[row]]).toEqual([
        memory.kind[document!],
        memory.trust[document!],
        memory.channel[document!],
        memory.author[document!],
      ])
      at += memory.span_units[row]!
    }
    expect(at).toBe(text.length)
    expect(gauge(engine, 'memories')).toBe(3)
    await engine.stop()
  })

  test('is one hit, with the part that answers', async () => {
    const engine = await opened()
    await tell(engine, { text, id: 'orchard' }, { text: 'The plums are for Ben.', id: 'ben' })
    const { hits } = recall(engine, 'what is said about quinces?')
    expect(hits.filter(({ id }) => id === 'orchard')).toHaveLength(1)
    expect(hits[0]?.id).toBe('orchard')
    expect(hits[0]?.text).toContain('quinces')
    expect(hits[0]?.text.length).toBeLessThanOrEqual(2_000)
    await engine.stop()
  })

  test('is known again when it is delivered again, and forgotten whole', async () => {
    const engine = await opened()
    const said: Line = { text, id: 'orchard' }
    await tell(engine, said, said)
    expect(whole(engine)).toEqual([1])
    engine.publish({ type: 'memory.order', payload: { order: 'forget', memory_id: 3 } })
    await tell(engine)
    const { deleted, chunks } = engine.world.of(Memory)
    for (let row = 1; row <= 1 + chunks[1]!; row++) expect(deleted[row]).toBe(Deleted.forgotten)
    expect(found(engine, 'pears plums quinces')).toEqual([])
    await engine.stop()
  })
})

describe('Where it came from', () => {
  test.each<[string, Line, number, number, number]>([
    ['a person', {} as Line, MemoryKind.discord, MemoryRole.user, Trust.person],
    ['a program', { bot: true } as Line, MemoryKind.discord, MemoryRole.user, Trust.bot],
    [
      'what calls itself the agent',
      { role: 'assistant' } as Line,
      MemoryKind.discord,
      MemoryRole.assistant,
      Trust.person,
    ],
    ['a tool', { role: 'tool' } as Line, MemoryKind.tool, MemoryRole.tool, Trust.bot],
    ['the system', { role: 'system' } as Line, MemoryKind.system, MemoryRole.system, Trust.bot],
    [
      'who says it is the operator',
      { kind: 'admin', type: 'chat.message' } as Line,
      MemoryKind.chat,
      MemoryRole.user,
      Trust.person,
    ],
    [
      'a program that says it is the operator',
      { kind: 'admin', bot: true } as Line,
      MemoryKind.discord,
      MemoryRole.user,
      Trust.bot,
    ],
    ['the library', { type: 'note.written', kind: 'library' } as Line, MemoryKind.note, MemoryRole.user, Trust.person],
  ])('%s is kept with the memory', async (_who, said, kind, role, trust) => {
    const engine = await opened()
    await tell(engine, { ...said, text: 'The key is under the mat.', thread: 'door', id: 'it' })
    const memory = engine.world.of(Memory)
    expect([memory.kind[1], memory.role[1], memory.trust[1]]).toEqual([kind, role, trust])
    const meta = JSON.parse(engine.read('meta', 1)!)
    expect(meta.id).toBe('it')
    expect(meta.source).toEqual({ kind: said.kind ?? 'discord', channel: 'general', thread: 'door', author: 'Ada' })
    await engine.stop()
  })

  test('tags and keys are bounded, sorted, and stand with the metadata', async () => {
    const engine = await opened()
    await tell(engine, {
      text: 'ETIMEDOUT while reading docs/setup.md from https://Example.org/help?utm_source=x#top',
      tags: ['Build', 'arm64', 'build'],
    })
    const { tags } = JSON.parse(engine.read('meta', 1)!) as { tags: string[] }
    const [given, derived] = [tags.filter((tag) => !tag.includes('/')), tags.filter((tag) => tag.includes('/'))]
    expect(tags, 'what was given, then what was found, each sorted').toEqual([...given.sort(), ...derived.sort()])
    expect(given).toEqual(['arm64', 'build'])
    expect(tags).toEqual(expect.arrayContaining(['err/timeout', 'author/ada', 'chan/general', 'src/discord']))
    const { first_edge, edges } = engine.world.of(Memory)
    const { key } = engine.world.of(Edge)
    const keys = Array.from({ length: edges[1]! }, (_, at) => engine.read('key', key[first_edge[1]! + at]!))
    expect(keys).toEqual(
      expect.arrayContaining(['err:timeout', 'path:docs/setup.md', 'url:example.org/help', 'tag:build']),
    )
    expect(new Set(keys).size).toBe(keys.length)
    await engine.stop()
  })

  test('a thread is walked in both directions, and no further', async () => {
    const engine = await opened()
    const say = (text: string, thread: string): Line => ({ text, thread })
    await tell(engine, say('One.', 'a'), say('Een.', 'b'), say('Two.', 'a'), say('Three.', 'a'), say('Twee.', 'b'))
    const { previous, next } = engine.world.of(Memory)
    expect([...previous.slice(1, 6)]).toEqual([0, 0, 1, 3, 2])
    expect([...next.slice(1, 6)]).toEqual([3, 5, 4, 0, 0])
    await engine.stop()
  })
})

describe('A file', () => {
  test('has one memory: an edit replaces it, an old content that comes back is served again', async () => {
    const engine = await opened()
    await saved(engine, 'soup.md', 'The soup wants more salt.')
    await saved(engine, 'soup.md', 'The soup wants less salt.')
    expect(alive(engine)).toEqual([2])
    expect(found(engine, 'soup salt')).toEqual(['soup.md'])
    expect(engine.world.of(Memory).replaced_by[1]).toBe(2)
    await saved(engine, 'soup.md', 'The soup wants more salt.')
    expect(alive(engine)).toEqual([1])
    expect(recall(engine, 'soup salt').hits.map(({ text }) => text)).toEqual(['The soup wants more salt.'])
    expect(gauge(engine, 'memories')).toBe(1)
    expect(engine.world.of(File).memory_id[1]).toBe(1)
    await engine.stop()
  })

  test('that is gone is not served, and comes back with its memory', async () => {
    const engine = await opened()
    await saved(engine, 'soup.md', prose('soup', 80))
    await removed(engine, 'soup.md')
    await removed(engine, 'soup.md')
    expect(alive(engine)).toEqual([])
    expect(found(engine, 'soup')).toEqual([])
    expect(gauge(engine, 'memories')).toBe(0)
    await saved(engine, 'soup.md', prose('soup', 80))
    expect(alive(engine)).toEqual([1])
    expect(found(engine, 'soup')).toEqual(['soup.md'])
    await engine.stop()
  })

  test('that is emptied is remembered no more, until it says something again', async () => {
    const engine = await opened()
    await saved(engine, 'soup.md', 'The soup wants more salt.')
    await saved(engine, 'soup.md', '')
    expect([alive(engine), found(engine, 'soup'), gauge(engine, 'memories')]).toEqual([[], [], 0])
    expect(engine.world.of(File).memory_id[1]).toBe(0)
    await saved(engine, 'soup.md', 'The soup wants more salt.')
    expect([alive(engine), found(engine, 'soup')]).toEqual([[1], ['soup.md']])
    await engine.stop()
  })

  test('of the same words as another is a memory of its own', async () => {
    const engine = await opened()
    await saved(engine, 'a.md', 'The soup wants more salt.')
    await saved(engine, 'b.md', 'The soup wants more salt.')
    expect(alive(engine)).toEqual([1, 2])
    await removed(engine, 'a.md')
    expect(found(engine, 'soup')).toEqual(['b.md'])
    await engine.stop()
  })
})

describe('Families', () => {
  test('versions of a document are one family, found by its best, and stay memories of their own', async () => {
    const engine = await opened()
    const version = (edit: string): string => `# Turning the compost\n\n${prose('compost heap', 40)}\n\n${edit}\n`
    await saved(engine, 'v1/compost.md', version('Turn it twice.'))
    await saved(engine, 'cheese.md', `# Making cheese\n\n${prose('cheese cellar', 40)}`)
    await saved(engine, 'v2/compost.md', version('Turn it thrice, and cover it.'))
    await saved(engine, 'v3/compost.md', version('Turn it thrice, and never cover it.'))
    const { family } = engine.world.of(Memory)
    const [first, cheese, second, third] = whole(engine)
    expect([first, second, third].map((row) => family[row!])).toEqual([first, first, first])
    expect(family[cheese!]).toBe(0)
    expect(gauge(engine, 'families')).toBe(1)
    expect(alive(engine)).toHaveLength(4)
    const [hit] = recall(engine, 'how often to turn the compost heap?').hits
    expect([hit?.id, ...(hit?.family.map(({ id }) => id) ?? [])].sort()).toEqual([
      'v1/compost.md',
      'v2/compost.md',
      'v3/compost.md',
    ])
    await engine.stop()
  })

  test('pages of one template with other contents are none', async () => {
    const engine = await opened()
    const names = ['Oak', 'Elm', 'Ash', 'Yew', 'Fir', 'Box']
    for (const [n, name] of names.entries()) {
      const facts = Array.from(
        { length: 25 },
        (_, at) => `${name} fact ${at * 7 + n} of kind ${(at * 31 + n * 17) % 97}`,
      )
      await saved(
        engine,
        `${name}.md`,
        `# ${name}\n\n## Description\n\n${facts.join(`; ${name} has `)}.\n\n## See also\n\nThe list of trees.\n`,
      )
    }
    expect([...engine.world.of(Memory).family].every((of) => of === 0)).toBe(true)
    await engine.stop()
  })

  test('short notes and what people say are none', async () => {
    const engine = await opened()
    await saved(engine, 'a.md', 'Milk, bread, two lemons.')
    await saved(engine, 'b.md', 'Milk, bread, two limes.')
    await tell(engine, { text: prose('fence', 40) }, { text: `${prose('fence', 40)} Indeed.` })
    expect(gauge(engine, 'families')).toBe(0)
    expect(textAt(engine, 1)).toContain('lemons')
    await engine.stop()
  })

  test('a version joins no family of a document that was forgotten', async () => {
    const engine = await opened()
    await saved(engine, 'v1.md', prose('compost heap', 40))
    engine.publish({ type: 'memory.order', ts: noon_ms, payload: { order: 'forget', memory_id: 1 } })
    await tell(engine)
    await saved(engine, 'v2.md', `${prose('compost heap', 40)} Indeed.`)
    expect(gauge(engine, 'families')).toBe(0)
    expect(found(engine, 'compost')).toEqual(['v2.md'])
    await engine.stop()
  })
})
