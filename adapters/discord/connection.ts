import { reasonOf } from '../../engine/errors.ts'
import { EffectFailure, type Outside } from '../../engine/flow/adapter.ts'
import { shardStand } from '../../systems/cursors.ts'
import { DiscordGateway } from '../../systems/events.ts'
import type { DiscordApi } from './api.ts'
import { Backoff, slept } from './backoff.ts'
import { type Fatal, fatalOf, tokenRefused } from './fatal.ts'
import { type Gateway, type GatewayHost, openGateway, type Session } from './gateway.ts'
import { IdentifyBudget } from './identify.ts'
import type { Intake } from './intake.ts'
import type { DiscordState, DiscordTimes } from './options.ts'
import type { RawDispatch } from './raw.ts'

/** Guilds, their messages and reactions, direct messages and their reactions, and what messages say. */
export const intents = (1 << 0) | (1 << 9) | (1 << 10) | (1 << 12) | (1 << 13) | (1 << 15)
/** So often a session is tried again that Discord neither goes on with nor refuses. */
const resumesMax = 3

export type ConnectionParts = {
  readonly api: () => Promise<DiscordApi>
  readonly outside: Outside
  readonly intake: Intake
  readonly token: string
  readonly token_name: string
  readonly times: DiscordTimes
  readonly random: () => number
  readonly now: () => number
  readonly signal: AbortSignal
}

