import { describe, expect, test } from 'vitest'
import type { Payload } from '../../engine/flow/event.ts'
import { Agent, Input, Lane, Overflow, Pool, Session, Slot, Subscription } from '../../systems/agents/columns.ts'
import { defaultSession } from '../../systems/agents/policy.ts'
import { boundQueue, dequeue, enqueue } from '../../systems/agents/queue.ts'
import { Trust } from '../../systems/components.ts'
import type { Filter } from '../../systems/events.ts'
import { explainRoute } from '../../systems/route/explain.ts'
import { Matcher } from '../../systems/route/matcher.ts'
import { ownFiltersMax } from '../../systems/route/orders.ts'
import { matcherOf } from '../../systems/route/projection.ts'
import { agentOf, event, heardBy, policySet, type Routing, routing, sessionOf, waiting } from '../support/route.ts'

function chat(channel: string, text: string, kind = 'operator', more: Payload = {}) {
  return event('chat.message', { kind, channel, author: kind === 'operator' ? 'operator' : 'Ada' }, { text, ...more })
}

function wish(key: string, order: 'add' | 'remove', filter: Filter, kind = 'tool', channel = key) {
  return event('session.subscription', { kind, channel, author: 'duck' }, { session: key, order, filter })
}

function said(session: string, agent: string, text: string, trust = 'own') {
  const to = { kind: 'irc', channel: '', thread: '' }
  return event('session.said', { kind: 'world' }, { turn: 1, session, agent, text, trust, to })
}

function inputOf(bare: Routing, key: string) {
  const input = dequeue(bare.world, bare.world.find(Session, key))
  const { trust, bot } = bare.world.of(Input)
  return { input, trust: trust[input], bot: bot[input] }
}

describe('Sessions of the policy', () => {
  test('without a policy the default agent comes to be with the first event that could be for it', () => {
    const bare = routing()
    bare.tick()
    bare.tick(event('turn.ended', { kind: 'world' }), event('clock.set', { kind: 'world' }, { now_ms: 5 }))
    expect(bare.world.rows(Agent)).toBe(0)
    const hello = chat('promethean/chat', 'hello')
    bare.tick(hello)
    expect(waiting(bare, 'promethean/chat')).toEqual([hello.id])
  })

  test('agents, sessions and filters follow the policy, and what it no longer names comes back as it was', () => {
    const bare = routing()
    const hears = { type: 'discord.message.new', channel: 'pond' }
    const set = policySet(agentOf('duck', sessionOf('one', [hears], { lane: 'maintenance', weight: 3, queue_max: 9 })))
    const held = chat('duck/one', 'first')
    bare.tick(set, held)
    const { world } = bare
    const row = world.find(Session, 'duck/one')
    const session = world.of(Session)
    expect([session.lane[row], session.weight[row], session.queue_max[row]]).toEqual([Lane.maintenance, 3, 9])
    const locked = `system {"type":"chat.message","kind":"operator","channel":"duck/one"}`
    expect(heardBy(bare, 'duck/one')).toEqual([locked, `operator ${JSON.stringify(hears)}`])

    bare.tick(policySet(agentOf('goose', sessionOf('two', []))), chat('duck/one', 'nobody hears this'))
    expect(session.present[row]).toBe(0)
    expect(world.of(Agent).present[world.find(Agent, 'duck')]).toBe(0)
    expect(heardBy(bare, 'duck/one')).toEqual([locked])

    const again = chat('duck/one', 'second')
    bare.tick(policySet(agentOf('duck', sessionOf('one', [{ path: 'a/**' }]))), again)
    expect(session.present[row]).toBe(1)
    expect(heardBy(bare, 'duck/one')).toEqual([locked, 'operator {"path":"a/**"}'])
    expect(waiting(bare, 'duck/one')).toEqual([held.id, again.id])
  })

  test('the default agent writes nothing and says nothing when it comes to be: older journals replay as they were', () => {
    const bare = routing()
    bare.tick(event('config.set', { kind: 'library' }, { policy: { write: true } }))
    const { puts, outputs } = bare.core.outcome
    expect(puts.map(({ table }) => table)).toEqual(['policy'])
    expect(Object.keys(outputs)).toEqual(['policy'])
    expect(bare.world.find(Session, 'promethean/chat')).toBe(1)
  })

  test('the same policy again changes nothing', () => {
    const bare = routing()
    const agents = agentOf('duck', sessionOf('one', [{ type: 'a' }, { type: 'b' }]))
    bare.tick(policySet(agents))
    const version = bare.world.of(Pool).version[1]
    bare.tick(policySet(agents), policySet(agents))
    expect(bare.world.of(Pool).version[1]).toBe(version)
  })

  test('the operator opens sessions of agents that exist; nobody else does', () => {
    const bare = routing()
    bare.tick(policySet(agentOf('duck', sessionOf('one', [{ type: 'fs.*' }], { weight: 7 }))))
    const open = (session: string, kind: string) => bare.tick(event('session.opened', { kind }, { session }))
    for (const kind of ['library', 'tool', 'discord']) open('duck/two', kind)
    for (const key of ['fox/one', 'duck/', 'duck', 'duck/a/b']) open(key, 'operator')
    expect(bare.world.rows(Session)).toBe(1)
    open('duck/two', 'operator')
    const row = bare.world.find(Session, 'duck/two')
    expect([bare.world.of(Session).opened[row], bare.world.of(Session).weight[row]]).toEqual([1, 7])
    const spoken = chat('duck/two', 'hello')
    bare.tick(policySet(agentOf('duck', sessionOf('one', [{ type: 'fs.*' }], { weight: 8 }))), spoken)
    expect(bare.world.of(Session).weight[row]).toBe(8)
    bare.tick(event('fs.file.changed', { kind: 'fs' }, { path: 'a.md' }))
    expect(waiting(bare, 'duck/two')).toEqual([spoken.id])
    expect(waiting(bare, 'duck/one')).toHaveLength(1)
  })
})

