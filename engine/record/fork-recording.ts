import { nodeCrypto } from '../crypto.ts'
import { Effect, EffectStatus } from '../flow/effect.ts'
import { EffectsHeld, type Event } from '../flow/event.ts'
import { type Core, outboxTable } from '../tick.ts'

/** One time that an effect left, and where the journal holds what came of it. */
type Leg = { readonly left: number; answered?: { readonly tick: number; readonly index: number } }

/** An effect that the recorded run asked for. */
export type Asked = {
  readonly effect_id: number
  readonly type: string
  /** When it was asked for; 0 for one that was open already. */
  readonly tick: number
  /** The request as JSON, cut to a moderate length; empty when it is not kept any more. */
  readonly text: string
  /** See `sumOf`; empty for one that was open already. */
  readonly sum: string
  readonly legs: Leg[]
  /** It ended without an answer: a system took it back. */
  withdrawn: boolean
  /** The effect of the fork that has its answers; 0 = none. */
  taken_by: number
}

/** Longer requests are kept only so far: they are for people to look at, what counts is their sum. */
export const requestUnitsMax = 4_000

/** What two requests must have in common to be the same: type and content, to the last byte. */
export function sumOf(text: string): string {
  return nodeCrypto().createHash('sha256').update(text).digest('base64').slice(0, 22)
}

/**
 * What the recorded run asked for after a tick and how it was answered, learned by running it again. Holds for each effect its
 * sum, the beginning of its request and the places of its answers: O(effects), whatever the answers weigh.
 */
export class Recording {
  /** The effects of each sum, and how many at the beginning are taken. */
  readonly #bySum = new Map<string, { readonly list: Asked[]; at: number }>()
  readonly #byId = new Map<number, Asked>()

  /** Effects that are open as it begins are the same in every fork. */
  constructor(core: Core) {
    const { effect_id, status } = core.world.of(Effect)
    for (const entity of core.world.each(Effect)) {
      const id = effect_id[entity]!
      const text = core.read(outboxTable, id) ?? ''
      const asked = this.#add({ effect_id: id, type: core.effectTypeOf(entity).name, tick: 0, text, sum: '' })
      // How long it has been out does not matter: it is out in both from here on.
      if (status[entity] === EffectStatus.in_flight) asked.legs.push({ left: core.tick })
      asked.taken_by = id
    }
  }

  /** Notes which effects a recorded batch answers; before it is applied, while they are open. */
  answers(core: Core, tick: number, events: readonly Event[]): void {
    events.forEach((event, index) => {
      for (const effect_id of answeredBy(event)) {
        const leg = core.openEffect(effect_id) === 0 ? undefined : this.#byId.get(effect_id)?.legs.at(-1)
        if (leg !== undefined) leg.answered ??= { tick, index }
      }
    })
  }

  /** Notes what a recorded tick asked for, once it was applied. */
  asks(core: Core): void {
    const { outcome, tick } = core
    for (const { effect_id, text } of outcome.requests) {
      const entity = core.openEffect(effect_id)
      // What was taken back in the same tick was never asked for.
      if (entity === 0) continue
      const sum = sumOf(text)
      const asked = this.#add({ effect_id, type: core.effectTypeOf(entity).name, tick, text, sum })
      const same = this.#bySum.get(sum)
      if (same === undefined) this.#bySum.set(sum, { list: [asked], at: 0 })
      else same.list.push(asked)
    }
    for (const effect_id of outcome.settled) {
      const asked = this.#byId.get(effect_id)
      if (asked !== undefined && asked.legs.at(-1)?.answered === undefined) asked.withdrawn = true
    }
    const { effect_id } = core.world.of(Effect)
    for (const entity of outcome.released) this.#byId.get(effect_id[entity]!)?.legs.push({ left: tick })
  }

  /**
   * The recorded effect whose answers an effect of the fork gets: that of the same number where the request is the same, else the
   * oldest that is free; undefined when the recording has none. O(1) over all calls.
   */
  take(effect_id: number, text: string): Asked | undefined {
    const sum = sumOf(text)
    const same = this.#bySum.get(sum)
    if (same === undefined) return undefined
    const own = this.#byId.get(effect_id)
    while ((same.list[same.at]?.taken_by ?? 0) !== 0) same.at++
    const found = own?.sum === sum && own.taken_by === 0 ? own : same.list[same.at]
    if (found !== undefined) found.taken_by = effect_id
    return found
  }

  of(effect_id: number): Asked | undefined {
    return this.#byId.get(effect_id)
  }

  /** What no effect of the fork asked for, oldest first. */
  *left(): Generator<Asked> {
    for (const asked of this.#byId.values()) if (asked.taken_by === 0) yield asked
  }

  #add(about: Pick<Asked, 'effect_id' | 'type' | 'tick' | 'text' | 'sum'>): Asked {
    const asked = { ...about, text: about.text.slice(0, requestUnitsMax), legs: [], withdrawn: false, taken_by: 0 }
    this.#byId.set(about.effect_id, asked)
    return asked
  }
}

/** Effects that an event answers or takes back; none for any other event. */
export function answeredBy(event: Event): readonly number[] {
  if (EffectsHeld.is(event)) return event.payload.effect_ids
  const { effect_id } = event.payload
  return typeof effect_id === 'number' && /\.(done|failed|unknown)$/.test(event.type) ? [effect_id] : []
}
