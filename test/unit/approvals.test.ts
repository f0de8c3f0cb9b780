import { describe, expect, test } from 'vitest'
import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { World } from '../../engine/world/world.ts'
import { agentArchetypes, Call, CallState, OpenCall, Session, Turn } from '../../systems/agents/columns.ts'
import { defaultSession, type PermissionMode } from '../../systems/agents/policy.ts'
import { Risk } from '../../systems/agents/tools.ts'
import { approvalOf, askApproval, expired, hashOf, shownHash } from '../../systems/cephalon/approvals.ts'
import { verdictOf } from '../../systems/cephalon/permissions.ts'
import { Policy, Trust } from '../../systems/components.ts'
import { ApprovalAsked, ApprovalGiven } from '../../systems/events.ts'

/** A world with one session and a tick whose time the test moves. */
class Scene {
  readonly world = new World([...agentArchetypes, Policy])
  readonly emitted: { name: string; payload: unknown }[] = []
  readonly #records = new Map<string, string>()
  now_ms = 1_000_000
  readonly tick: Tick

  constructor() {
    const scene = this
    this.tick = {
      world: this.world,
      tick: 1,
      get now_ms() {
        return scene.now_ms
      },
      events: [],
      read: (table, id) => this.#records.get(`${table} ${id}`),
      put: (table, id, text) => void this.#records.set(`${table} ${id}`, text),
      request: () => 0,
      withdraw: () => false,
      ownerOf: () => 0,
      release: () => {},
      effectType: () => {
        throw new Error('no effect is asked for here')
      },
      emit: (type, payload) => void this.emitted.push({ name: type.name, payload }),
      random: () => 0,
    }
  }

  /** A call of a turn of its own that is about to be judged. */
  call(tool: string, args: string, { risk = Risk.side_effect as number, trust = Trust.person as number } = {}): number {
    const session = this.world.appendKeyed(Session, 'promethean/chat')
    const turn = this.world.append(Turn)
    this.world.of(Turn).session[turn] = session
    this.world.of(Turn).trust[turn] = trust
    const call = this.world.append(Call)
    const calls = this.world.of(Call)
    calls.turn[call] = turn
    calls.risk[call] = risk
    calls.tool[call] = this.world.names.id(tool)
    this.tick.put('call', call, JSON.stringify({ id: `call-${call}`, name: tool, arguments: args }))
    const open = this.world.spawn(OpenCall)
    this.world.of(OpenCall).call[open] = call
    this.world.of(OpenCall).turn[open] = turn
    this.world.settle()
    return call
  }

  /** Asks about a call and returns what the operator is shown. */
  ask(call: number): ApprovalAsked {
    askApproval(this.tick, call)
    const { name, payload } = this.emitted.at(-1)!
    expect(name).toBe(ApprovalAsked.name)
    return payload as ApprovalAsked
  }

  give(hash: string, { kind = 'operator', allow = true } = {}): ReturnType<typeof approvalOf> {
    return approvalOf(this.tick, given(hash, kind, allow))
  }

  state(call: number): number {
    return this.world.of(Call).state[call]!
  }
}

function given(hash: string, kind: string, allow: boolean): Event {
  return { id: '1', ts: 0, type: ApprovalGiven.name, source: { kind }, payload: { hash, allow } }
}

const { approval_ms } = defaultSession.caps

