import { nodeCrypto } from '../crypto.ts'
import type { View } from '../flow/adapter.ts'
import { Effect, EffectStatus } from '../flow/effect.ts'
import { EffectsHeld, type Event } from '../flow/event.ts'
import { type Core, outboxTable, type Parts } from '../tick.ts'
import { viewOf } from './view.ts'

/** One time that an effect left, and where the journal holds what came of it. */
type Leg = {
  readonly left: number
  /** See `Stamps`. */
  readonly stamp?: string | undefined
  answered?: { readonly tick: number; readonly index: number }
}

/**
 * By type of effect, what of the world its answer depends on besides the request, as a text: where it differs, a recorded answer
 * is none.
 */
export type Stamps = { readonly [type: string]: (view: View) => string }

/** An effect that the recorded run asked for. */
export type Asked = {
  readonly effect_id: number
  readonly type: string
  /** When it was asked for; 0 for one of before the replay. */
  readonly tick: number
  /** The request as JSON, cut to a moderate length; empty when it is not kept any more. */
  readonly text: string
  /** See `sumOf`; empty for one whose request is not kept any more. */
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
 * What a recorded run asked for and how it was answered, learned by running it again: first up to the tick at which a fork begins,
 * then on from there. Holds for each effect its sum, the beginning of its request and the places of its answers: O(effects),
 * whatever the answers weigh; and of the records that were put after the fork began the keys.
 */
export class Recording {
  /** The effects of each sum, and how many at the beginning are taken. */
  readonly #bySum = new Map<string, { readonly list: Asked[]; at: number }>()
  readonly #byId = new Map<number, Asked>()
  /** Whole requests of what is open, until the fork begins. */
  #open: Map<number, string> | undefined = new Map()
  readonly #answers: ReadonlySet<string>
  readonly #stamps: Stamps
  /** Records that were put after the fork began: they are no part of its past. */
  readonly #later = new Map<string, Set<number>>()

  constructor(parts: Parts, stamps: Stamps) {
    this.#stamps = stamps
    this.#answers = new Set(
      parts.effects.flatMap(({ done, failed, unknown }) => [done.name, failed.name, unknown.name]),
    )
  }

  /**
   * The fork begins here. What was asked for before is the fork's own past; what is open is the same in both.
   * @returns the requests of what is open as JSON; of one from before the replay only while the outbox has it
   */
  begin(core: Core): ReadonlyMap<number, string> {
    for (const asked of this.#byId.values()) asked.taken_by = asked.effect_id
    const open = new Map<number, string>()
    const { effect_id, status } = core.world.of(Effect)
    for (const entity of core.world.each(Effect)) {
      const id = effect_id[entity]!
      const text = this.#open?.get(id) ?? core.read(outboxTable, id)
      if (text !== undefined) open.set(id, text)
      const known = this.#byId.get(id) ?? this.#add(id, core.effectTypeOf(entity).name, 0, text ?? '')
      known.taken_by = id
      // How long it has been out does not matter: it is out in both from here on.
      known.legs.length = 0
      if (status[entity] === EffectStatus.in_flight) known.legs.push({ left: core.tick })
    }
    this.#open = undefined
    return open
  }

  /** Notes which effects a recorded batch answers; before it is applied, while they are open. */
  answers(core: Core, tick: number, events: readonly Event[]): void {
    events.forEach((event, index) => {
      for (const effect_id of this.answered(event)) {
        const leg = core.openEffect(effect_id) === 0 ? undefined : this.#byId.get(effect_id)?.legs.at(-1)
        if (leg !== undefined) leg.answered ??= { tick, index }
      }
    })
  }

  /** Notes what a recorded tick asked for, once it was applied. */
  asks(core: Core): void {
    const { outcome, tick } = core
    if (this.#open === undefined) for (const { table, key } of outcome.puts) this.#put(table, key)
    for (const { effect_id, text } of outcome.requests) {
      const entity = core.openEffect(effect_id)
      // What was taken back in the same tick was never asked for.
      if (entity === 0) continue
      this.#add(effect_id, core.effectTypeOf(entity).name, tick, text)
      this.#open?.set(effect_id, text)
    }
    for (const effect_id of outcome.settled) {
      this.#open?.delete(effect_id)
      const asked = this.#byId.get(effect_id)
      if (asked !== undefined && asked.legs.at(-1)?.answered === undefined) asked.withdrawn = true
    }
    const { effect_id } = core.world.of(Effect)
    for (const entity of outcome.released) {
      const asked = this.#byId.get(effect_id[entity]!)
      // What was asked of a world before the fork is asked of another one in it.
      const stamp = this.#open === undefined && asked !== undefined ? this.stampOf(asked.type, core) : undefined
      asked?.legs.push({ left: tick, stamp })
    }
  }

  /** Whether the recorded run put a record after the fork began. */
  isLater(table: string, key: number): boolean {
    return this.#later.get(table)?.has(key) === true
  }

  /** What the answer to an effect of this type depends on now; undefined where that is the request alone. */
  stampOf(type: string, core: Core): string | undefined {
    return this.#stamps[type]?.(viewOf(core))
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

  /** An effect with the same request that was answered, to be answered so again; undefined where there is none. O(such effects). */
  again(effect_id: number, text: string): Asked | undefined {
    const same = this.#bySum.get(sumOf(text))?.list
    const found = same?.findLast(({ legs }) => legs.at(-1)?.answered !== undefined)
    return found === undefined ? undefined : { ...found, taken_by: effect_id }
  }

  of(effect_id: number): Asked | undefined {
    return this.#byId.get(effect_id)
  }

  /** What no effect of the fork asked for, oldest first. */
  *left(): Generator<Asked> {
    for (const asked of this.#byId.values()) if (asked.taken_by === 0) yield asked
  }

  /** The effects that an event answers or takes back; none for any other event. */
  answered(event: Event): readonly number[] {
    if (EffectsHeld.is(event)) return event.payload.effect_ids
    const { effect_id } = event.payload
    return this.#answers.has(event.type) && typeof effect_id === 'number' ? [effect_id] : []
  }

  #put(table: string, key: number): void {
    const keys = this.#later.get(table)
    if (keys === undefined) this.#later.set(table, new Set([key]))
    else keys.add(key)
  }

  #add(effect_id: number, type: string, tick: number, text: string): Asked {
    const sum = text === '' ? '' : sumOf(text)
    const cut = text.slice(0, requestUnitsMax)
    const asked = { effect_id, type, tick, text: cut, sum, legs: [], withdrawn: false, taken_by: 0 }
    this.#byId.set(effect_id, asked)
    const same = this.#bySum.get(sum)
    if (same !== undefined) same.list.push(asked)
    else if (sum !== '') this.#bySum.set(sum, { list: [asked], at: 0 })
    return asked
  }
}
