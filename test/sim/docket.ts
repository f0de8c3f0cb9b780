import type { Engine } from '../../engine/engine.ts'
import type { World } from '../../engine/world/world.ts'
import {
  Agent,
  Call,
  CallState,
  OpenCall,
  Pool,
  Running,
  Session,
  Slot,
  Turn,
  TurnState,
} from '../../systems/agents/columns.ts'
import { sessionPolicy } from '../../systems/agents/policy.ts'
import { shownHash } from '../../systems/cephalon/approvals.ts'
import type { Trust } from '../../systems/components.ts'
import { DiscordPost, Posting, PostState } from '../../systems/discord/columns.ts'
import { type ToolCallRequest, TurnAsked } from '../../systems/events.ts'
import { historyOf, illFormed } from '../support/agents.ts'
import { auditHeard, auditPosts } from './discord.ts'
import type { Guild } from './guild.ts'
import type { Operator } from './operator.ts'
import { agentsFor, privateSessions, tools } from './troupe.ts'
import type { Court } from './violation.ts'

export type DocketOptions = {
  readonly court: Court
  readonly guild: Guild
  readonly operator: Operator
  /** Whether the agents' budgets are small. */
  readonly tight: boolean
}

const trusted: readonly string[] = ['own', 'operator'] satisfies (keyof typeof Trust)[]
/** Of these a turn and a call never come out again. */
const turnFinals: readonly number[] = [TurnState.done, TurnState.failed, TurnState.cancelled]
const callFinals: readonly number[] = [CallState.done, CallState.failed, CallState.denied, CallState.unknown]
const waitingPosts: readonly number[] = [PostState.queued, PostState.sending, PostState.looking]

/** What agents may and did: permissions, budgets, conversations, and what Discord got to see of it. */
export class Docket {
  readonly #options: DocketOptions
  readonly #policy
  /** Departures of effects that may happen once, by effect and attempt; of the whole run, whichever life it was. */
  readonly #departed = new Set<string>()
  readonly #ranOnce = new Set<string>()
  #engine: Engine | undefined
  /** Turns and calls up to these rows have ended. */
  #turnsEnded = 0
  #callsEnded = 0

  constructor(options: DocketOptions) {
    this.#options = options
    this.#policy = agentsFor(options.tight)
  }

  /** A new life of the process is watched from here on; it may have forgotten what was never durable. */
  follow(engine: Engine): void {
    this.#engine = engine
    this.#turnsEnded = 0
    this.#callsEnded = 0
    engine.on(TurnAsked.name, (event) => {
      if (TurnAsked.is(event)) this.#judgeContext(engine, event.payload)
    })
  }