/** What may have happened to a call that waits, and whether it may then run. */
const approvals: Record<string, readonly [runs: boolean, act: (scene: Scene, hash: string) => number]> = {
  none: [false, () => 0],
  right: [true, (scene, hash) => allowed(scene.give(hash))],
  refused: [false, (scene, hash) => allowed(scene.give(hash, { allow: false }))],
  'wrong hash': [
    false,
    (scene, hash) => allowed(scene.give(hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))),
  ],
  'no hash': [false, (scene) => allowed(scene.give(''))],
  expired: [
    false,
    (scene, hash) => {
      scene.now_ms += approval_ms
      return allowed(scene.give(hash))
    },
  ],
  used: [
    false,
    (scene, hash) => {
      scene.give(hash)
      return allowed(scene.give(hash))
    },
  ],
  'used to refuse': [
    false,
    (scene, hash) => {
      scene.give(hash, { allow: false })
      return allowed(scene.give(hash))
    },
  ],
}
for (const kind of ['discord', 'session', 'tool', 'fs', 'local', 'cli', 'Operator', 'operator ', '']) {
  approvals[`from '${kind}'`] = [false, (scene, hash) => allowed(scene.give(hash, { kind }))]
}

function allowed(answer: ReturnType<typeof approvalOf>): number {
  return answer?.allow === true ? answer.call : 0
}

describe('Risk × trust × mode × approval', () => {
  const modes: readonly PermissionMode[] = ['read', 'ask', 'auto']
  /** Without a yes: what runs by itself. */
  const byItself = (risk: number, mode: PermissionMode, trust: number): boolean =>
    risk === Risk.read_only || (risk === Risk.side_effect && mode === 'auto' && trust >= Trust.own)
  /** With the operator's yes: everything, but in a session that only reads. */
  const withYes = (risk: number, mode: PermissionMode): boolean => risk === Risk.read_only || mode !== 'read'

  test.each(Object.entries(approvals))('an approval that is %s', (_name, [yes, act]) => {
    for (const [mode, risk, trust] of modes.flatMap((mode) =>
      [...Object.values(Risk), 77].flatMap((risk) =>
        Object.values(Trust).map((trust): [PermissionMode, number, number] => [mode, risk, trust]),
      ),
    )) {
      const scene = new Scene()
      const call = scene.call('notes.write', '{"path":"a.md"}', { risk, trust })
      const { verdict } = verdictOf({ risk, mode, trust })
      let runs = verdict === 'allow'
      if (verdict === 'ask') runs = act(scene, scene.ask(call).hash) === call
      const expected = byItself(risk, mode, trust) || (yes && withYes(risk, mode))
      expect(runs, `${mode} ${risk} ${trust}`).toBe(expected)
    }
  })
})

describe('askApproval', () => {
  test('shows tool and arguments whole, why, and until when; the call waits', () => {
    const scene = new Scene()
    const text = JSON.stringify({ path: 'a.md', text: 'word '.repeat(5_000) })
    const call = scene.call('notes.write', text)
    const asked = scene.ask(call)
    expect(asked).toMatchObject({ call, session: 'promethean/chat', tool: 'notes.write', risk: 'side_effect' })
    expect(asked.arguments).toBe(text)
    expect(asked.why).toMatch(/yes/)
    expect(asked.hash).toMatch(/^[0-9a-f]{16}$/)
    expect(asked.expires_ms).toBe(scene.now_ms + approval_ms)
    expect(scene.state(call)).toBe(CallState.asked)
    const { hash_high, hash_low, expires_at_ms, asked_at_ms } = scene.world.of(Call)
    expect(shownHash(hash_high[call]!, hash_low[call]!)).toBe(asked.hash)
    expect([asked_at_ms[call], expires_at_ms[call]]).toEqual([scene.now_ms, asked.expires_ms])
  })

  test('takes arguments that are an object, none, or no JSON', () => {
    const scene = new Scene()
    const call = scene.call('x', 'no { JSON')
    expect(scene.ask(call).arguments).toBe('no { JSON')
    const second = scene.call('x', '')
    scene.tick.put('call', second, JSON.stringify({ id: '1', name: 'x', arguments: { a: 1 } }))
    expect(scene.ask(second).arguments).toBe('{"a":1}')
    const third = scene.call('x', '')
    scene.tick.put('call', third, JSON.stringify({ id: '1', name: 'x' }))
    expect(scene.ask(third).arguments).toBe('{}')
  })
})