describe('Locks', () => {
  const envelope = [{ type: 'discord.*', channel: 'pond' }, { path: 'docs/**' }]
  const locked: Filter = { type: 'note.written' }
  function pond(): Routing {
    const bare = routing()
    bare.tick(policySet(agentOf('duck', sessionOf('one', [locked], { envelope }), sessionOf('two', []))))
    return bare
  }
  const own = { type: 'discord.message.new', channel: 'pond', author: 'Ada' }

  test('a tool adds what the envelope allows, and takes back what it has added', () => {
    const bare = pond()
    bare.tick(wish('duck/one', 'add', own), wish('duck/one', 'add', own))
    expect(heardBy(bare, 'duck/one').at(-1)).toBe(
      `session {"type":"discord.message.new","channel":"pond","author":"Ada"}`,
    )
    expect(heardBy(bare, 'duck/one')).toHaveLength(3)
    const message = event('discord.message.new', { kind: 'discord', channel: 'pond', author: 'Ada' }, { text: 'quack' })
    bare.tick(message)
    expect(waiting(bare, 'duck/one')).toEqual([message.id])
    bare.tick(wish('duck/one', 'remove', own), { ...message, id: 'later' })
    expect(waiting(bare, 'duck/one')).toEqual([message.id])
    expect(heardBy(bare, 'duck/one')).toHaveLength(2)
  })

  test.each([
    ['a lock of the operator', wish('duck/one', 'remove', locked), 'locked'],
    [
      'the lock of the system',
      wish('duck/one', 'remove', { type: 'chat.message', kind: 'operator', channel: 'duck/one' }),
      'locked',
    ],
    ['what it does not have', wish('duck/one', 'remove', own), 'no such filter'],
    ['more than the envelope', wish('duck/one', 'add', { type: 'discord.message.new' }), 'envelope'],
    ['another channel', wish('duck/one', 'add', { type: 'discord.x', channel: 'general' }), 'envelope'],
    ['a folder beside it', wish('duck/one', 'add', { path: 'docs-evil/**' }), 'envelope'],
    ['everything', wish('duck/one', 'add', {}), 'envelope'],
    ['where there is no envelope', wish('duck/two', 'add', own), 'envelope'],
    ['for another session', wish('duck/one', 'add', own, 'tool', 'duck/two'), 'only a tool of the session'],
    ['from a chat', wish('duck/one', 'add', own, 'discord'), 'only a tool of the session'],
    ['of no session', wish('duck/none', 'add', own), 'no such session'],
  ])('refuses %s, says so and keeps it', (_what, order, reason) => {
    const bare = pond()
    const before = ['one', 'two'].map((name) => heardBy(bare, `duck/${name}`))
    const [refused] = bare.tick(order)
    expect(refused?.type).toBe('session.refused')
    expect(refused?.payload['reason']).toContain(reason)
    expect(bare.read('filter', refused?.payload['row'] as number)).toContain(reason)
    expect(bare.world.of(Subscription).ended[refused?.payload['row'] as number]).toBe(1)
    expect(['one', 'two'].map((name) => heardBy(bare, `duck/${name}`))).toEqual(before)
    // The index agrees that nothing has come or gone.
    expect(matcherOf(bare).live).toBe(3)
  })

  test('a tool cannot pile up filters', () => {
    const bare = pond()
    for (let at = 0; at < ownFiltersMax + 5; at++) bare.tick(wish('duck/one', 'add', { ...own, author: `a${at}` }))
    expect(heardBy(bare, 'duck/one')).toHaveLength(2 + ownFiltersMax)
  })

  test('a narrower envelope ends what it no longer allows', () => {
    const bare = pond()
    bare.tick(wish('duck/one', 'add', own), wish('duck/one', 'add', { path: 'docs/a/*.md' }))
    const narrower = [{ path: 'docs/a/**' }]
    bare.tick(policySet(agentOf('duck', sessionOf('one', [locked], { envelope: narrower }))))
    expect(heardBy(bare, 'duck/one').filter((each) => each.startsWith('session'))).toEqual([
      'session {"path":"docs/a/*.md"}',
    ])
  })
})