  /** What was said in a private session is put before that session alone. */
  #judgeContext(engine: Engine, { session, memory_ids }: TurnAsked): void {
    for (const id of memory_ids) {
      const { source } = JSON.parse(engine.read('meta', id) ?? '{"source":{}}') as { source: { channel?: string } }
      const foreign = privateSessions.some((each) => each === source.channel) && source.channel !== session
      this.#options.court.holds(!foreign, 'private', () => `memory ${id} of ${source.channel} was shown to ${session}`)
    }
  }

  /** An effect that may happen once leaves the process. */
  departed(effect_id: number, attempt: number, type: string): void {
    const departure = `${effect_id} ${attempt}`
    const { holds } = this.#options.court
    holds(
      !this.#departed.has(departure),
      'once',
      () => `attempt ${attempt} of effect ${effect_id} (${type}) left twice`,
    )
    this.#departed.add(departure)
  }

  /** A tool begins to run: whatever it does, it was allowed. */
  began({ tool, session, call, key, trust }: ToolCallRequest, once: boolean): void {
    const { court, operator } = this.#options
    const about = (): string => `call ${call} of ${tool} in ${session} (trust ${trust})`
    const spec = tools.find(({ name }) => name === tool)
    court.holds(
      spec !== undefined && once === (spec.retry === 'once'),
      'permission',
      () => `${about()} is no such tool`,
    )
    court.holds(!once || !this.#ranOnce.has(key), 'once', () => `${about()} ran twice`)
    if (once) this.#ranOnce.add(key)
    if (spec === undefined || spec.risk === 'read_only') return
    const mode = sessionPolicy(this.#policy, session)?.session.permissions
    court.holds(mode === 'ask' || mode === 'auto', 'permission', () => `${about()} ran in a session that only reads`)
    const yes = operator.yes.has(this.#hashOf(call))
    const free = spec.risk === 'side_effect' && mode === 'auto' && trusted.includes(trust)
    court.holds(yes || free, 'permission', () => `${about()} ran without the operator's yes`)
  }

  #hashOf(call: number): string {
    const { hash_high, hash_low } = this.#engine!.world.of(Call)
    return shownHash(hash_high[call]!, hash_low[call]!)
  }

  /** The cheap checks, after a tick in which something happened. O(sessions + turns and calls that are not known to have ended) */
  afterTick(): void {
    const { world } = this.#engine!
    this.#judgeBudgets(world)
    this.#judgeTurns(world)
    this.#judgeQueues(world)
  }

  #judgeBudgets(world: World): void {
    const { holds } = this.#options.court
    const sessions = world.of(Session)
    for (let row = 1; row <= world.rows(Session); row++) {
      const found = sessionPolicy(this.#policy, world.keyOf(Session, row))
      if (found === undefined) continue
      const { turns_minute_max, calls_minute_max, bot_turns_max } = found.session
      const about = (what: string, spent: number): string => `${world.keyOf(Session, row)} has spent ${spent} ${what}`
      const [turns, calls] = [sessions.turns_minute[row]!, sessions.calls_minute[row]!]
      holds(turns <= turns_minute_max, 'budget', () => about('turns', turns))
      holds(calls <= calls_minute_max, 'budget', () => about('calls', calls))
      holds(sessions.bot_turns[row]! <= bot_turns_max, 'budget', () =>
        about('turns for programs', sessions.bot_turns[row]!),
      )
      holds(sessions.tokens_minute[row]! >= 0 && sessions.tokens_day[row]! >= 0, 'budget', () => about('tokens', -1))
    }
    for (let row = 1; row <= world.rows(Agent); row++)
      holds(world.of(Agent).tokens_day[row]! >= 0, 'budget', () => 'an agent owes tokens')
  }

  /** What has ended stays so, and what is under way is counted as such. */
  #judgeTurns(world: World): void {
    const { holds } = this.#options.court
    const { state, rounds, calls, session } = world.of(Turn)
    const rows = world.rows(Turn)
    let open = 0
    for (let row = this.#turnsEnded + 1; row <= rows; row++) {
      const ended = turnFinals.includes(state[row]!)
      if (ended && row === this.#turnsEnded + 1) this.#turnsEnded = row
      if (!ended) open++
      const caps = sessionPolicy(this.#policy, world.keyOf(Session, session[row]!))?.session.caps
      if (caps === undefined) continue
      holds(rounds[row]! <= caps.rounds_max, 'budget', () => `turn ${row} had ${rounds[row]} rounds`)
      holds(calls[row]! <= caps.calls_max, 'budget', () => `turn ${row} made ${calls[row]} calls`)
    }
    const running = world.each(Running).length
    holds(open === running, 'turns', () => `${open} turns are open, ${running} are under way`)
    this.#judgeCalls(world)
  }

  #judgeCalls(world: World): void {
    const { holds } = this.#options.court
    const { state } = world.of(Call)
    const { call: callOf } = world.of(OpenCall)
    let open = 0
    for (let row = this.#callsEnded + 1; row <= world.rows(Call); row++) {
      const ended = callFinals.includes(state[row]!)
      if (ended && row === this.#callsEnded + 1) this.#callsEnded = row
      if (!ended) open++
    }
    const { now_ms } = this.#engine!
    const { ended_at_ms } = world.of(Call)
    let counted = 0
    for (const entity of world.each(OpenCall)) {
      const call = callOf[entity]!
      if (!callFinals.includes(state[call]!)) counted++
      // One that began and ended in the same tick is let go of in the next.
      else holds(ended_at_ms[call] === now_ms, 'turns', () => `call ${call} has ended and is open`)
    }
    holds(open === counted, 'turns', () => `${open} calls have not ended, ${counted} are open`)
  }

  #judgeQueues(world: World): void {
    const { holds } = this.#options.court
    const { queued, queue_head, queue_tail } = world.of(Session)
    const { next, input } = world.of(Slot)
    let waiting = 0
    for (let row = 1; row <= world.rows(Session); row++) {
      let count = 0
      let last = 0
      for (let slot = queue_head[row]!; slot !== 0; slot = next[slot]!) {
        holds(input[slot] !== 0, 'queue', () => `a slot of session ${row} is empty`)
        last = slot
        if (++count > 10_000) break
      }
      holds(
        count === queued[row] && last === queue_tail[row],
        'queue',
        () => `session ${row}: ${count} wait, ${queued[row]} are counted`,
      )
      waiting += count
    }
    const used = world.of(Pool).used[1]!
    holds(used === waiting, 'queue', () => `${used} slots are used, ${waiting} inputs wait`)
  }

  /** The full checks. O(all that agents did) */
  judgeAll(): void {
    const engine = this.#engine!
    const { holds } = this.#options.court
    for (let row = 1; row <= engine.world.rows(Session); row++) {
      const key = engine.world.keyOf(Session, row)
      const { running } = engine.world.of(Session)
      const messages = historyOf(engine, key)
      // While calls run their results are not there yet.
      const wrong = illFormed(messages).filter((each) => running[row] === 0 || !each.includes('at the end'))
      holds(wrong.length === 0, 'conversation', () => `${key}: ${wrong.join('; ')}`)
    }
    auditPosts(this.#options, engine)
  }

  /** Whether nothing that agents do is under way, and nothing waits to be. O(posts that wait) */
  get quiet(): boolean {
    const { world } = this.#engine!
    const under = world.each(Running).length + world.each(OpenCall).length + world.each(Posting).length
    return under === 0 && world.of(Pool).used[1] === 0
  }

  /** When the first of the sessions that have something to do and may not do it yet will be able to; 0 when there is none. */
  get blockedUntil(): number {
    const { world } = this.#engine!
    const { queued, blocked_until_ms } = world.of(Session)
    let first_ms = 0
    for (let row = 1; row <= world.rows(Session); row++) {
      const until_ms = blocked_until_ms[row]!
      if (queued[row] !== 0 && until_ms > 0 && (first_ms === 0 || until_ms < first_ms)) first_ms = until_ms
    }
    return first_ms
  }

  /** After the faults have ended and everything has come to rest. */
  atRest(): void {
    const { world } = this.#engine!
    const { holds } = this.#options.court
    auditHeard(this.#options, world)
    const { state } = world.of(DiscordPost)
    for (let row = 1; row <= world.rows(DiscordPost); row++) {
      holds(!waitingPosts.includes(state[row]!), 'liveness', () => `post ${row} still waits in state ${state[row]}`)
    }
    holds(world.each(Running).length === 0 && world.each(OpenCall).length === 0, 'liveness', () => 'a turn never ended')
    holds(world.of(Pool).used[1] === 0, 'liveness', () => `${world.of(Pool).used[1]} inputs were never taken up`)
  }
}