describe('approvalOf', () => {
  test('an answer takes its call out of the wait, and another call with the same arguments still waits', () => {
    const scene = new Scene()
    const [first, second] = [scene.call('x', '{"a":1}'), scene.call('x', '{"a":1}')]
    const [one, two] = [scene.ask(first).hash, scene.ask(second).hash]
    expect(one).not.toBe(two)
    expect(scene.give(two)).toEqual({ call: second, allow: true })
    expect([scene.state(first), scene.state(second)]).toEqual([CallState.asked, CallState.approved])
    expect(scene.give(one, { allow: false })).toEqual({ call: first, allow: false })
    expect(scene.state(first)).toBe(CallState.denied)
    expect(scene.world.of(Call).expires_at_ms[first]).toBe(0)
  })

  test('a call that no longer waits, or is no longer open, is not approved', () => {
    const scene = new Scene()
    const [first, second] = [scene.call('x', '{}'), scene.call('x', '{}')]
    const [one, two] = [scene.ask(first).hash, scene.ask(second).hash]
    scene.world.of(Call).state[first] = CallState.denied
    expect(scene.give(one)).toBeUndefined()
    for (const id of scene.world.each(OpenCall)) scene.world.kill(id)
    scene.world.settle()
    expect(scene.give(two)).toBeUndefined()
  })

  test('other events mean nothing, whatever they hold', () => {
    const scene = new Scene()
    const { hash } = scene.ask(scene.call('x', '{}'))
    for (const type of ['chat.message', 'approval.asked', 'config.set']) {
      expect(approvalOf(scene.tick, { ...given(hash, 'operator', true), type })).toBeUndefined()
    }
  })

  test('one millisecond before it expires a yes still counts', () => {
    const scene = new Scene()
    const call = scene.call('x', '{}')
    const { hash } = scene.ask(call)
    scene.now_ms += approval_ms - 1
    expect(expired(scene.tick)).toEqual([])
    expect(scene.give(hash)).toEqual({ call, allow: true })
  })
})

test('expired lists the calls whose wait has ended, ascending, and changes nothing', () => {
  const scene = new Scene()
  const early = [scene.call('x', '{}'), scene.call('x', '{}')]
  for (const call of early) scene.ask(call)
  scene.now_ms += 10
  const late = scene.call('x', '{}')
  scene.ask(late)
  const running = scene.call('x', '{}')
  scene.world.of(Call).state[running] = CallState.running
  scene.now_ms += approval_ms - 10
  expect(expired(scene.tick)).toEqual(early)
  expect(expired(scene.tick)).toEqual(early)
  scene.now_ms += 10
  expect(expired(scene.tick)).toEqual([...early, late])
})

describe('hashOf', () => {
  test('is bound to tool, arguments, turn and call', () => {
    const base = hashOf('x', '{"a":1}', 1, 1)
    const others = [
      hashOf('y', '{"a":1}', 1, 1),
      hashOf('x', '{"a":2}', 1, 1),
      hashOf('x', '{"a":"1"}', 1, 1),
      hashOf('x', '{"a":[1]}', 1, 1),
      hashOf('x', '{"a":1,"b":null}', 1, 1),
      hashOf('x', '{"__proto__":1}', 1, 1),
      hashOf('x', '[["a",1]]', 1, 1),
      hashOf('x', '["object",["a",1]]', 1, 1),
      hashOf('x', '{"a":1}', 2, 1),
      hashOf('x', '{"a":1}', 1, 2),
    ]
    expect(new Set([base, ...others]).size).toBe(others.length + 1)
  })

  test('the order of keys and blanks mean nothing; that of a list does', () => {
    expect(hashOf('x', '{"b":{"d":1,"c":2},"a":1}', 1, 1)).toBe(hashOf('x', ' { "a" : 1, "b":{"c":2,"d":1}}', 1, 1))
    expect(hashOf('x', '{"a":[1,2]}', 1, 1)).not.toBe(hashOf('x', '{"a":[2,1]}', 1, 1))
  })
})
