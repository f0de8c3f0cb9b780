import { describe, expect, test } from 'vitest'
import { Effect } from '../../engine/flow/effect.ts'
import { type Event, eventType, type Payload } from '../../engine/flow/event.ts'
import { system } from '../../engine/system.ts'
import { Core, type Parts } from '../../engine/tick.ts'
import { Lane, Turn } from '../../systems/agents/columns.ts'
import { archetypes, Policy, records } from '../../systems/components.ts'
import { effects, events, LlmChat, LlmEmbed } from '../../systems/events.ts'
import { outbox } from '../../systems/outbox.ts'

type LaneName = 'interactive' | 'operational' | 'maintenance'
/** Asks for an effect: a question of a turn in a lane, a question of somebody else, or vectors. */
type Ask = { what: LaneName | 'other' | 'embed'; owner?: number }
const Asked = eventType<Ask>('test.ask', {})

const ask = system('ask', (tick) => {
  const { world } = tick
  for (const event of tick.events) {
    if (!Asked.is(event)) continue
    const { what, owner = 0 } = event.payload
    if (what === 'embed') tick.request(LlmEmbed, { model: 'm', texts: ['t'] })
    else {
      const turn = what === 'other' ? owner : world.append(Turn)
      const request = { task: what, messages: [{ role: 'user' as const, content: what }] }
      const effect_id = tick.request(LlmChat, request, turn)
      if (what === 'other') continue
      world.of(Turn).lane[turn] = Lane[what]
      world.of(Turn).effect_id[turn] = effect_id
    }
  }
})

class Desk {
  readonly core: Core
  #events = 0

  constructor(chat_in_flight_max = 0) {
    const parts: Parts = {
      archetypes,
      systems: [ask, outbox],
      events: [...events, Asked] as Parts['events'],
      effects: [...effects] as Parts['effects'],
      records,
    }
    this.core = new Core(parts, { read: () => undefined, backoff_max_ms: 1000 })
    const policy = this.core.world.append(Policy)
    this.core.world.of(Policy).chat_in_flight_max[policy] = chat_in_flight_max
  }

  /** One tick that answers effects and asks for others; what left in it, by effect id in the order of leaving. */
  tick(asked: readonly Ask['what'][] = [], answered: readonly Event[] = []): number[] {
    const { released } = this.core.apply([...answered, ...asked.map((what) => this.event(Asked.name, { what }))])
    return released.map((entity) => this.core.world.of(Effect).effect_id[entity]!)
  }

  event(type: string, payload: Payload): Event {
    return { id: `e${++this.#events}`, ts: 0, type, source: { kind: 'test' }, payload }
  }

  chatted(...effect_ids: number[]): Event[] {
    return effect_ids.map((effect_id) =>
      this.event(LlmChat.done.name, { effect_id, content: '', model: 'm', finish: 'stop' }),
    )
  }

  embedded(...effect_ids: number[]): Event[] {
    return effect_ids.map((effect_id) =>
      this.event(LlmEmbed.done.name, { effect_id, model: 'm', dimensions: 1, vectors: ['AAAAAA=='] }),
    )
  }
}

function many<T>(count: number, what: T): T[] {
  return Array.from({ length: count }, () => what)
}

describe('The outbox', () => {
  test('lets go the oldest first, though ids of entities are used again', () => {
    const desk = new Desk()
    expect(desk.tick(many(6, 'embed'))).toEqual([1, 2, 3, 4])
    // The entity of effect 1 is free now, and the next effect gets it; still 5 is older.
    const left = [
      ...desk.tick([], desk.embedded(1)),
      ...desk.tick(['embed']),
      ...desk.tick(['embed'], desk.embedded(2)),
    ]
    left.push(...desk.tick([], desk.embedded(3)), ...desk.tick([], desk.embedded(4, 5, 6)), ...desk.tick())
    expect(left).toEqual([5, 6, 7, 8])
  })

  test('a type that is full holds no other back', () => {
    const desk = new Desk(1)
    desk.tick(many(5, 'embed'))
    expect(desk.tick(['other'])).toEqual([6])
    expect(desk.tick(['other'])).toEqual([])
    expect(desk.tick([], desk.embedded(1, 2))).toEqual([5])
    expect(desk.tick(['embed', 'embed'])).toHaveLength(1)
  })

  test("with places for all, a person's question is one of many", () => {
    const desk = new Desk(4)
    expect(desk.tick(['other', 'maintenance', 'interactive', 'operational'])).toEqual([1, 2, 3, 4])
  })

  test("where places are short, a person's question goes first and a quarter is left to the oldest", () => {
    const desk = new Desk(8)
    const waiting: Ask['what'][] = [...many(10, 'other' as const), ...many(10, 'interactive' as const)]
    const left = desk.tick(waiting)
    expect(left).toEqual([1, 2, 11, 12, 13, 14, 15, 16])
    // One of the two that nobody waits for comes back: its place goes to the oldest, all others to people.
    expect(desk.tick([], desk.chatted(1, 11))).toEqual([3, 17])
    expect(desk.tick([], desk.chatted(12))).toEqual([18])
  })

  test.each(['operational', 'maintenance', 'other'] as const)(
    'with one place a question of %s waits, but not for ever',
    (what) => {
      const desk = new Desk(1)
      expect(desk.tick(['interactive'])).toEqual([1])
      desk.tick([what, 'interactive'])
      let out = 1
      let asked = 3
      for (let tick = 0; tick < 1400 && out !== 2; tick++) {
        const [next = 0] = desk.tick(['interactive'], desk.chatted(out))
        asked++
        expect(next).toBeGreaterThan(0)
        out = next
      }
      expect(out).toBe(2)
      expect(asked).toBeGreaterThan(250)
    },
  )

  test('the owner of a question is a turn only when that turn waits for it', () => {
    const desk = new Desk(1)
    desk.tick(['interactive'])
    // Somebody else's entity has the number of that turn, which is interactive.
    desk.core.apply([desk.event(Asked.name, { what: 'other', owner: 1 })])
    desk.tick(['operational'])
    expect(desk.tick([], desk.chatted(1))).toEqual([3])
  })
})
