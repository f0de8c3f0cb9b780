import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import type { Commit } from '../../engine/record/store.ts'
import { ram } from '../../stores/ram.ts'
import { type Call, hands, Look, note, opened, Send, settled } from '../support/toy.ts'

type Act =
  | { do: 'publish'; text: string }
  | { do: 'step'; later_ms: number | undefined }
  | { do: 'answer'; pick: number; how: 'done' | 'final' | 'transient' | 'invalid' }
  | { do: 'snapshot' | 'crash' | 'crash in a commit' | 'stop' }

const act: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('publish' as const), text: fc.string() }), weight: 5 },
  {
    arbitrary: fc.record({
      do: fc.constant('step' as const),
      later_ms: fc.option(fc.integer({ min: -500, max: 5000 }), { nil: undefined }),
    }),
    weight: 12,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      pick: fc.nat(100),
      how: fc.constantFrom(
        'done' as const,
        'done' as const,
        'final' as const,
        'transient' as const,
        'invalid' as const,
      ),
    }),
    weight: 9,
  },
  {
    arbitrary: fc.record({
      do: fc.constantFrom(
        'snapshot' as const,
        'snapshot' as const,
        'crash' as const,
        'crash in a commit' as const,
        'stop' as const,
      ),
    }),
    weight: 3,
  },
)

/** A toy mind whose process comes and goes, with all that was seen of it outside. */
class Life {
  holding = false
  readonly store = ram({ beforeCommit: (commit: Commit) => this.#hold(commit) })
  /** Mark of the world after every tick that still counts. */
  readonly marks = new Map<number, object>()
  readonly sent = new Map<string, number>()
  pending: Call[] = []
  engine!: Engine
  #seen = 0
  #hands = hands()

  #hold(_commit: Commit): Promise<void> | undefined {
    return this.holding ? new Promise<void>(() => {}) : undefined
  }

  async open(): Promise<void> {
    this.holding = false
    this.#hands = hands()
    this.#seen = 0
    this.pending = []
    this.engine = await opened({ store: this.store, adapters: [this.#hands.adapter], limits: { stop_ms: 1 } })
    for (const tick of this.marks.keys()) if (tick > this.engine.tick) this.marks.delete(tick)
    if (this.engine.tick > 0) expect(this.engine.mark()).toEqual(this.marks.get(this.engine.tick))
    await this.engine.start()
    this.#look()
  }

  async step(later_ms: number | undefined): Promise<void> {
    await this.engine.step(later_ms === undefined ? undefined : this.engine.now_ms + later_ms)
    this.marks.set(this.engine.tick, this.engine.mark())
    this.#look()
  }

  /** Looks at what has left: it must have been durable, and a once effect leaves once for each attempt. */
  #look(): void {
    const { calls } = this.#hands
    for (const call of calls.slice(this.#seen)) {
      expect(this.store.read('outbox', call.effect_id), 'an effect has left before its tick was durable').toBeDefined()
      const key = `${call.type} ${call.effect_id} ${call.attempt}`
      this.sent.set(key, (this.sent.get(key) ?? 0) + 1)
      if (call.type === Send.name) expect([key, this.sent.get(key)]).toEqual([key, 1])
      this.pending.push(call)
    }
    this.#seen = calls.length
  }

  async answer(pick: number, how: 'done' | 'final' | 'transient' | 'invalid'): Promise<void> {
    const [call] = this.pending.splice(pick % Math.max(1, this.pending.length), 1)
    if (call === undefined) return
    const text = `${call.effect_id} by attempt ${call.attempt}`
    if (how === 'done') call.done(call.type === Look.name ? { found: text } : { receipt: text })
    else if (how === 'invalid') call.done({ nonsense: text })
    else call.fail('ASKED', { transient: how === 'transient' })
    await settled()
  }

  async crash(inCommit: boolean): Promise<void> {
    if (inCommit) {
      this.holding = true
      this.engine.publish(note('never durable'))
      void this.engine.step()
      await settled()
    }
    this.store.crash()
    for (const call of this.pending) call.fail('DEAD')
    await settled()
    await this.open()
  }

  async restart(): Promise<void> {
    await this.engine.stop()
    for (const call of this.pending) call.fail('DEAD')
    const { tick } = this.engine
    this.marks.set(tick, this.engine.mark())
    await this.open()
    expect(this.engine.tick).toBe(tick)
  }

  async act(what: Act): Promise<void> {
    if (what.do === 'publish') this.engine.publish(note(what.text))
    else if (what.do === 'step') await this.step(what.later_ms)
    else if (what.do === 'answer') await this.answer(what.pick, what.how)
    else if (what.do === 'snapshot') await this.engine.snapshot()
    else if (what.do === 'stop') await this.restart()
    else await this.crash(what.do === 'crash in a commit')
  }

  /** Replays from everywhere and holds it against what was lived. */
  async check(): Promise<void> {
    await this.step(0)
    const begins = [0, ...this.engine.snapshots()]
    for (const from of begins) {
      const report = await this.engine.replay(from === 0 ? {} : { from })
      expect(report.first_difference).toBeNull()
      expect([report.identical, report.digest]).toEqual([true, this.engine.digest()])
      expect(markOf(report.core)).toEqual(this.engine.mark())
      for (const [tick, mark] of this.marks) {
        if (tick <= from) continue
        const { core } = await this.engine.replay({ from, until: tick })
        expect([tick, markOf(core)]).toEqual([tick, mark])
      }
    }
  }
}

describe('A run', () => {
  test('replays identically at every tick, from the beginning and from every snapshot, through any crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60 }), async (acts) => {
        const life = new Life()
        await life.open()
        for (const what of acts) await life.act(what)
        await life.check()
        life.store.crash()
        for (const call of life.pending) call.fail('DEAD')
      }),
      { numRuns: 100 },
    )
  })

  test('comes to rest when the faults stop: nothing waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const life = new Life()
        await life.open()
        for (const what of acts) await life.act(what)
        for (let n = 0; n < 400 && !life.engine.quiet; n++) {
          while (life.pending.length > 0) await life.answer(0, 'done')
          await life.step(1000)
        }
        expect(life.engine.quiet).toBe(true)
        expect(life.engine.status().outbox.pending).toBe(0)
        expect([...life.store.keys('outbox')]).toEqual([])
        await life.engine.stop()
      }),
      { numRuns: 40 },
    )
  })
})

