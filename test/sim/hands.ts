import { Intake } from '../../adapters/opencode/intake.ts'
import { type Adapter, EffectFailure, type Outside } from '../../engine/flow/adapter.ts'
import type { EventInput, Payload } from '../../engine/flow/event.ts'
import { opencodeRead_ms } from '../../systems/cursors.ts'
import {
  CommandRun,
  OpencodePermit,
  type OpencodePermitRequest,
  OpencodeRead,
  OpencodeRun,
  type OpencodeRunRequest,
  OpencodeStand,
} from '../../systems/events.ts'
import type { Agenda } from './agenda.ts'
import type { Dice } from './dice.ts'
import { delayOf, type Faults } from './faults.ts'
import type { Calls, Settle } from './neighbour.ts'
import { type Shed, shop } from './shed.ts'

const patience_ms = 20_000

export type HandsOptions = {
  readonly shed: Shed
  readonly agenda: Agenda
  readonly calls: Calls
  readonly faults: Faults
  readonly dice: Dice
  clock(): number
  /** A planted bug: now and then something that is said is not passed on. */
  readonly deaf: boolean
}

/**
 * Opencode and the command of a repair, as one life of the process has them: what is said there goes through the real adapter's intake, and what was
 * missed is read up; work is begun once and looked for ever after.
 */
export class Hands {
  readonly adapter: Adapter
  readonly #options: HandsOptions
  readonly #wanted = new Set<string>()
  #outside: Outside | undefined
  #intake: Intake | undefined
  #reading: Promise<void> | undefined
  /** How much of the stream this connection has passed on; undefined while there is none. */
  #at: number | undefined

  constructor(options: HandsOptions) {
    this.#options = options
    const { calls } = options
    this.adapter = {
      name: 'opencode',
      effects: {
        [OpencodeRun.name]: calls.handler((request, settle) =>
          this.#work(request as unknown as OpencodeRunRequest, settle),
        ),
        [OpencodePermit.name]: calls.handler((request, settle) =>
          this.#permit(request as OpencodePermitRequest, settle),
        ),
        [CommandRun.name]: calls.handler((_, settle) => this.#check(settle)),
      },
      start: (outside) => {
        this.#outside = outside
        this.#intake = new Intake(outside, shop, (session) => this.#wanted.add(session))
        calls.after(this.#delay(), () => this.#connect())
      },
    }
  }

  /** True when the world has been offered all that opencode has said. */
  get told(): boolean {
    return this.#at === this.#options.shed.stream.length && this.#reading === undefined && this.#wanted.size === 0
  }

  /** Passes on what is new. O(what is new) */
  pump(): void {
    const { shed, faults, dice, deaf } = this.#options
    if (this.#at === undefined || this.#reading !== undefined || this.told) return
    if (faults.strikes('late', dice, 0.3)) return
    if (faults.strikes('lost_hints', dice, 0.01)) return this.#drop()
    while (this.#at < shed.stream.length) {
      const event = shed.stream[this.#at++]!
      if (deaf && this.#at % 2 === 0) continue
      this.#intake!.hear(event)
      if (faults.strikes('twice', dice, 0.1)) this.#intake!.hear(shed.stream[dice.whole(0, this.#at - 1)]!)
    }
    if (this.#wanted.size > 0) this.#read([...this.#wanted])
  }

  #drop(): void {
    this.#at = undefined
    this.#say({ type: OpencodeStand.name, payload: { state: 'away', reason: 'the stream ended', permissions: [] } })
    this.#options.calls.after(this.#delay(), () => this.#connect())
  }

  #connect(): void {
    const { shed } = this.#options
    const { view } = this.#outside!
    this.#at = shed.stream.length
    const permissions = [...shed.asked.keys()]
    const news = [...shed.sessions.values()].filter(({ id, time }) => time.updated > opencodeRead_ms(view, id))
    this.#read(
      news.map(({ id }) => id),
      permissions,
    )
  }

  /** Reads sessions as they are now; what finds no room waits for it, and what the process's end interrupts is read by the next. */
  #read(sessions: readonly string[], permissions?: readonly string[]): void {
    const { calls } = this.#options
    this.#reading = this.#readAll(sessions, permissions)
      .catch((thrown: unknown) => {
        if (!calls.dead) throw thrown
      })
      .finally(() => {
        this.#reading = undefined
      })
  }

  async #readAll(sessions: readonly string[], permissions?: readonly string[]): Promise<void> {
    const { shed } = this.#options
    const intake = this.#intake!
    if (permissions !== undefined) {
      await intake.open([...shed.asked.values()])
      this.#say({ type: OpencodeStand.name, payload: { state: 'ready', reason: '', permissions: [...permissions] } })
    }
    for (const id of sessions) {
      this.#wanted.delete(id)
      const session = shed.sessions.get(id)!
      const read_ms = session.time.updated
      await intake.listed(session)
      for (const entry of [...session.entries]) await intake.read(entry)
      this.#say({ type: OpencodeRead.name, payload: { read_ms } }, id)
    }
  }

  #say({ type, payload }: { type: string; payload: Payload }, thread?: string): void {
    const source: EventInput['source'] = {
      kind: 'opencode',
      channel: shop,
      ...(thread === undefined ? {} : { thread }),
    }
    this.#outside!.publish({ type, source, payload })
  }

