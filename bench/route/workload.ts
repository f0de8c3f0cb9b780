import type { Event, Payload, Source } from '../../engine/index.ts'
import type { Filter } from '../../systems/events.ts'

/** Sessions with ten filters each, of ten shapes, and events of which half are for exactly two sessions and half for none. */
export type Workload = {
  /** By session. */
  readonly filters: readonly (readonly Filter[])[]
  readonly hits: readonly Event[]
  readonly misses: readonly Event[]
  readonly mixed: readonly Event[]
}

export const shapes = 10

/** Names that no filter has: as many whatever the number of sessions, so that events for nobody are always the same ones. */
const strangers = 50_000

/** How many sessions each event of `hits` is for. */
export const company = 2

/** The filters and events of so many sessions; each name is shared by two sessions. The events are as JSON made them. */
export function workload(sessions: number, events: number): Workload {
  const filters = Array.from({ length: sessions }, (_, session) =>
    Array.from({ length: shapes }, (_, shape) => filterOf(shape, Math.floor(session / company))),
  )
  let state = 7
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 4_294_967_296) * below)
  }
  const names = sessions / company
  const hits = Array.from({ length: events }, (_, at) => eventOf(draw(shapes), String(draw(names)), at))
  const misses = Array.from({ length: events }, (_, at) => eventOf(draw(shapes), `x${draw(strangers)}`, at))
  return { filters, hits, misses, mixed: hits.map((hit, at) => (at % 2 === 0 ? hit : misses[at]!)) }
}

function filterOf(shape: number, name: number): Filter {
  const filters: readonly Filter[] = [
    { type: 'discord.message.new', channel: `channel-${name}` },
    { type: 'discord.message.new', channel: `server-${name}`, author: `ada-${name}` },
    { type: 'chat.message', thread: `thread-${name}` },
    { type: 'fs.file.*', path: `notes/${name}/**` },
    { type: 'note.written', tag: `tag-${name}` },
    { kind: 'program', tool: `tool-${name}` },
    { type: 'chat.message', author: `bob-${name}` },
    { type: 'fs.*', path: `docs/${name}/*.md` },
    { type: 'opencode.*', channel: `work-${name}`, tag: 'build' },
    { type: 'note.written', kind: 'library', author: `eve-${name}` },
  ]
  return filters[shape]!
}

/** An event for the filter of this shape and name, as it comes out of JSON: no text of it is one of the filter's. */
function eventOf(shape: number, name: string, at: number): Event {
  const text = 'The heron stands in the shallow water.'
  const kinds: readonly [string, Source, Payload][] = [
    ['discord.message.new', { kind: 'discord', channel: `channel-${name}`, author: 'Kim' }, { text }],
    ['discord.message.new', { kind: 'discord', channel: `server-${name}`, author: `ada-${name}` }, { text }],
    ['chat.message', { kind: 'irc', channel: 'lobby', thread: `thread-${name}`, author: 'Kim' }, { text }],
    ['fs.file.changed', { kind: 'fs' }, { path: `notes/${name}/a/b/c.md`, size: 12 }],
    ['note.written', { kind: 'library' }, { text, tags: ['heron', `tag-${name}`] }],
    ['tool.ran', { kind: 'program' }, { tool: `tool-${name}`, text }],
    ['chat.message', { kind: 'irc', channel: 'lobby', author: `bob-${name}` }, { text }],
    ['fs.file.created', { kind: 'fs' }, { path: `docs/${name}/c.md`, size: 12 }],
    ['opencode.said', { kind: 'opencode', channel: `work-${name}` }, { text, tags: ['build'] }],
    ['note.written', { kind: 'library', author: `eve-${name}` }, { text }],
  ]
  const [type, source, payload] = kinds[shape]!
  return JSON.parse(JSON.stringify({ id: `e${at}`, ts: 1_760_000_000_000 + at, type, source, payload })) as Event
}
