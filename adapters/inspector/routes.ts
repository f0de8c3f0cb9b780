import type { IncomingMessage } from 'node:http'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import type { Event } from '../../engine/flow/event.ts'
import { problem, type Reply, reply } from './http.ts'
import type { LiveView } from './live.ts'
import { places } from './places.ts'
import { metricsType } from './prometheus.ts'
import type {
  DebugOrder,
  DebugState,
  FamilyBrief,
  Found,
  History,
  Moment,
  Rows,
  Times,
  TurnBlocks,
  TurnBrief,
  WorldShape,
} from './shapes.ts'

/** An order to the running daemon, as it came: `command` of the view checks both parts. */
export type Order = { readonly command: string; readonly path: string }

/** What the inspector and the control channel show of a running daemon. */
export type View = LiveView & {
  status(): object
  /** The last events, oldest first. */
  events(): readonly Event[]
  timings(): object
  sentinels(): readonly object[]
  /** In the text format of Prometheus. */
  metrics(): string
  health(): { live: boolean; ready: boolean; health: string }
  history(every: History['every']): History
  /** @throws EngineError RECALL_OPTION */
  recall(query: string, hits_max: number): Promise<Found>
  turns(limit: number): readonly TurnBrief[]
  turn(id: number): TurnBlocks | undefined
  families(limit: number): readonly FamilyBrief[]
  /** All that is known of a memory, by its number, the path of its note or its event's id; undefined when there is none. */
  memory(id: string): Promise<object | undefined>
  world(): WorldShape
  /** @throws EngineError ARCHETYPE_UNKNOWN; with `at` as `moment` */
  rows(asked: RowsAsked): Promise<Rows>
  times(): Times
  /** The world as it was after a tick. @throws EngineError TICK_GONE */
  moment(at: number): Promise<Moment>
  /** Pause, steps and rate; only where the operator allowed it. @throws EngineError ENGINE_STATE, LIMIT_INVALID */
  debug(order: DebugOrder): Promise<DebugState>
  /** Carries out an order; only the control channel takes one. */
  command(order: Order): Promise<object>
}

/** The two halves of a request's target, as they were sent: nothing is decoded or resolved. */
export type Target = { readonly path: string; readonly query: string }

export type RowsAsked = {
  readonly of: string
  readonly from: number
  readonly limit: number
  readonly at: number | undefined
}

const eventsDefault = 100
const eventsMax = 9_999
/** An event with more JSON than this is shown without its payload, in characters. */
const eventCharsMax = 262_144
/** Once this much JSON of events was made, older ones are left out: looking must not hold up the world. */
const eventsCharsMax = 8_388_608

export type Route = {
  readonly parameters: readonly string[]
  readonly show: (view: View, query: URLSearchParams) => Reply | Promise<Reply>
}

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/api/status', { parameters: [], show: (view) => reply(200, view.status()) }],
  ['/api/events', { parameters: ['limit', 'type'], show: events }],
  ['/api/timings', { parameters: [], show: (view) => reply(200, view.timings()) }],
  ['/metrics', { parameters: [], show: metrics }],
  ['/api/sentinels', { parameters: [], show: (view) => reply(200, { sentinels: view.sentinels() }) }],
  ...places,
])

const probes: ReadonlyMap<string, (view: View) => Reply> = new Map([
  ['/livez', (view: View) => probed('live', view)],
  ['/readyz', (view: View) => probed('ready', view)],
])

const whereabouts = `the API is at ${[...routes.keys()].join(', ')}; health is at ${[...probes.keys()].join(' and ')}`

/** Where frames are streamed; the server keeps the streams. */
export const streamPath = '/api/stream'

/** Splits a request's target at the first question mark. */
export function targetOf(request: IncomingMessage): Target {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}

/** True for what wants the token: the metrics, and every path below `/api`, whether something is there or not. */
export function isApi(path: string): boolean {
  return path === '/metrics' || path === '/api' || path.startsWith('/api/')
}

/** Codes that say that the question was wrong, not the answer. */
const asked: ReadonlySet<string> = new Set(['ARCHETYPE_UNKNOWN', 'RECALL_OPTION', 'TICK_GONE'])

/** What a reader sees at this target: a view, a probe, 400, 404, or 500 with a code when the view threw. */
export async function look(view: View, { path, query }: Target, log: Log): Promise<Reply> {
  try {
    const probe = probes.get(path)
    if (probe !== undefined) return probe(view)
    const route = routes.get(path)
    if (route === undefined) return problem(404, 'NOT_FOUND', `nothing is here; ${whereabouts}`)
    const given = new URLSearchParams(query)
    if ([...given.keys()].some((name) => !route.parameters.includes(name))) {
      return problem(400, 'QUERY', `${path} takes ${route.parameters.join(' and ') || 'no parameters'}`)
    }
    return await route.show(view, given)
  } catch (thrown) {
    if (thrown instanceof EngineError && asked.has(thrown.code)) {
      return problem(400, thrown.code, thrown.message.slice(thrown.code.length + 2))
    }
    log.error({ view: path, reason: reasonOf(thrown) }, 'a view failed')
    const code = thrown instanceof EngineError ? thrown.code : 'VIEW_FAILED'
    return problem(500, code, 'the view failed; the log says why')
  }
}

function probed(what: 'live' | 'ready', view: View): Reply {
  const state = view.health()
  return reply(state[what] ? 200 : 503, { [what]: state[what], health: state.health })
}

function metrics(view: View): Reply {
  return { status: 200, text: view.metrics(), headers: { 'content-type': metricsType } }
}

function events(view: View, query: URLSearchParams): Reply {
  const limit = query.get('limit') ?? String(eventsDefault)
  if (!/^[1-9]\d{0,3}$/.test(limit)) return problem(400, 'QUERY', `limit is a whole number from 1 to ${eventsMax}`)
  const prefix = query.get('type') ?? ''
  const matching = view.events().filter((event) => event.type.startsWith(prefix))
  const newest = matching.slice(-Number(limit)).reverse()
  const texts: string[] = []
  let chars = 0
  for (const event of newest) {
    if (chars > eventsCharsMax) break
    const text = JSON.stringify(event)
    chars += text.length
    texts.push(text.length > eventCharsMax ? withoutPayload(event, text.length) : text)
  }
  const left_out = matching.length - texts.length
  return { status: 200, text: `{"events":[${texts.reverse().join(',')}],"left_out":${left_out}}` }
}

function withoutPayload({ id, ts, type, source }: Event, event_chars: number): string {
  return JSON.stringify({ id, ts, type, source, event_chars })
}
