import { randomUUID } from 'node:crypto'
import type { Engine } from '../../../engine/engine.ts'
import { reasonOf } from '../../../engine/errors.ts'
import { Effect } from '../../../engine/flow/effect.ts'
import type { Event } from '../../../engine/flow/event.ts'
import { Call, Session, Turn } from '../../../systems/agents/columns.ts'
import {
  ApprovalAsked,
  ApprovalGiven,
  BudgetExhausted,
  ChatSaid,
  SessionCancel,
  SessionSaid,
  TurnAsked,
  TurnCalled,
  TurnEnded,
  TurnReturned,
  TurnStarted,
  TurnWaiting,
} from '../../../systems/events.ts'
import type { Deltas } from '../deltas.ts'
import { nameOf } from '../desk/memory.ts'
import { approvalsOf } from '../desk/outbox.ts'
import { Channel } from './channel.ts'
import type { ApprovalLine, ChatLine, EndedLine } from './lines.ts'
import { inputOf, whyQueued } from './place.ts'

/** How often a message that waits is looked for. */
const look_ms = 400

/** What a talk needs: the world, what comes from the model, and a signal that ends the telling. */
export type TalkMeans = { readonly engine: Engine; readonly deltas: Deltas; readonly signal?: AbortSignal }

/** Says something in a session and tells all that comes of it. The session must be known; see `openSession`. */
export function talk(means: TalkMeans, session: string, text: string): AsyncIterable<ChatLine> {
  return new Talk(means, session).begin(text)
}

/** Tells what comes of the turn that a session has under way; nothing when it has none. */
export function follow(means: TalkMeans, session: string): AsyncIterable<ChatLine> {
  return new Talk(means, session).follow()
}

/** Where the operator speaks from: nothing else may claim this kind of source. */
export function operatorSource(session: string): { kind: 'operator'; channel: string; author: 'operator' } {
  return { kind: 'operator', channel: session, author: 'operator' }
}

/** One message on its way: hears what the world says and keeps what is about it. */
class Talk {
  readonly #engine: Engine
  readonly #session: string
  readonly #id = randomUUID()
  readonly #lines: Channel<ChatLine>
  readonly #stops: (() => void)[] = []
  readonly #hashes = new Set<string>()
  #input = 0
  #turn = 0
  #why = ''
  /** The attempt whose pieces were told last. */
  #streamed = { effect_id: 0, attempt: 0 }

