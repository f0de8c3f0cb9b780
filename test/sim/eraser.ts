import { purge } from '../../adapters/cli/desk/compact.ts'
import { carryOut, type Desk } from '../../adapters/cli/desk/order.ts'
import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import { Plan, PlanState } from '../../systems/compact/columns.ts'
import { ChatSaid } from '../../systems/events.ts'
import { deliveredAs } from '../../systems/memory/duplicate.ts'
import { hash64 } from '../../systems/text/hash.ts'
import type { Dice } from './dice.ts'

/** Something said that may have to be forgotten: its word is in no other text. */
export type Secret = {
  readonly id: string
  readonly word: string
  readonly text: string
  readonly channel: string
  acknowledged: boolean
  /** Nobody says it again once it is to be forgotten. */
  isOver: boolean
}

/** One of the operator's orders while it is carried out: what it still has to do between two ticks. */
type Order = { readonly work: (() => Promise<void>)[]; ended: boolean }

const things = ['gate', 'attic', 'cellar', 'orchard', 'boathouse'] as const
const identity = new Uint32Array(2)

/**
 * People confide words to the agent, and the operator has some of them forgotten, and what summaries stand for purged, by the code that the
 * command line has. A process that dies takes the order with it; it is given again some other time.
 */
export class Eraser {
  /** What is forgotten for good: its order has been carried out. */
  readonly forgotten: Secret[] = []
  readonly refusals: string[] = []
  /** Whether an order has removed texts, or may have: a replay from the beginning would miss them. */
  dropped = false
  readonly #dice: Dice
  readonly #secrets: Secret[] = []
  #order: Order | undefined
  #serial = 0

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** Whether no order is being carried out. */
  get idle(): boolean {
    return this.#order === undefined
  }

  /** Whether a text holds a word that is forgotten, or is to be. */
  isForgotten(text: string): boolean {
    return this.#secrets.some(({ isOver, word }) => isOver && text.includes(word))
  }

  /** What is confided and ordered in one tick in which anything is done. */
  act(engine: Engine): void {
    const dice = this.#dice
    if (dice.chance(0.04)) this.#confide(engine)
    if (this.idle && dice.chance(0.02)) this.#forget(engine)
    if (this.idle && dice.chance(0.01)) this.#purge(engine)
  }

  /** A new process is there, and nothing is left of an order to the one before; what was not heard to be kept is said again. */
  deliverAgain(engine: Engine): void {
    this.#order = undefined
    for (const secret of this.#secrets) if (!secret.acknowledged && !secret.isOver) this.#deliver(engine, secret)
  }

  /**
   * Does what an order has to do between two ticks. @param before called first, while all that the ticks so far have read is still there
   * @returns whether there is an order
   */
  async goOn(before: () => void): Promise<boolean> {
    const order = this.#order
    if (order === undefined) return false
    before()
    for (let work = order.work.shift(); work !== undefined; work = order.work.shift()) await work()
    if (order.ended) this.#order = undefined
    return true
  }

  #confide(engine: Engine): void {
    const dice = this.#dice
    const serial = this.#secrets.length + 1
    const word = `xyzzy${serial}q${dice.whole(100_000, 999_999)}`
    const secret = {
      id: `secret-${serial}`,
      word,
      text: `The word that opens the ${dice.pick(things)} is ${word}, said the keeper on day ${dice.whole(1, 99)}.`,
      channel: dice.pick(['channel 6', 'channel 7', 'duck/chat']),
      acknowledged: false,
      isOver: false,
    }
    this.#secrets.push(secret)
    this.#deliver(engine, secret)
  }

  #deliver(engine: Engine, secret: Secret): void {
    const { id, text, channel } = secret
    const source = { kind: channel.includes('/') ? 'operator' : 'chat', channel, author: 'keeper' }
    engine.ingest({ type: ChatSaid.name, id, source, payload: { text } }).then(
      () => {
        secret.acknowledged = true
      },
      (thrown: unknown) => {
        this.refusals.push(reasonOf(thrown))
      },
    )
  }

  #forget(engine: Engine): void {
    const known = this.#secrets.filter((each) => each.acknowledged && !this.forgotten.includes(each))
    if (known.length === 0) return
    const secret = this.#dice.pick(known)
    const { channel, id } = secret
    hash64(`${channel.includes('/') ? 'operator' : 'chat'}\n${channel}\n${id}`, identity)
    const memory_id = deliveredAs(engine.world, identity[0]!, identity[1]!)
    if (memory_id === 0) return
    secret.isOver = true
    this.#begin(engine, async (desk) => {
      await carryOut(desk, 'forget', memory_id)
      this.forgotten.push(secret)
    })
  }

  #purge(engine: Engine): void {
    const { state } = engine.world.of(Plan)
    const isKept = (row: number): boolean => state[row] === PlanState.kept
    if (!Array.from({ length: engine.world.rows(Plan) }, (_, at) => at + 1).some(isKept)) return
    const before_ms = engine.now_ms - this.#dice.pick([0, 60_000])
    this.#begin(engine, async (desk) => {
      await purge(desk, before_ms)
    })
  }

  #begin(engine: Engine, carry: (desk: Desk) => Promise<void>): void {
    const order: Order = { work: [], ended: false }
    this.#order = order
    this.dropped = true
    const later = <T>(work: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        order.work.push(() => work().then(resolve, reject))
      })
    const desk: Desk = {
      world: engine.world,
      get tick() {
        return engine.tick
      },
      get now_ms() {
        return engine.now_ms
      },
      read: (table, id) => engine.read(table, id),
      ingest: (event) => engine.ingest({ id: `ordered ${++this.#serial}`, ...event }),
      snapshot: () => later(() => engine.snapshot()),
      dropPast: () => later(() => engine.dropPast()),
    }
    carry(desk).then(
      () => {
        order.ended = true
      },
      (thrown: unknown) => {
        this.refusals.push(reasonOf(thrown))
        order.ended = true
      },
    )
  }
}
