import { describe, expect, test } from 'vitest'
import { Session } from '../../systems/agents/columns.ts'
import type { SessionPolicy } from '../../systems/agents/policy.ts'
import { explainTurn } from '../../systems/cephalon/context/explain.ts'
import { mayShow } from '../../systems/cephalon/context/gather.ts'
import { Deleted, Memory, MemoryKind, Trust } from '../../systems/components.ts'
import { type ChatMessage, LlmChat, MemoryRecall } from '../../systems/events.ts'
import { agentOf, duckPolicy, sessionOf } from '../support/agents.ts'
import { injections } from '../support/injections.ts'
import { Stage } from '../support/turns.ts'

const key = 'duck/chat'
const hit = (memory_id: number, text: string) => ({
  id: `e${memory_id}`,
  memory_id,
  score: 1,
  lanes: ['lexical'],
  path: [],
  text,
  title: '',
})

/** A memory as the memory system makes it, which a stage has not. */
function said(stage: Stage, text: string, channel = 'pond', id = ''): number {
  const { world } = stage.core
  const row = world.append(Memory)
  const memory = world.of(Memory)
  memory.kind[row] = MemoryKind.chat
  memory.trust[row] = Trust.person
  stage.records.set(`text ${row}`, text)
  const source = { kind: channel.includes('/') ? 'operator' : 'chat', channel, author: 'ada' }
  stage.records.set(`meta ${row}`, JSON.stringify({ id: id || `e${row}`, source }))
  return row
}

/** Where records are read. */
function viewOf(stage: Stage) {
  return { world: stage.core.world, read: (table: string, id: number) => stage.records.get(`${table} ${id}`) }
}

/** The id of the event that a session's first turn answers. */
function eventId(stage: Stage): string {
  const { id } = JSON.parse(stage.records.get('input 1') ?? '{}') as { id: string }
  return id
}

function questionOf(stage: Stage): ChatMessage[] {
  return (stage.open(LlmChat)?.request['messages'] ?? []) as unknown as ChatMessage[]
}

function memoriesIn(messages: readonly ChatMessage[]): unknown[] {
  return messages.flatMap(({ content }) => {
    const list = typeof content === 'object' ? content['memories'] : undefined
    return Array.isArray(list) ? list : []
  })
}

describe('Private sessions', () => {
  test('what was said in one is shown in no other, over ten thousand scopes', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((seed / 2_147_483_648) * below)
    }
    let withheld = 0
    const stage = new Stage(duckPolicy([]))
    const { world } = stage.core
    const look = { world, read: () => undefined }
    /** As the policy said last of a session; what it no longer names stays as it was. */
    const scopes = new Map<string, 'private' | 'shared'>()
    for (let n = 0; n < 400; n++) {
      const sessions = Array.from(
        { length: 1 + random(4) },
        (): SessionPolicy => sessionOf(`s${random(6)}`, { scope: random(2) === 0 ? 'private' : 'shared' }),
      ).filter(({ name }, at, all) => all.findIndex((each) => each.name === name) === at)
      const policy = { ...duckPolicy([]), agents: [agentOf('a', sessions), agentOf('b', sessions.slice(1).reverse())] }
      stage.tick({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(policy)) } })
      for (const agent of policy.agents) {
        for (const { name, scope } of agent.sessions) scopes.set(`${agent.name}/${name}`, scope)
      }
      for (const [own] of scopes) {
        for (const [channel, scope] of scopes) {
          const shown = mayShow(look, own, channel)
          expect(shown).toBe(channel === own || scope === 'shared')
          if (!shown) withheld++
        }
      }
    }
    expect(withheld).toBeGreaterThan(2_000)
  })

  test('one that the policy no longer names, and that the operator opens again, keeps to itself what was said in it', () => {
    const vault = sessionOf('vault', { scope: 'private' })
    const stage = new Stage(duckPolicy([], [sessionOf('chat'), vault]))
    const look = { world: stage.core.world, read: () => undefined }
    const named = (sessions: SessionPolicy[]) =>
      stage.tick({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(duckPolicy([], sessions))) } })
    named([sessionOf('chat')])
    expect(mayShow(look, key, 'duck/vault')).toBe(false)
    const source = { kind: 'operator', channel: '', author: 'operator' }
    stage.tick({ type: 'session.opened', source, payload: { session: 'duck/vault' } })
    expect(mayShow(look, key, 'duck/vault')).toBe(false)
    named([sessionOf('chat'), sessionOf('vault')])
    expect(mayShow(look, key, 'duck/vault')).toBe(true)
  })

  test('in a turn: the memory of the private one is left out, and the record says why', () => {
    const stage = new Stage(duckPolicy([], [sessionOf('chat'), sessionOf('vault', { scope: 'private' })]))
    const open = said(stage, 'The heron is grey.')
    const secret = said(stage, 'The vault is under the pond.', 'duck/vault')
    expect(stage.core.world.find(Session, 'duck/vault')).toBeGreaterThan(0)
    stage.tell(key, 'Where is the vault?')
    const hits = [hit(secret, 'The vault is under the pond.'), hit(open, 'The heron is grey.')]
    stage.done(MemoryRecall, { answered: true, confidence: 1, hits })
    expect(memoriesIn(questionOf(stage))).toMatchObject([
      { memory_id: open, text: 'The heron is grey.', trust: 'person' },
    ])
    expect(explainTurn(viewOf(stage), 1)?.context?.left_out).toContainEqual({
      memory_id: secret,
      why: 'it belongs to a private session',
    })
  })
})

