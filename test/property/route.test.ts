import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event, Payload, Source } from '../../engine/flow/event.ts'
import { Session } from '../../systems/agents/columns.ts'
import { isWithin } from '../../systems/agents/filters.ts'
import { globMatches, globOf } from '../../systems/agents/globs.ts'
import type { Filter } from '../../systems/events.ts'
import { isRoutable } from '../../systems/route/fields.ts'
import { Matcher } from '../../systems/route/matcher.ts'
import { unmet } from '../../systems/route/meets.ts'
import { matcherOf } from '../../systems/route/projection.ts'
import { agentOf, event, policySet, restored, routing, sessionOf } from '../support/route.ts'

/** Few values, so that much is met; one that is too long for a cache line; one that is not Latin. */
const value = fc.constantFrom('a', 'b', 'ab', '鴨', 'x'.repeat(70))
const types = ['chat.message', 'chat.said', 'chat', 'fs.file.changed', 'llm.done', 'session.said', 'turn.ended']
const name = fc.constantFrom('a', 'b', 'c.md', 'd')
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
const globName = fc.constantFrom('a', 'b', '*', '**', '?', '*.md', 'c*', '?.md')
const glob = fc.array(globName, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 })

/** At most three fields: filters that name everything are met by nothing. */
const filter: fc.Arbitrary<Filter> = fc
  .record(
    {
      type: fc.constantFrom(...types, 'chat*', 'chat.*', 'fs.*', 's*', '*'),
      kind: fc.constantFrom('irc', 'fs', 'session'),
      channel: value,
      thread: value,
      author: value,
      tool: value,
      tag: value,
      path: fc.oneof(path, glob, glob),
    },
    { requiredKeys: [] },
  )
  .chain((made) => {
    const entries = Object.entries(made)
    return fc.shuffledSubarray(entries, { maxLength: Math.min(3, entries.length) })
  })
  .map((entries) => Object.fromEntries(entries) as Filter)

const heard: fc.Arbitrary<Event> = fc
  .record({
    type: fc.constantFrom(...types),
    kind: fc.constantFrom('irc', 'fs', 'world', 'operator'),
    channel: some(value),
    thread: some(value),
    author: some(value),
    tool: some(value),
    tag: some(value),
    tags: some(fc.array(value, { maxLength: 3 })),
    path: some(path),
    effect_id: fc.option(fc.nat(), { nil: undefined, freq: 8 }),
  })
  .map(({ type, kind, channel, thread, author, ...rest }) => {
    const source = JSON.parse(JSON.stringify({ kind, channel, thread, author })) as Source
    const payload = { session: 'a', agent: 'b', ...rest }
    return event(type, source, JSON.parse(JSON.stringify(payload)) as Payload)
  })

/** Filters and events that differ in their paths alone, so that other fields lead to the filter and the glob decides. */
const pathFilter: fc.Arbitrary<Filter> = glob.map((asked) => ({ channel: 'a', path: asked }))
const pathHeard = path.map((of) => event('fs.file.changed', { kind: 'fs', channel: 'a' }, { path: of }))

/** The sessions that have a filter which the event meets, tried one after the other. */
function plainly(filters: ReadonlyMap<number, { session: number; filter: Filter }>, of: Event): number[] {
  if (!isRoutable(of)) return []
  const found = [...filters.values()].filter(({ filter: asked }) => unmet(asked, of).length === 0)
  return [...new Set(found.map(({ session }) => session))].sort((a, b) => a - b)
}

function matched(matcher: Matcher, of: Event): number[] {
  const count = matcher.match(of)
  return [...matcher.hits.subarray(0, count)]
}

