import { type Adapter, type EffectCall, EffectFailure } from '../../engine/flow/adapter.ts'
import { eventType, objectOf, type Payload } from '../../engine/flow/event.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import type { Store } from '../../engine/record/store.ts'
import { system } from '../../engine/system.ts'
import type { Parts } from '../../engine/tick.ts'
import { Gauge, Memory, MemoryKind, Policy, Trust } from '../../systems/components.ts'
import { Embedding, EmbedJob, EmbedState, eidolonArchetypes, eidolonRecords } from '../../systems/eidolon/columns.ts'
import { eidolon } from '../../systems/eidolon.ts'
import { ConfigSet, LlmEmbed, type LlmEmbedRequest, MemoryStored } from '../../systems/events.ts'
import { outbox } from '../../systems/outbox.ts'

/** A mind that only remembers and embeds: memories are made as a test says. */

export type Made = { text: string; title?: string; kind?: keyof typeof MemoryKind; trust?: keyof typeof Trust }
export const Make = eventType<{ memories: Made[] }>(
  'test.make',
  objectOf({ memories: { type: 'array', items: { type: 'object' } } }),
)
export const Forget = eventType<{ memory_id: number }>('test.forget', objectOf({ memory_id: { type: 'integer' } }))

const make = system('make', ({ world, events, now_ms, put, emit }) => {
  for (const event of events) {
    if (Forget.is(event)) world.of(Memory).deleted[event.payload.memory_id] = 1
    if (!Make.is(event)) continue
    const first = world.rows(Memory) + 1
    for (const { text, title, kind = 'note', trust = 'person' } of event.payload.memories) {
      const row = world.append(Memory)
      const memory = world.of(Memory)
      memory.kind[row] = MemoryKind[kind]
      memory.trust[row] = Trust[trust]
      memory.stored_at_ms[row] = now_ms
      put('text', row, text)
      if (title !== undefined) put('meta', row, JSON.stringify({ id: '', title, source: { kind: 'test' } }))
    }
    emit(MemoryStored, { first, last: world.rows(Memory) })
  }
})

const parts: Parts = {
  archetypes: [Memory, Policy, Gauge, ...eidolonArchetypes],
  systems: [make, eidolon, outbox],
  events: [Make, Forget, MemoryStored, ConfigSet] as unknown as Parts['events'],
  effects: [LlmEmbed] as unknown as Parts['effects'],
  records: ['text', 'meta', ...eidolonRecords],
}

/** A request that is out. */
export type Asked = LlmEmbedRequest & {
  readonly effect_id: number
  /** Answers with these vectors, or with ones made of the texts. */
  done(more?: { vectors?: readonly string[]; dimensions?: number }): void
  fail(code: string): void
}

export const dimensions = 8

/** A vector as an answer carries it. */
export function encoded(components: readonly number[]): string {
  return Buffer.from(Float32Array.from(components).buffer).toString('base64')
}

/** Different texts give different vectors, and different models too. */
export function vectorFor(model: string, text: string): number[] {
  return Array.from({ length: dimensions }, (_, at) => {
    const code = (text + model).charCodeAt((at * 7) % (text.length + model.length))
    return ((code * (at + 3)) % 17) - 8.5
  })
}

/** An adapter whose requests the test answers; those that are out stand in `asked`, all that ever were in `sent`. */
export function byHand(): { adapter: Adapter; asked: Asked[]; sent: LlmEmbedRequest[] } {
  const asked: Asked[] = []
  const sent: LlmEmbedRequest[] = []
  const handler = (payload: Payload, { effect_id }: EffectCall): Promise<Payload> =>
    new Promise((resolve, reject) => {
      const { model, texts } = payload as unknown as LlmEmbedRequest
      sent.push({ model, texts })
      const leave = (): void => void asked.splice(asked.indexOf(one), 1)
      const one: Asked = {
        model,
        texts,
        effect_id,
        done(more = {}) {
          leave()
          const vectors = more.vectors ?? texts.map((text) => encoded(vectorFor(model, text)))
          resolve({ model, dimensions: more.dimensions ?? dimensions, vectors })
        },
        fail(code) {
          leave()
          reject(new EffectFailure(code, `${code} was asked for`))
        },
      }
      asked.push(one)
    })
  return { adapter: { name: 'by-hand', effects: { [LlmEmbed.name]: handler } }, asked, sent }
}

/** The engine of this mind; time moves only when a step says so. */
export async function opened(store: Store, adapters: readonly Adapter[]): Promise<Engine> {
  const engine = await createEngine({
    ...parts,
    store,
    adapters,
    drive: 'manual',
    clock: () => 1_000_000,
    limits: { stop_ms: 20 },
  })
  await engine.start()
  return engine
}

/** The event that names a model, or turns embedding off. */
export function policy(model: string | null, more: { eidolon?: boolean; dimensions?: number } = {}) {
  return { type: ConfigSet.name, payload: { policy: { embedding: { model, eidolon: false, ...more } } } }
}

/** Steps, each so many milliseconds later, letting answers reach their ring in between. */
export async function steps(engine: Engine, count: number, by_ms = 50): Promise<void> {
  const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  await breathe()
  for (let n = 0; n < count; n++) {
    await engine.step(engine.now_ms + by_ms)
    await breathe()
  }
}

/** The counts that the world keeps. */
export function counts(engine: Engine): { waiting: number; running: number; poisoned: number } {
  const { waiting, running, poisoned } = engine.world.of(Embedding)
  return { waiting: waiting[1]!, running: running[1]!, poisoned: poisoned[1]! }
}

/** The same counts, from the jobs themselves. */
export function counted(engine: Engine): { waiting: number; running: number; poisoned: number } {
  const { state } = engine.world.of(EmbedJob)
  const found = { waiting: 0, running: 0, poisoned: 0 }
  for (const job of engine.world.each(EmbedJob)) {
    if (state[job] === EmbedState.running) found.running++
    else if (state[job] === EmbedState.poisoned) found.poisoned++
    else found.waiting++
  }
  return found
}