test('what is said to the agent has a tag of its own, which no text can give itself away by', () => {
  const bare = routing()
  const filter = { type: 'discord.message.new', channel: '1', tag: 'to_me' }
  bare.tick(policySet(agentOf('duck', sessionOf('asked', [filter]), sessionOf('all', [{ channel: '1' }]))))
  const source = { kind: 'discord', channel: '1', author: '7' }
  const meant = event('discord.message.new', source, { text: 'duck, are you there?', to_me: true, tags: ['other'] })
  const other = event('discord.message.new', source, { text: 'to_me', to_me: 'true' })
  bare.tick(meant, other)
  expect(waiting(bare, 'duck/asked')).toEqual([meant.id])
  expect(waiting(bare, 'duck/all')).toEqual([meant.id, other.id])
})

describe('Who is kept from an event', () => {
  const everything = { type: 's*' }

  test('an agent never hears itself, in any of its sessions; another agent does', () => {
    const bare = routing()
    const sessions = [sessionOf('one', [everything, {}]), sessionOf('two', [everything, {}])]
    bare.tick(policySet(agentOf('duck', ...sessions), agentOf('goose', ...sessions)))
    const words = said('duck/one', 'duck', 'quack')
    const kept = event('note.written', { kind: 'tool', channel: 'duck/one', author: 'duck' }, { text: 'kept' })
    const echo = event('discord.message.new', { kind: 'discord', channel: 'pond', author: 'duck' }, { text: 'quack' })
    const cloaked = event('note.written', { kind: 'tool', channel: 'duck/two' }, { text: 'kept' })
    bare.tick(words, kept, echo, cloaked)
    for (const name of ['one', 'two']) {
      expect(waiting(bare, `duck/${name}`)).toEqual([])
      expect(waiting(bare, `goose/${name}`)).toEqual([words.id, kept.id, echo.id, cloaked.id])
    }
    expect(inputOf(bare, 'goose/one')).toMatchObject({ bot: 1, trust: Trust.own })
  })

  test('what the world says reaches only filters that name its type', () => {
    const bare = routing()
    bare.tick(
      policySet(
        agentOf(
          'duck',
          sessionOf('one', [{}, { type: '*' }, { path: 'a.md' }]),
          sessionOf('two', [{ type: 'memory.*' }]),
        ),
      ),
    )
    const stored = event('memory.stored', { kind: 'world' }, { first: 1, last: 2 })
    bare.tick(stored, event('note.gone', { kind: 'world' }, { path: 'a.md' }))
    expect(waiting(bare, 'duck/one')).toEqual([])
    expect(waiting(bare, 'duck/two')).toEqual([stored.id])
  })

  test('what was said in a private session goes to no other', () => {
    const bare = routing()
    const wide = [{ type: 'chat.*' }, { type: 'session.said' }]
    bare.tick(
      policySet(
        agentOf('duck', sessionOf('one', wide, { scope: 'private' })),
        agentOf('goose', sessionOf('one', wide)),
      ),
    )
    const secret = chat('duck/one', 'the key is under the mat')
    const open = chat('goose/one', 'hello')
    bare.tick(secret, said('duck/one', 'duck', 'I see'), open)
    expect(waiting(bare, 'goose/one')).toEqual([open.id])
    expect(waiting(bare, 'duck/one')).toEqual([secret.id, open.id])
  })

  test('the machinery is not heard, whatever the filter', () => {
    const bare = routing()
    bare.tick(
      policySet(
        agentOf('duck', sessionOf('one', [{ type: '*' }, { type: 'llm.*' }, { type: 'turn.*' }, { type: 'se*' }])),
      ),
    )
    const types = ['turn.ended', 'approval.asked', 'session.cancel', 'budget.exhausted', 'memory.used', 'memory.order']
    for (const type of [...types, 'daimoi.walked', 'engine.started', 'clock.set'])
      bare.tick(event(type, { kind: 'irc' }))
    bare.tick(event('llm.chat.done', { kind: 'llm' }, { effect_id: 4 }))
    expect(waiting(bare, 'duck/one')).toEqual([])
    const done = event('sentinel.done', { kind: 'irc' }, { path: 'a.md' })
    bare.tick(done)
    expect(waiting(bare, 'duck/one')).toEqual([done.id])
  })
})

