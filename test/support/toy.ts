import type { Adapter, EffectCall, Log } from '../../engine/flow/adapter.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { Effect, EffectStatus, effectType } from '../../engine/flow/effect.ts'
import { type Event, eventType, objectOf, type Payload } from '../../engine/flow/event.ts'
import { createEngine, type Engine, type EngineOptions } from '../../engine/index.ts'
import { type System, system } from '../../engine/system.ts'
import type { Parts } from '../../engine/tick.ts'
import { archetype, states, table } from '../../engine/world/archetype.ts'

/** A mind small enough to know by heart: every note becomes a line, is looked up, and is then sent once. */

const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }

/** What the toy hears. */
export const Note = eventType<{ text: string; weight?: number }>(
  'toy.note',
  objectOf({ text, 'weight?': { type: 'number' } }),
)
/** What the toy says when a note has come to its end. */
export const Ended = eventType<{ line: number; how: string }>('toy.ended', objectOf({ line: count, how: text }))

/** May be repeated. */
export const Look = effectType<{ line: number; text: string }, { found: string }>('toy.look', {
  retry: 'safe',
  deadline_ms: 60_000,
  attempts_max: 3,
  backoff_ms: 100,
  in_flight_max: 4,
  request: { line: count, text },
  done: { found: text },
})
/** May never be repeated. */
export const Send = effectType<{ line: number; text: string }, { receipt: string }>('toy.send', {
  retry: 'once',
  deadline_ms: 60_000,
  attempts_max: 2,
  backoff_ms: 100,
  in_flight_max: 2,
  request: { line: count, text },
  done: { receipt: text },
})

/** One row a note; its text is the record `text`. */
export const Line = table('Line', { ended: 'u8', stored_at_ms: 'f64', text_bytes: 'u32', luck: 'f32' }, { capacity: 8 })
export const TaskState = states('none', 'looking', 'sending')
/** A note at work; it dies with its end. */
export const Task = archetype('Task', { line: 'u32', state: 'u8', glow: 'f32' })

/** Notes become lines, and lines are looked up. */
export const listen = system('listen', (tick) => {
  const { world, events, now_ms } = tick
  for (const event of events) {
    if (!Note.is(event)) continue
    const line = world.append(Line)
    const lines = world.of(Line)
    lines.stored_at_ms[line] = now_ms
    lines.text_bytes[line] = event.payload.text.length
    lines.luck[line] = tick.random()
    world.names.id(event.source.kind)
    tick.put('text', line, event.payload.text)
    const task = world.spawn(Task)
    const tasks = world.of(Task)
    tasks.line[task] = line
    tasks.state[task] = TaskState.looking
    tasks.glow[task] = 1
    tick.request(Look, { line, text: event.payload.text }, task)
  }
})

/** What was found is sent; what was sent, lost or left unsure has ended. */
export const follow = system('follow', (tick) => {
  const { world, events, ownerOf } = tick
  for (const event of events) {
    const asked = Look.done.is(event) || Look.failed.is(event)
    const sent = Send.done.is(event) || Send.failed.is(event) || Send.unknown.is(event)
    if (!asked && !sent) continue
    const task = ownerOf(event.payload.effect_id)
    const tasks = world.of(Task)
    const line = tasks.line[task]!
    if (Look.done.is(event)) {
      tasks.state[task] = TaskState.sending
      tick.request(Send, { line, text: `${tick.read('text', line)}: ${event.payload.found}` }, task)
      continue
    }
    world.of(Line).ended[line] = 1
    world.kill(task)
    tick.emit(Ended, { line, how: event.type })
  }
})

/** Tasks fade while they wait, in idle ticks too. */
export const fade = system('fade', ({ world }) => {
  const { glow } = world.of(Task)
  for (const task of world.each(Task)) glow[task] = glow[task]! * 0.875
})

/** Effects leave in the order they were asked for, within each type's limit. */
export const leave = system('leave', ({ world, now_ms, effectType, release }) => {
  const { type, status, attempts, retry_at_ms } = world.of(Effect)
  const out = new Map<number, number>()
  for (const effect of world.each(Effect)) {
    if (status[effect] === EffectStatus.in_flight) out.set(type[effect]!, (out.get(type[effect]!) ?? 0) + 1)
  }
  for (const effect of world.each(Effect)) {
    const due = status[effect] === EffectStatus.retry && retry_at_ms[effect]! <= now_ms
    const count = out.get(type[effect]!) ?? 0
    if ((status[effect] !== EffectStatus.waiting && !due) || count >= effectType(effect).in_flight_max) continue
    out.set(type[effect]!, count + 1)
    status[effect] = EffectStatus.in_flight
    attempts[effect]!++
    release(effect)
  }
})

/** The toy's parts. `more` run before effects leave. */
export function toy(more: readonly System[] = []): Parts {
  return {
    archetypes: [Line, Task],
    systems: [listen, follow, fade, ...more, leave],
    events: [Note, Ended],
    effects: [Look, Send] as unknown as Parts['effects'],
    records: ['text'],
  }
}

/** Throws whenever it hears a note whose text says so. */
export const brittle = system('brittle', ({ events }) => {
  for (const event of events) if (Note.is(event) && event.payload.text.includes('boom')) throw new Error('boom')
})

/** An effect that has left and waits for the test to answer it. */
export type Call = EffectCall & {
  readonly type: string
  readonly request: Payload
  done(answer: Payload): void
  fail(code: string, options?: { transient?: boolean; retry_after_ms?: number }): void
}

/** An adapter whose effects are answered by the test. `calls` holds all that ever left, oldest first. */
export function hands(): { adapter: Adapter; calls: Call[]; stopped: () => number } {
  const calls: Call[] = []
  let stopped = 0
  const handler = (type: string) => (request: Payload, call: EffectCall) =>
    new Promise<Payload>((resolve, reject) => {
      const { effect_id, attempt, signal } = call
      calls.push({
        effect_id,
        attempt,
        signal,
        type,
        request,
        done: resolve,
        fail: (code, options) => reject(new EffectFailure(code, `${code} was asked for`, options)),
      })
    })
  const effects = { [Look.name]: handler(Look.name), [Send.name]: handler(Send.name) }
  return {
    calls,
    stopped: () => stopped,
    adapter: {
      name: 'hands',
      effects,
      stop() {
        stopped++
      },
    },
  }
}

/** Lets promises and immediates run out, so that answers have reached their ring. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** A log that keeps what it was told. */
export function listening(): Log & { lines: string[] } {
  const lines: string[] = []
  const keep = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`)
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}

/** An engine of the toy that ticks only when told, at a world time that only the test moves. */
export function opened(options: Partial<EngineOptions> & Pick<EngineOptions, 'store'>): Promise<Engine> {
  const limits = { stop_ms: 20, ...options.limits }
  return createEngine({ ...toy(), drive: 'manual', clock: () => 1_000_000, ...options, limits })
}

let notes = 0
/** A note to publish, with an identity of its own. */
export function note(said: string): Event<{ text: string }> {
  return { type: Note.name, payload: { text: said }, id: `note-${++notes}`, ts: 5, source: { kind: 'test' } }
}

/** Effect ids of the open effects with this status, ascending. */
export function withStatus(engine: Engine, status: number): number[] {
  const effect = engine.world.of(Effect)
  return [...engine.world.each(Effect)].filter((id) => effect.status[id] === status).map((id) => effect.effect_id[id]!)
}