/** Stays connected to the gateway: when to wait, when to go on with a session, when to say who we are, and when to give up. */
export class Connection implements GatewayHost {
  readonly shard = 0
  readonly token: string
  readonly intents = intents
  state: DiscordState = 'connecting'
  since_ms: number
  begun_ms = 0
  latency_ms = 0
  last_error = ''
  trouble = ''
  readonly #parts: ConnectionParts
  readonly #backoff: Backoff
  readonly #budget: IdentifyBudget
  #gateway: Gateway | undefined
  #session: Session | undefined
  #attempts = 0
  /** Connections since the last one that held, in which a session was neither gone on with nor refused. */
  #fruitless = 0
  /** When the connection became live; 0 while it is not. */
  #live_ms = 0

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.token = parts.token
    this.since_ms = parts.now()
    this.#backoff = new Backoff(parts.times, parts.random)
    this.#budget = new IdentifyBudget(parts.times.identify_ms)
  }

  /** Connects, however long it takes. Never rejects. */
  async run(): Promise<void> {
    const { outside, intake, signal } = this.#parts
    const stand = shardStand(outside.view, this.shard)
    if (stand !== undefined && stand.session !== '') {
      this.#session = { id: stand.session, resume_url: stand.resume_url }
      intake.begin(stand.sequence)
    }
    while (!signal.aborted) {
      try {
        const api = await this.#parts.api()
        const [{ id }, application] = await Promise.all([api.me(), api.application()])
        intake.self = { id, application: application.id }
        intake.goOn()
        this.#gateway = await openGateway(this)
        if (signal.aborted) await this.#gateway.stop(0)
        return
      } catch (thrown) {
        if (this.#failed(thrown)) return
        await this.#pause(thrown)
      }
    }
  }

  async stop(): Promise<void> {
    await this.#gateway?.stop(this.#parts.times.stop_ms)
    if (this.state !== 'failed') this.#enter('stopped')
  }

  async toConnect(): Promise<{ session: Session | undefined; url: string }> {
    const { signal } = this.#parts
    if (this.#attempts++ > 0) await this.#pause()
    while (!signal.aborted) {
      if (this.#fruitless >= resumesMax) this.refused()
      const session = this.#session
      // The address that Discord gave with a session may be gone by now: every other time the general one is asked for.
      if (session !== undefined && session.resume_url !== '' && this.#attempts % 4 !== 0) {
        this.#enter('connecting')
        return { session, url: session.resume_url }
      }
      try {
        const info = await (await this.#parts.api()).gateway()
        const wait_ms = session === undefined ? this.#wait(info.session_start_limit) : 0
        if (wait_ms <= 0) {
          this.#enter('connecting')
          return { session, url: info.url }
        }
        this.#enter('waiting')
        await slept(wait_ms, signal)
      } catch (thrown) {
        if (this.#failed(thrown)) break
        await this.#pause(thrown)
      }
    }
    return new Promise<never>(() => undefined)
  }

  async toIdentify(signal: AbortSignal): Promise<void> {
    const { outside, now } = this.#parts
    const either = AbortSignal.any([signal, this.#parts.signal])
    for (let wait_ms = this.#wait(); wait_ms > 0; wait_ms = this.#wait()) {
      if (!(await slept(wait_ms, either))) break
    }
    if (!either.aborted) {
      const payload = { state: 'identified', shard: this.shard }
      const source = { kind: 'discord' }
      try {
        await outside.ingest({ type: DiscordGateway.name, source, payload })
        this.#budget.spent(now())
      } catch (thrown) {
        // The engine ends: what cannot be counted is not sent.
        this.error(reasonOf(thrown))
        await new Promise<never>(() => undefined)
      }
    }
    signal.throwIfAborted()
    if (either.aborted) await new Promise<never>(() => undefined)
  }

  session(): Session | undefined {
    return this.#session
  }

  sequence(): number {
    return this.#parts.intake.flow.sequence
  }

  begun(session: Session, sequence: number): void {
    this.#session = session
    this.begun_ms = this.#parts.now()
    this.#parts.intake.begin(sequence)
  }

  refused(): void {
    this.#fruitless = 0
    if (this.#session === undefined || this.#parts.signal.aborted) return
    this.#session = undefined
    this.#parts.intake.say({ state: 'refused', shard: this.shard })
  }

  hello(): void {
    if (this.#session !== undefined) this.#fruitless++
  }

  live(): void {
    const { now, outside } = this.#parts
    this.#fruitless = 0
    this.#live_ms = now()
    this.#enter('ready')
    outside.log.info({ sequence: this.sequence() }, 'connected to Discord')
  }

  closed(code: number): void {
    const { now, outside, intake, signal, times, token_name } = this.#parts
    if (this.#live_ms > 0 && now() - this.#live_ms >= times.steady_ms) this.#backoff.reset()
    this.#live_ms = 0
    if (signal.aborted) return
    const fatal = fatalOf(code, token_name)
    if (fatal !== undefined) return this.#fail(fatal, code)
    this.#enter('connecting')
    this.last_error = `closed with code ${code}`
    outside.log.info({ code }, 'the connection to Discord was closed')
    intake.say({ state: 'closed', close_code: code, shard: this.shard })
  }

  dispatch(dispatch: RawDispatch): void {
    this.#parts.intake.dispatch(dispatch)
  }

  beat(latency_ms: number): void {
    this.latency_ms = latency_ms
  }

  error(reason: string): void {
    if (this.#parts.signal.aborted || this.state === 'failed') return
    this.last_error = reason
    this.#parts.outside.log.debug({ reason }, 'the connection to Discord failed')
  }

  #wait(left?: { remaining: number; reset_after: number }): number {
    const { outside, now } = this.#parts
    return this.#budget.wait(now(), shardStand(outside.view, this.shard), left)
  }

  /** Whether it is of no use to try again. */
  #failed(thrown: unknown): boolean {
    const { signal, token_name, outside } = this.#parts
    if (signal.aborted) return true
    const reason = reasonOf(thrown)
    const code = thrown instanceof EffectFailure ? thrown.code : ''
    this.last_error = reason
    if (code === 'DISCORD_AUTH') this.#fail(tokenRefused(token_name))
    else if (code === 'PACKAGE_MISSING') this.#fail({ code, reason })
    else outside.log.info({ reason }, 'Discord cannot be reached; it is tried again')
    return this.state === 'failed'
  }

  /** Discord goes on without us until the operator has changed something; the daemon goes on too. */
  #fail({ code, reason }: Fatal, close_code?: number): void {
    this.#enter('failed')
    this.last_error = `${code}: ${reason}`
    this.trouble = reason
    this.#parts.outside.log.error({ code, ...(close_code === undefined ? undefined : { close_code }) }, reason)
    const more = close_code === undefined ? undefined : { close_code }
    this.#parts.intake.say({ state: 'failed', code, reason, shard: this.shard, ...more })
  }

  async #pause(thrown?: unknown): Promise<void> {
    const asked_ms = thrown instanceof EffectFailure ? (thrown.retry_after_ms ?? 0) : 0
    await slept(Math.max(this.#backoff.next(), asked_ms), this.#parts.signal)
  }

  #enter(state: DiscordState): void {
    if (state === this.state) return
    this.state = state
    this.since_ms = this.#parts.now()
  }
}