describe('Inputs', () => {
  test('an event is one row and one record, however many sessions get it', () => {
    const bare = routing()
    const sessions = Array.from({ length: 5 }, (_, at) =>
      sessionOf(`s${at}`, [{ type: 'note.written' }, { kind: 'library' }]),
    )
    const note = event('note.written', { kind: 'library' }, { text: 'a' })
    bare.tick(policySet(agentOf('duck', ...sessions)), note, event('note.written', { kind: 'library' }, { text: 'b' }))
    expect(bare.world.rows(Input)).toBe(2)
    expect(JSON.parse(bare.read('input', 1) ?? '')).toEqual(note)
    expect(bare.world.of(Pool).routed[1]).toBe(10)
  })

  test.each([
    ['the operator', chat('duck/one', 'x'), 'operator', 0],
    ['a person', chat('pond', 'x', 'discord'), 'person', 0],
    ['a bot', chat('pond', 'x', 'discord', { bot: true }), 'bot', 1],
    ['one that calls itself a tool', chat('pond', 'x', 'discord', { role: 'tool' }), 'bot', 1],
    ['one that calls itself the agent', chat('pond', 'x', 'discord', { role: 'assistant' }), 'bot', 1],
    ['one that calls itself operator', chat('pond', 'x', 'discord', { trust: 'operator' }), 'person', 0],
    ['a tool that says nothing of its trust', chat('goose/one', 'x', 'tool'), 'unknown', 1],
    ['a tool', chat('goose/one', 'x', 'tool', { trust: 'person' }), 'person', 1],
    ['a tool that overdoes it', chat('goose/one', 'x', 'tool', { trust: 'operator' }), 'own', 1],
    ['nobody in particular', event('chat.message', { kind: 'library' }, { text: 'x' }), 'unknown', 0],
    ['the words of an agent that had read something strange', said('goose/one', 'goose', 'x', 'unknown'), 'unknown', 1],
  ] as const)('%s is believed as far as it deserves', (_who, heard, trust, bot) => {
    const bare = routing()
    bare.tick(policySet(agentOf('duck', sessionOf('one', [{ type: 'chat.*' }, { type: 'session.said' }]))), heard)
    expect(inputOf(bare, 'duck/one')).toEqual({ input: 1, trust: Trust[trust], bot })
  })

  test('a session that coalesces has the newest of those that are the same', () => {
    const bare = routing()
    bare.tick(
      policySet(agentOf('duck', sessionOf('one', [{ type: 'chat.*' }], { overflow: 'coalesce', queue_max: 3 }))),
    )
    const lines = ['load is 41', 'load is 42', 'other words', 'load is 43'].map((text) => chat('ops', text, 'irc'))
    const keyed = ['up', 'down'].map((text) => chat('ops', text, 'irc', { key: 'state' }))
    bare.tick(...lines, ...keyed, chat('elsewhere', 'load is 44', 'irc'))
    expect(bare.world.of(Session).overflow[1]).toBe(Overflow.coalesce)
    expect(bare.world.of(Pool).coalesced[1]).toBe(3)
    expect(waiting(bare, 'duck/one').slice(0, 2)).toEqual([lines[2]?.id, keyed[1]?.id])
    expect(bare.world.of(Session).dropped[1]).toBe(1)
  })
})