describe('A turn', () => {
  test('injected texts in memories stay data: no message but the three first has another role than user', () => {
    const stage = new Stage(duckPolicy([]))
    const texts = injections(['wipe']).map(({ text }) => text)
    const hits = texts.slice(0, 40).map((text) => hit(said(stage, text), text))
    stage.tell(key, 'What is new?')
    stage.done(MemoryRecall, { answered: true, confidence: 1, hits })
    const messages = questionOf(stage)
    expect(messages.slice(0, 3).map(({ role }) => role)).toEqual(['system', 'developer', 'developer'])
    for (const { role } of messages.slice(3)) expect(role).toBe('user')
    expect(memoriesIn(messages).length).toBeGreaterThan(5)
    expect(JSON.stringify(messages.slice(3))).not.toMatch(/<\|[a-z_]+\|>/)
  })

  test('has what is pinned, once, and neither its own input nor what was forgotten', () => {
    const stage = new Stage(duckPolicy([]))
    const pinned = said(stage, 'Bread first.')
    const gone = said(stage, 'The fox is red.')
    stage.core.world.of(Memory).pinned[pinned] = 1
    stage.core.world.of(Memory).deleted[gone] = Deleted.forgotten
    stage.tell(key, 'What comes first?')
    const own = said(stage, 'Otherwise written.', key, eventId(stage))
    const hits = [hit(own, 'Otherwise written.'), hit(pinned, 'Bread first.'), hit(gone, 'The fox is red.')]
    stage.done(MemoryRecall, { answered: true, confidence: 1, hits })
    expect(memoriesIn(questionOf(stage))).toMatchObject([{ memory_id: pinned }])
    const out = explainTurn(viewOf(stage), 1)?.context?.left_out.map(({ memory_id }) => memory_id)
    expect(out).toEqual([gone, own, pinned])
  })

  test('whose context is too long is asked again with half the related memories, from the same record', () => {
    const stage = new Stage(duckPolicy([]))
    const texts = ['The heron is grey.', 'The fox is red.', 'The pond is deep.', 'The reed is green.']
    const hits = texts.map((text) => hit(said(stage, text), text))
    stage.tell(key, 'What is there?')
    stage.done(MemoryRecall, { answered: true, confidence: 1, hits })
    expect(memoriesIn(questionOf(stage))).toHaveLength(4)
    stage.failed(LlmChat, 'CONTEXT_TOO_LONG')
    expect(memoriesIn(questionOf(stage))).toHaveLength(2)
  })
})