  #work({ key, prompt }: OpencodeRunRequest, settle: Settle): void {
    const { faults, dice, shed, clock } = this.#options
    const delay_ms = this.#delay()
    if (faults.strikes('transient', dice, 0.2)) {
      return settle.fail(delay_ms, new EffectFailure('OPENCODE_AWAY', 'nobody is there', { transient: true }))
    }
    const job = shed.prompt(key, prompt)
    const needs_ms = Math.max(0, job.done_at_ms - clock()) + delay_ms
    if (needs_ms > patience_ms) {
      return settle.fail(patience_ms, new EffectFailure('OPENCODE_DEADLINE', 'it takes too long'))
    }
    if (faults.strikes('wrong_answers', dice, 0.2)) {
      return settle.fail(needs_ms, new EffectFailure('OPENCODE_ERROR', 'its model is ill'))
    }
    this.#options.calls.after(Math.max(0, needs_ms - 1), () => {
      const files = shed.finish(job)
      settle.answer(1, { session: job.session, text: 'Done.', files, tokens: 10, cost: 0, finish: 'stop' })
    })
  }

  #permit({ permission, reply }: OpencodePermitRequest, settle: Settle): void {
    const { faults, dice, shed } = this.#options
    if (faults.strikes('transient', dice, 0.2)) {
      return settle.fail(this.#delay(), new EffectFailure('OPENCODE_AWAY', 'nobody is there', { transient: true }))
    }
    settle.answer(Math.min(this.#delay(), patience_ms), { taken: shed.reply(permission, reply) })
  }

  /** What the command says is what it finds when it ends. */
  #check(settle: Settle): void {
    const { calls, faults, dice, shed } = this.#options
    const delay_ms = this.#delay()
    const late = delay_ms > patience_ms
    if (faults.strikes('wrong_answers', dice, 0.05)) {
      return settle.fail(delay_ms, new EffectFailure('COMMAND_MISSING', 'there is no such program'))
    }
    calls.after(Math.min(delay_ms, patience_ms), () => {
      const exit_code = late ? -1 : shed.broken ? 2 : 0
      const output = shed.broken ? 'the pump is broken' : 'all is well'
      const ended = late ? 'deadline' : 'exit'
      settle.answer(1, { exit_code, ended, output, output_bytes: output.length, took_ms: delay_ms })
    })
  }

  #delay(): number {
    return delayOf(this.#options.faults, this.#options.dice)
  }
}