describe('A pool that is full', () => {
  test('what a session holds longest makes room; who holds nothing loses the input; both are counted', () => {
    const { world } = routing()
    const [one, two] = ['a/one', 'a/two'].map((key) => world.appendKeyed(Session, key)) as [number, number]
    for (const row of [one, two]) boundQueue(world, row, 9, Overflow.block)
    const [first, second, third] = [world.append(Input), world.append(Input), world.append(Input)]
    world.append(Slot, world.room(Slot) - 1)
    enqueue({ world, now_ms: 1 }, one, first)
    enqueue({ world, now_ms: 1 }, one, second)
    enqueue({ world, now_ms: 1 }, two, third)
    const { dropped, queued } = world.of(Session)
    expect([dropped[one], queued[one], dropped[two], queued[two], world.of(Pool).dropped[1]]).toEqual([1, 1, 1, 0, 2])
    expect([dequeue(world, one), dequeue(world, one), dequeue(world, two)]).toEqual([second, 0, 0])
  })
})

describe('Many sessions', () => {
  const hears = (at: number) =>
    Array.from({ length: 20 }, (_, nth) => ({ type: 'discord.message.new', channel: `c${at}-${nth}` }))
  const post = (channel: string) =>
    event('discord.message.new', { kind: 'discord', channel, author: 'Ada' }, { text: 'x' })

  test('10,000 sessions with 20 filters each: an event reaches its own and no other', () => {
    const matcher = new Matcher()
    for (let at = 0; at < 10_000; at++) {
      for (const [nth, filter] of hears(at).entries()) matcher.add(at * 20 + nth + 1, at + 1, filter)
    }
    for (let at = 0; at < 10_000; at += 7) {
      expect(matcher.match(post(`c${at}-${at % 20}`))).toBe(1)
      expect(matcher.hits[0]).toBe(at + 1)
      expect(matcher.match(post(`c${at}-20`))).toBe(0)
    }
  })

  test('a filter that comes or goes is taken into the index that is there', () => {
    const bare = routing()
    const sessions = Array.from({ length: 300 }, (_, at) => ({ ...defaultSession, name: `s${at}`, filters: hears(at) }))
    const first = post('c299-19')
    bare.tick(policySet({ ...agentOf('duck'), sessions }), first)
    const before = matcherOf(bare)
    expect(before.live).toBe(300 * 21)
    const changed = { ...defaultSession, name: 's0', filters: [{ type: 'note.written' }] }
    const note = event('note.written', { kind: 'library' }, { text: 'x' })
    bare.tick(policySet({ ...agentOf('duck'), sessions: [changed, ...sessions.slice(1)] }), post('c0-3'), note)
    expect(matcherOf(bare)).toBe(before)
    expect(before.live).toBe(300 * 21 - 19)
    expect(waiting(bare, 'duck/s0')).toEqual([note.id])
    expect(waiting(bare, 'duck/s299')).toEqual([first.id])
  })

  test('a look from outside, before the records of a tick are there, takes nothing from those who look later', () => {
    const bare = routing()
    const sessions = [sessionOf('a', [{ channel: 'a' }]), sessionOf('b', [{ channel: 'b' }])]
    bare.tick(policySet(agentOf('duck', ...sessions)))
    const unwritten = (table: string, row: number) => (row > 3 ? undefined : bare.read(table, row))
    expect(matcherOf({ world: bare.world, read: unwritten }).live).toBe(3)
    const heard = event('chat.message', { kind: 'irc', channel: 'b' }, { text: 'x' })
    bare.tick(heard)
    expect(matcherOf(bare).live).toBe(4)
    expect(waiting(bare, 'duck/b')).toEqual([heard.id])
  })

  test('when most filters have ended, what is left of them is forgotten', () => {
    const bare = routing()
    const sessions = Array.from({ length: 300 }, (_, at) => ({ ...defaultSession, name: `s${at}`, filters: hears(at) }))
    bare.tick(policySet({ ...agentOf('duck'), sessions }))
    const before = matcherOf(bare)
    const kept = post('c7-7')
    bare.tick(policySet({ ...agentOf('duck'), sessions: sessions.slice(7, 8) }), kept, post('c8-8'))
    expect(matcherOf(bare)).not.toBe(before)
    expect([matcherOf(bare).dead, bare.world.of(Pool).routed[1]]).toEqual([0, 1])
    expect(waiting(bare, 'duck/s7')).toEqual([kept.id])
  })
})