  constructor({ engine, deltas, signal }: TalkMeans, session: string) {
    this.#engine = engine
    this.#session = session
    this.#lines = new Channel(() => this.#leave())
    this.#stops.push(
      engine.on('*', (event) => this.#hear(event)),
      deltas.hear((effect_id, delta) => {
        const mine = this.#turn !== 0 && engine.world.of(Turn).effect_id[this.#turn] === effect_id
        if (mine && delta !== '') this.#stream(effect_id, delta)
      }),
    )
    signal?.addEventListener('abort', () => this.#lines.end())
    const timer = setInterval(() => this.#look(), look_ms)
    this.#stops.push(() => clearInterval(timer))
  }

  begin(text: string): AsyncIterable<ChatLine> {
    this.#publish(text).catch((thrown: unknown) => this.#lines.end(thrown))
    return this.#lines
  }

  follow(): AsyncIterable<ChatLine> {
    const { world } = this.#engine
    const row = world.find(Session, this.#session)
    this.#turn = row === 0 ? 0 : world.of(Session).running[row]!
    if (this.#turn === 0) this.#lines.end()
    else {
      this.#lines.push({ started: { turn: this.#turn, inputs: world.of(Turn).inputs[this.#turn]! } })
      for (const approval of approvalsOf(this.#engine)) {
        if (world.of(Call).turn[approval.call] === this.#turn) this.#ask(approval)
      }
    }
    return this.#lines
  }

  async #publish(text: string): Promise<void> {
    const source = operatorSource(this.#session)
    await this.#engine.ingest({ id: this.#id, type: ChatSaid.name, source, payload: { text } })
    this.#input = inputOf(this.#engine, this.#id)
    if (this.#input === 0) this.#end('failed', 'NOT_ROUTED', `no session heard it as ${this.#session}`)
  }

  /** A message may wait long, be dropped by a full queue, or lose its engine: all of it is said. */
  #look(): void {
    const { health } = this.#engine
    if (health === 'stopped' || health === 'failed') return this.#end('failed', 'STOPPED', 'the engine has ended')
    if (this.#turn !== 0 || this.#input === 0) return
    try {
      const place = whyQueued(this.#engine, this.#session, this.#input)
      if (place === undefined) return this.#end('failed', 'DROPPED', 'it left the queue without an answer')
      const { why, until_ms } = place
      const until = until_ms > 0 ? { until_ms } : {}
      if (why !== this.#why) this.#lines.push({ queued: { session: this.#session, why, ...until } })
      this.#why = why
    } catch (thrown) {
      this.#end('failed', 'ENGINE_STATE', reasonOf(thrown))
    }
  }

  /** A piece, after a word where it belongs to another attempt than the one before. O(open effects). */
  #stream(effect_id: number, delta: string): void {
    const { world } = this.#engine
    const effect = world.of(Effect)
    let attempt = 0
    for (const entity of world.each(Effect))
      if (effect.effect_id[entity] === effect_id) attempt = effect.attempts[entity]!
    const before = this.#streamed
    if (before.effect_id === effect_id && before.attempt !== attempt) this.#lines.push({ again: { attempt } })
    this.#streamed = { effect_id, attempt }
    this.#lines.push({ delta })
  }

  #hear(event: Event): void {
    if (this.#turn === 0) this.#awaitStart(event)
    else if (ApprovalGiven.is(event)) {
      const { hash, allow } = event.payload
      if (this.#hashes.delete(hash)) this.#lines.push({ answered: { hash, allow } })
    } else if (event.payload['turn'] === this.#turn && event.source.kind === 'world') this.#hearTurn(event)
  }

  #awaitStart(event: Event): void {
    if (TurnStarted.is(event) && event.payload.session === this.#session) {
      const { turn, inputs } = event.payload
      if (!inputs.some((input) => this.#engine.read('input', input)?.includes(`"${this.#id}"`) === true)) return
      this.#turn = turn
      this.#lines.push({ started: { turn, inputs: inputs.length } })
    } else if (SessionCancel.is(event) && event.payload.session === this.#session && event.payload.keep !== true) {
      if (event.source.kind === 'operator') this.#end('cancelled', '', 'what waited was dropped')
    } else if (BudgetExhausted.is(event)) {
      const { scope, name, budget, until_ms } = event.payload
      const mine = scope === 'lane' || name === this.#session || name === this.#session.split('/', 1)[0]
      if (mine)
        this.#lines.push({ waiting: { why: 'budget', reason: `${budget} of ${scope} ${name} is spent`, until_ms } })
    }
  }

  #hearTurn(event: Event): void {
    if (TurnAsked.is(event)) {
      const { round, tokens, memory_ids } = event.payload
      const memories = memory_ids.map((memory_id) => ({ memory_id, name: nameOf(this.#engine, memory_id) }))
      this.#lines.push({ asked: { round, tokens, memories } })
    } else if (TurnCalled.is(event)) {
      const { call, tool, arguments: given, verdict, reason } = event.payload
      this.#lines.push({ called: { call, tool, arguments: given, verdict, reason } })
    } else if (TurnReturned.is(event)) {
      const { call, tool, state, text } = event.payload
      this.#lines.push({ returned: { call, tool, state, text } })
    } else if (ApprovalAsked.is(event)) {
      const { turn: _turn, ...approval } = event.payload
      this.#ask(approval)
    } else if (TurnWaiting.is(event)) {
      const { why, reason, until_ms } = event.payload
      this.#lines.push({ waiting: { why, reason, until_ms } })
    } else if (SessionSaid.is(event)) {
      this.#lines.push({ said: { text: event.payload.text, trust: event.payload.trust } })
    } else if (TurnEnded.is(event)) {
      const { session: _session, ...ended } = event.payload
      this.#finish(ended)
    }
  }

  #ask(approval: ApprovalLine): void {
    this.#hashes.add(approval.hash)
    this.#lines.push({ approval })
  }

  #end(state: string, code: string, reason: string): void {
    this.#finish({ turn: this.#turn, state, code, reason, rounds: 0, calls: 0, tokens_in: 0, tokens_out: 0 })
  }

  #finish(ended: EndedLine): void {
    this.#lines.push({ ended })
    this.#lines.end()
    this.#leave()
  }

  #leave(): void {
    for (const stop of this.#stops.splice(0)) stop()
  }
}