describe('Digests', () => {
  async function digestOf(publish: (engine: Engine) => void): Promise<string> {
    const engine = await opened({ store: ram() })
    publish(engine)
    await engine.step()
    const digest = engine.digest()
    await engine.stop()
    return digest
  }

  test('do not depend on what the publisher does with its object afterwards', async () => {
    const event = { type: 'toy.note', id: 'i', ts: 1, payload: { text: 'said' } }
    const plain = await digestOf((engine) => engine.publish(event))
    const changed = await digestOf((engine) => {
      const own = structuredClone(event)
      engine.publish(own)
      own.payload.text = 'changed'
    })
    expect(changed).toBe(plain)
  })

  test('keep the order of keys, so that a replay hears just what was heard', async () => {
    const order = fc.shuffledSubarray(['text', 'weight'], { minLength: 2 })
    await fc.assert(
      fc.asyncProperty(order, async (keys) => {
        const all: Record<string, string | number> = { text: 'said', weight: 3 }
        const payload = Object.fromEntries(keys.map((key) => [key, all[key]!]))
        const engine = await opened({ store: ram() })
        engine.publish({ type: 'toy.note', id: 'i', ts: 1, payload })
        await engine.step()
        const live = engine.recent().at(-1)!
        expect(Object.keys(live.payload)).toEqual(keys)
        const report = await engine.replay()
        expect([report.identical, report.digest]).toEqual([true, engine.digest()])
        await engine.stop()
      }),
      { numRuns: 8 },
    )
  })
})