describe('An explanation', () => {
  test('names who gets an event and by which filter, and of the others the first field that keeps it from them', () => {
    const bare = routing()
    const near = { type: 'fs.*', path: 'docs/**', kind: 'fs' }
    const sessions = [
      sessionOf('gets', [{ type: 'note.written' }, { type: 'fs.*' }]),
      sessionOf('near', [{ type: 'chat.*', channel: 'x' }, near]),
      sessionOf('far', []),
    ]
    bare.tick(policySet(agentOf('duck', ...sessions), agentOf('fox', sessionOf('one', [{ type: 'fs.*' }]))))
    const changed = event('fs.file.changed', { kind: 'fs', author: 'fox' }, { path: 'notes/a.md' })
    const { routed, others } = explainRoute(bare, changed)
    const queue = { queued: 0, queue_max: 256, overflow: 'block', dropped: 0 }
    expect(routed).toEqual([{ session: 'duck/gets', filter: { type: 'fs.*' }, locked_by: 'operator', queue }])
    expect(others).toMatchObject([
      { session: 'duck/near', filter: near, field: 'path', wanted: 'docs/**', got: 'notes/a.md' },
      { session: 'duck/far', field: 'type', wanted: 'chat.message', got: 'fs.file.changed' },
      { session: 'fox/one', field: '', got: 'its own agent says it' },
    ])
    expect(explainRoute(bare, changed, { sessions_max: 1 })).toMatchObject({ others: [{}], others_left: 2 })
    const { reason, routed: nobody } = explainRoute(bare, event('turn.ended', { kind: 'world' }))
    expect([nobody, reason]).toEqual([[], expect.stringContaining('turn.ended')])
  })

  test('agrees with what is done, for every event', () => {
    const bare = routing()
    const sessions = ['a', 'b', 'c'].map((channel) =>
      sessionOf(channel, [{ type: 'chat.*', channel }, { author: channel }]),
    )
    bare.tick(policySet(agentOf('duck', ...sessions)))
    for (const channel of ['a', 'b', 'c', 'd', 'duck/a']) {
      const heard = event('chat.message', { kind: 'operator', channel, author: 'b' }, { text: 'x' })
      const { routed } = explainRoute(bare, heard)
      bare.tick(heard)
      const got = ['a', 'b', 'c'].filter((name) => waiting(bare, `duck/${name}`).at(-1) === heard.id)
      expect(routed.map(({ session }) => session)).toEqual(got.map((name) => `duck/${name}`))
    }
  })
})
