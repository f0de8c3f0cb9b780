import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import { Call, CallState, OpenCall } from '../../systems/agents/columns.ts'
import { shownHash } from '../../systems/cephalon/approvals.ts'
import { DiscordPost, PostState } from '../../systems/discord/columns.ts'
import {
  ApprovalGiven,
  ChatSaid,
  CompactOrder,
  DiscordResolve,
  OpencodeOrder,
  RepairAsked,
  SessionCancel,
} from '../../systems/events.ts'
import { OpencodePermit, PermissionState } from '../../systems/opencode/columns.ts'
import type { Dice } from './dice.ts'
import { repairs } from './policy.ts'
import { talkedTo } from './troupe.ts'

/** Something the operator said in a session; said again until the engine says it is durable. */
export type Told = { readonly id: string; readonly session: string; readonly text: string; acknowledged: boolean }

/** The operator: talks to sessions, says yes and no or nothing, cancels, and decides on posts that nobody is sure of. */
export class Operator {
  readonly told: Told[] = []
  /** Hashes of the calls that the operator has said yes to. */
  readonly yes = new Set<string>()
  /** How often each uncertain post was ordered to be sent again. */
  readonly again = new Map<number, number>()
  /** What was said to each question of opencode. */
  readonly allowed = new Map<string, Set<string>>()
  readonly refusals: string[] = []
  readonly #dice: Dice
  readonly #decided = new Set<string>()

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** What the operator does in one tick in which anything is done. */
  act(engine: Engine): void {
    const dice = this.#dice
    if (dice.chance(0.08)) this.#talk(engine)
    if (dice.chance(0.1)) this.#compact(engine)
    if (dice.chance(0.03)) {
      const payload = { name: dice.pick(repairs).name }
      engine.publish({ type: RepairAsked.name, source: { kind: dice.pick(['operator', 'discord']) }, payload })
    }
    if (dice.chance(0.02)) {
      const payload = { session: dice.pick(talkedTo), ...(dice.chance(0.5) ? { keep: true } : {}) }
      engine.publish({ type: SessionCancel.name, source: { kind: 'operator' }, payload })
    }
  }

  /** Rounds of compaction are begun, ended and taken back. */
  #compact(engine: Engine): void {
    const dice = this.#dice
    const order = dice.pick(['run', 'run', 'halt', 'undo', 'undo'] as const)
    const plan = dice.whole(1, 2)
    const payload = order === 'undo' ? { order, plan } : { order }
    engine.publish({ type: CompactOrder.name, source: { kind: 'operator' }, payload })
  }

  /** Looks at what waits for a word of the operator. O(open calls + posts) */
  look(engine: Engine): void {
    if (!this.#dice.chance(0.2)) return
    this.#decide(engine)
    this.#resolve(engine)
    this.#allow(engine)
  }

  /** A new process is there: what was not heard to be kept is said again. */
  deliverAgain(engine: Engine): void {
    for (const told of this.told) if (!told.acknowledged) this.#deliver(engine, told)
  }

  #talk(engine: Engine): void {
    const dice = this.#dice
    const serial = this.told.length + 1
    const told = {
      id: `told-${serial}`,
      session: dice.pick(talkedTo),
      text: `Question ${serial}: where is the heron of mill ${dice.whole(1, 99)}?`,
      acknowledged: false,
    }
    this.told.push(told)
    this.#deliver(engine, told)
    if (dice.chance(0.1)) this.#deliver(engine, told)
  }

  #deliver(engine: Engine, told: Told): void {
    const source = { kind: 'operator', channel: told.session, author: 'operator' }
    engine.ingest({ type: ChatSaid.name, id: told.id, source, payload: { text: told.text } }).then(
      () => {
        told.acknowledged = true
      },
      (thrown: unknown) => {
        this.refusals.push(reasonOf(thrown))
      },
    )
  }

  /** Says yes to everything that waits for it, in the moment before the process is stopped. Returns how much that was. */
  hurry(engine: Engine): number {
    const hashes = asked(engine)
    for (const hash of hashes) this.#answer(engine, hash, true)
    return hashes.length
  }

  /** Most calls get a word, some get two, some none; and now and then somebody else says yes in the operator's name. */
  #decide(engine: Engine): void {
    const dice = this.#dice
    for (const hash of asked(engine)) {
      if (this.#decided.has(hash) && !dice.chance(0.1)) continue
      this.#decided.add(hash)
      const luck = dice.real()
      if (luck < 0.2) {
        engine.publish({ type: ApprovalGiven.name, source: { kind: 'discord' }, payload: { hash, allow: true } })
      } else if (luck < 0.85) this.#answer(engine, hash, luck < 0.65)
    }
  }

  #answer(engine: Engine, hash: string, allow: boolean): void {
    const taken = engine.publish({ type: ApprovalGiven.name, source: { kind: 'operator' }, payload: { hash, allow } })
    if (taken && allow) this.yes.add(hash)
  }

  /** Some of opencode's questions get a word; and now and then somebody else says one in the operator's name. */
  #allow(engine: Engine): void {
    const { world } = engine
    const { state } = world.of(OpencodePermit)
    for (let row = 1; row <= world.rows(OpencodePermit); row++) {
      if (state[row] !== PermissionState.asked || !this.#dice.chance(0.3)) continue
      const permission = world.keyOf(OpencodePermit, row)
      const reply = this.#dice.pick(['once', 'always', 'reject'] as const)
      const kind = this.#dice.pick(['operator', 'discord'] as const)
      const taken = engine.publish({ type: OpencodeOrder.name, source: { kind }, payload: { permission, reply } })
      if (!taken || kind !== 'operator') continue
      this.allowed.set(permission, (this.allowed.get(permission) ?? new Set()).add(reply))
    }
  }

  #resolve(engine: Engine): void {
    const { state } = engine.world.of(DiscordPost)
    for (let post = 1; post <= engine.world.rows(DiscordPost); post++) {
      if (state[post] !== PostState.unknown || !this.#dice.chance(0.3)) continue
      const order = this.#dice.pick(['again', 'drop'] as const)
      const payload = { post, order }
      const taken = engine.publish({ type: DiscordResolve.name, source: { kind: 'operator' }, payload })
      if (taken && order === 'again') this.again.set(post, (this.again.get(post) ?? 0) + 1)
    }
  }
}

/** Hashes of the calls that wait for a yes. */
function asked({ world }: Engine): string[] {
  const { call } = world.of(OpenCall)
  const { state, hash_high, hash_low } = world.of(Call)
  const waiting = [...world.each(OpenCall)]
    .map((entity) => call[entity]!)
    .filter((row) => state[row] === CallState.asked)
  return waiting.map((row) => shownHash(hash_high[row]!, hash_low[row]!))
}
