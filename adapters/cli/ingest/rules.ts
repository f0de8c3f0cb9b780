import { ClockSet, EngineStarted, type EventType } from '../../../engine/flow/event.ts'
import type { Parts } from '../../../engine/tick.ts'
import { ChatSaid, DiscordSaid, NoteWritten, events as ownEvents } from '../../../systems/events.ts'
import type { LoadRules } from './loader.ts'

/** What a file may say: what was said or written, and what an extension declares. Orders and verdicts are not among it. */
export function rulesOf(parts: Pick<Parts, 'events' | 'effects'>, line_bytes_max: number): LoadRules {
  const own = new Set<string>(ownEvents.map(({ name }) => name))
  const declared = (parts.events as readonly EventType[]).map(({ name }) => name)
  const answers = parts.effects.flatMap(({ done, failed, unknown }) => [done.name, failed.name, unknown.name])
  return {
    types: new Set(
      [NoteWritten, ChatSaid, DiscordSaid].map(({ name }) => name).concat(declared.filter((name) => !own.has(name))),
    ),
    known: new Set([...declared, ...answers, ClockSet.name, EngineStarted.name]),
    line_bytes_max,
  }
}

/** Kinds of source by which the mind knows its operator, its agents, their tools and itself. */
const ownKinds: ReadonlySet<string> = new Set(['operator', 'session', 'tool', 'world'])

/** Whether a source claims to be one that only the mind or its operator can be, however it is written. */
export function isOwnKind(source: unknown): boolean {
  const { kind } = (source ?? {}) as { kind?: unknown }
  return typeof kind === 'string' && ownKinds.has(kind.normalize('NFKC').trim().toLowerCase())
}
