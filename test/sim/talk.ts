import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import { Memory } from '../../systems/components.ts'
import { ChatSaid, MemoryOrder } from '../../systems/events.ts'
import type { Dice } from './dice.ts'

/** Something said in a channel; it is delivered again until the engine says it is durable, and sometimes after that. */
export type Spoken = { readonly id: string; readonly text: string; readonly by: Speaker; acknowledged: boolean }
type Speaker = 'person' | 'program' | 'agent' | 'echo'

const things = ['heron', 'otter', 'mill', 'bridge', 'pond', 'reed', 'valve', 'pump', 'frost', 'seed']
const minute_ms = 60_000

/** Where something is said: a few channels, in the order of what is said. */
export function channelOf(id: string): string {
  return `channel ${id.length}`
}

/** What people, programs and the agent itself say while all goes on: copies, floods, and the agent's words read back. */
export class Talk {
  readonly said: Spoken[] = []
  readonly refusals: string[] = []
  readonly #dice: Dice
  readonly #rate: number

  constructor(dice: Dice) {
    this.#dice = dice
    this.#rate = dice.pick([0.02, 0.1])
  }

  speak(engine: Engine, now_ms: number): void {
    const dice = this.#dice
    while (dice.chance(this.#rate)) this.#say(engine, now_ms)
    if (dice.chance(this.#rate / 2) && this.said.length > 0) this.#deliver(engine, dice.pick(this.said), now_ms)
    if (dice.chance(this.#rate / 4)) this.#hide(engine)
  }

  /** A new process is there: what it was not heard to keep is delivered again. */
  deliverAgain(engine: Engine, now_ms: number): void {
    for (const spoken of this.said) if (!spoken.acknowledged) this.#deliver(engine, spoken, now_ms)
  }

  #say(engine: Engine, now_ms: number): void {
    const dice = this.#dice
    const by = dice.pick<Speaker>(['person', 'person', 'program', 'program', 'agent', 'echo'])
    const spoken = { id: `said-${this.said.length + 1}`, text: this.#textBy(by), by, acknowledged: false }
    this.said.push(spoken)
    this.#deliver(engine, spoken, now_ms)
  }

  #textBy(by: Speaker): string {
    const dice = this.#dice
    const [one, other] = [dice.pick(things), dice.pick(things)]
    const ofAgent = this.said.filter((spoken) => spoken.by === 'agent')
    if (by === 'echo' && ofAgent.length > 0) return dice.pick(ofAgent).text
    if (by === 'agent')
      return `As far as I remember, the ${one} was last seen by the ${other}, ${dice.whole(1, 99)} days ago.`
    if (by === 'program') {
      return `Warning of the watcher: the ${one} of the northern house did not answer within ${dice.whole(1, 999)} ms, the pump was stopped, and somebody should look at the pressure before the evening.`
    }
    return dice.chance(0.2)
      ? 'ok'
      : `The ${one} is near the ${other}, said ${dice.whole(1, 9)}; the ${dice.pick(things)} was moved, and on day ${dice.whole(1, 99)} we shall see about the ${dice.pick(things)}.`
  }

  #deliver(engine: Engine, spoken: Spoken, now_ms: number): void {
    const { id, text, by } = spoken
    const program = by === 'program'
    const event = {
      type: ChatSaid.name,
      id,
      // Said when its number says, whenever it is delivered.
      ts: now_ms - (now_ms % minute_ms) - (Number(id.slice(5)) % 7) * minute_ms,
      source: { kind: 'chat', channel: channelOf(id), author: by },
      payload: { text, ...(program ? { bot: true } : by === 'agent' ? { role: 'assistant' } : {}) },
    }
    engine.ingest(event).then(
      () => {
        spoken.acknowledged = true
      },
      (thrown: unknown) => {
        this.refusals.push(reasonOf(thrown))
      },
    )
  }

  /** The operator takes something said out of service; the memory of a note is left to its file. */
  #hide(engine: Engine): void {
    const memory_id = this.#dice.whole(1, 200)
    const { file } = engine.world.of(Memory)
    if (memory_id > engine.world.rows(Memory) || file[memory_id] !== 0) return
    engine.publish({ type: MemoryOrder.name, source: { kind: 'admin' }, payload: { order: 'hide', memory_id } })
  }
}
