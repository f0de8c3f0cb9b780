import type { Event } from '../../engine/flow/event.ts'
import { hasType, type TypeAsked, typeAsked } from '../agents/filters.ts'
import { SessionSaid } from '../events.ts'
import { isAnswer, isOfTheWorld, type Routable, routable } from './fields.ts'

/** Filters that ask the same of the type. `mask` says by which fields they are found. */
export type TypeClass = { readonly id: number; readonly asked: TypeAsked; mask: number }

/** What is known of a type that events have. */
type Known = {
  readonly type: string
  readonly routable: Routable
  readonly said: boolean
  classes: readonly TypeClass[]
  /** Of these, the ones that say how the type begins. */
  named: readonly TypeClass[]
  /** How many classes there were when these were found. */
  of: number
}

const nobody: readonly TypeClass[] = []
/** Places in which a type is looked for first: a power of two. */
const places = 256

/** Which filters an event's type is what they ask for: whole names, beginnings, and those that ask for any. */
export class Types {
  /** Whether the event that `classesFor` was asked about is what an agent said. */
  said = false
  readonly #classes: TypeClass[] = []
  readonly #classOf = new Map<string, TypeClass>()
  readonly #known = new Map<string, Known>()
  /** By length and two letters: a text that was just read has no hash yet, and to make one takes longer than all else here. */
  readonly #near: (Known | undefined)[] = Array(places).fill(undefined)

  /** The class of filters that ask for this. */
  classOf(type: string | undefined): TypeClass {
    const name = type ?? '*'
    const known = this.#classOf.get(name)
    if (known !== undefined) return known
    const made = { id: this.#classes.length + 1, asked: typeAsked(type), mask: 0 }
    this.#classes.push(made)
    this.#classOf.set(name, made)
    return made
  }

  /** The classes that an event's type meets; none when it is not for sessions. O(1) but for a type that is new. */
  classesFor(event: Event): readonly TypeClass[] {
    const known = this.#find(event.type)
    if (known.routable !== 'yes' && (known.routable === 'no' || isAnswer(event))) return nobody
    if (known.of !== this.#classes.length) this.#read(known, event.type)
    this.said = known.said
    return isOfTheWorld(event) ? known.named : known.classes
  }

  #find(type: string): Known {
    const { length } = type
    const place = (length * 31 + type.charCodeAt(length - 1) * 7 + type.charCodeAt(length >>> 1)) & (places - 1)
    const near = this.#near[place]
    if (near !== undefined && near.type === type) return near
    const known = this.#known.get(type) ?? this.#know(type)
    this.#near[place] = known
    return known
  }

  /** Types are declared, so they are few; should they not be, what was known of them is thrown away now and then. */
  #know(type: string): Known {
    if (this.#known.size >= 4096) this.#known.clear()
    const known = { type, routable: routable(type), said: type === SessionSaid.name, classes: [], named: [], of: 0 }
    this.#known.set(type, known)
    return known
  }

  #read(known: Known, type: string): void {
    known.classes = this.#classes.filter(({ asked }) => hasType(asked, type))
    known.named = known.classes.filter(({ asked }) => asked.name !== '')
    known.of = this.#classes.length
  }
}