describe('The index of filters', () => {
  test('finds what trying every filter finds, whatever comes and goes', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ add: fc.oneof(filter, pathFilter), session: fc.integer({ min: 1, max: 12 }) }),
      },
      { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
      { weight: 4, arbitrary: fc.record({ match: fc.oneof(heard, pathHeard) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const matcher = new Matcher()
        const filters = new Map<number, { session: number; filter: Filter }>()
        let rows = 0
        for (const each of steps) {
          if ('add' in each) {
            filters.set(++rows, { session: each.session, filter: each.add })
            matcher.add(rows, each.session, each.add)
          } else if ('remove' in each) {
            const row = [...filters.keys()][each.remove % Math.max(1, filters.size)]
            if (row === undefined) continue
            filters.delete(row)
            matcher.remove(row)
          } else expect(matched(matcher, each.match)).toEqual(plainly(filters, each.match))
        }
        for (const [row, { session }] of filters) expect(matcher.rowsOf(session)).toContain(row)
        expect(matcher.live).toBe(filters.size)
      }),
      { numRuns: 300 },
    )
  })

  test('finds the same when many filters share their values, so that lists are long', () => {
    fc.assert(
      fc.property(
        fc.array(filter, { minLength: 300, maxLength: 400 }),
        fc.array(heard, { maxLength: 20 }),
        (all, events) => {
          const matcher = new Matcher()
          const filters = new Map(all.map((each, at) => [at + 1, { session: (at % 150) + 1, filter: each }]))
          for (const [row, { session, filter: each }] of filters) matcher.add(row, session, each)
          for (const each of events) expect(matched(matcher, each)).toEqual(plainly(filters, each))
        },
      ),
      { numRuns: 30 },
    )
  })

  test('a world out of a snapshot matches as the one that was saved, and as one that heard every change', () => {
    const sessions = ['one', 'two', 'three']
    const order = fc.record({
      session: fc.constantFrom(...sessions),
      order: fc.constantFrom('add', 'add', 'remove'),
      filter,
      look: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(filter, { maxLength: 6 }),
        fc.array(order, { maxLength: 30 }),
        fc.array(heard, { minLength: 5, maxLength: 20 }),
        (policy, orders, events) => {
          const bare = routing()
          bare.tick(policySet(agentOf('duck', ...sessions.map((each) => sessionOf(each, policy, { envelope: [{}] })))))
          for (const { session, look, ...rest } of orders) {
            const key = `duck/${session}`
            bare.tick(event('session.subscription', { kind: 'tool', channel: key }, { session: key, ...rest }))
            if (look) matcherOf(bare)
          }
          const live = matcherOf(bare)
          const again = matcherOf({ world: restored(bare), read: bare.read })
          expect(again.live).toBe(live.live)
          for (const each of events) expect(matched(again, each)).toEqual(matched(live, each))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('who gets an event does not depend on whether the index was made now or long ago', () => {
    fc.assert(
      fc.property(
        fc.array(filter, { maxLength: 8 }),
        fc.array(heard, { minLength: 1, maxLength: 12 }),
        (asked, events) => {
          const bare = routing()
          bare.tick(policySet(agentOf('duck', ...asked.map((each, at) => sessionOf(`s${at}`, [each])))))
          bare.tick(...events)
          const queued = asked.map((_, at) => bare.world.of(Session).queued[bare.world.find(Session, `duck/s${at}`)])
          const wanted = asked.map(
            (each) => events.filter((one) => isRoutable(one) && unmet(each, one).length === 0).length,
          )
          expect(queued).toEqual(wanted)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('Globs and envelopes', () => {
  /** The same meaning, by a regular expression. */
  function byExpression(asked: string): RegExp {
    const names = asked.split('/')
    const parts = names.map((each, at) => {
      const last = at === names.length - 1
      if (each === '**') return last ? '[^/]*(?:/[^/]*)*' : '(?:[^/]*/)*'
      const signs = each
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/\*+/g, '[^/]*')
        .replace(/\?/g, '[^/]')
      return last ? signs : `${signs}/`
    })
    return new RegExp(`^${parts.join('')}$`)
  }

  test('a glob means what its regular expression means', () => {
    fc.assert(
      fc.property(glob, path, (asked, of) => {
        expect(globMatches(globOf(asked).names, of.split('/'))).toBe(byExpression(asked).test(of))
      }),
      { numRuns: 3000 },
    )
  })

  test('a glob full of stars takes no time worth speaking of', () => {
    const asked = globOf(Array(40).fill('**/*a*b*').join('/')).names
    expect(globMatches(asked, `${'a'.repeat(60)}/`.repeat(40).split('/'))).toBe(false)
  })

  test('what is within an envelope hears nothing that the envelope does not', () => {
    fc.assert(
      fc.property(
        filter,
        fc.array(filter, { maxLength: 3 }),
        fc.array(heard, { maxLength: 10 }),
        (narrow, wide, events) => {
          if (!isWithin(narrow, wide)) return
          for (const each of events) {
            // What the world says is heard by whoever names its type: an envelope that names none allows to name any.
            if (each.source.kind === 'world' || unmet(narrow, each).length > 0) continue
            expect(wide.some((one) => unmet(one, each).length === 0)).toBe(true)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('every filter is within itself, and within one that asks for nothing', () => {
    fc.assert(
      fc.property(filter, (each) => {
        expect(isWithin(each, [each])).toBe(true)
        expect(isWithin(each, [{}])).toBe(true)
        expect(isWithin(each, [])).toBe(false)
      }),
    )
  })
})
