import type { ToolCallAsked } from '../../systems/events.ts'
import type { Endpoint } from './endpoint.ts'
import { badResponse } from './failures.ts'

/** More calls than these of one answer are dropped. */
const callsMax = 64
/** The longest id that every endpoint takes back. */
const idLengthMax = 40
const nameLengthMax = 200

type Fields = { readonly [key: string]: unknown }
type Draft = { place: number; id: string; name: string; arguments: string[] }

/**
 * Gathers the tool calls of one answer, from a whole message or from the pieces of a stream. Pieces belong to a call by their
 * `index`; servers that leave it out, or give every call the same, are understood by ids and names.
 */
export class Calls {
  readonly #endpoint: Endpoint
  readonly #drafts: Draft[] = []
  #newest: Draft | undefined

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  /** Calls that have begun. */
  get count(): number {
    return this.#drafts.length
  }

  /** Takes the `tool_calls` of a whole message, or of a piece of one. @returns its size, in bytes @throws EffectFailure BAD_RESPONSE */
  take(list: unknown, textIn: 'message' | 'delta'): number {
    if (list === undefined || list === null) return 0
    if (!Array.isArray(list)) throw badResponse(this.#endpoint, 'its tool calls are not a list')
    let bytes = 0
    for (const one of list) bytes += this.#piece(one, textIn)
    return bytes
  }

  /**
   * The calls in the order of their numbers, each with an id that no other call of the conversation has.
   * @param used ids of earlier calls @param own the tool that a sent name means @param round tells the answers of one conversation apart
   */
  done(used: ReadonlySet<string>, own: (name: string) => string, round: number): ToolCallAsked[] {
    const taken = new Set(used)
    const ordered = this.#drafts.toSorted((a, b) => a.place - b.place)
    return ordered.map((draft, at) => {
      const id = freeId(draft.id.slice(0, idLengthMax) || `call_${round}_${at + 1}`, taken)
      taken.add(id)
      return { id, name: own(draft.name) || 'unnamed', arguments: draft.arguments.join('') || '{}' }
    })
  }

  #piece(one: unknown, textIn: 'message' | 'delta'): number {
    if (!isFields(one)) throw badResponse(this.#endpoint, 'a tool call is not an object')
    const given = one['function'] ?? {}
    if (!isFields(given)) throw badResponse(this.#endpoint, 'a tool call holds no function')
    const id = typeof one['id'] === 'string' ? one['id'] : ''
    const name = typeof given['name'] === 'string' ? given['name'] : ''
    const text = argumentsOf(given['arguments'])
    const size = Buffer.byteLength(text) + name.length + id.length
    const draft = textIn === 'message' ? this.#begin(undefined) : this.#draftOf(one['index'], id, name)
    // What follows a dropped call without saying whose it is goes with it.
    this.#newest = draft
    if (draft === undefined) return size
    draft.id ||= id
    // Some servers repeat the whole name with every piece, others send it in pieces.
    if (name !== draft.name) draft.name = (draft.name + name).slice(0, nameLengthMax)
    draft.arguments.push(text)
    return size
  }

  /** The call that a piece is of; undefined when there are too many. */
  #draftOf(index: unknown, id: string, name: string): Draft | undefined {
    const numbered = Number.isSafeInteger(index) && (index as number) >= 0
    const known = numbered ? this.#drafts.findLast(({ place }) => place === index) : this.#unnumbered(id, name)
    // A second name under another id is a second call, whatever its number says; an id alone may just be a new one with each piece.
    const other =
      known !== undefined && name !== '' && known.name !== '' && id !== '' && known.id !== '' && id !== known.id
    if (known !== undefined && !other) return known
    return this.#begin(numbered ? (index as number) : undefined)
  }

  #begin(numbered: number | undefined): Draft | undefined {
    if (this.#drafts.length >= callsMax) return undefined
    const place = numbered ?? (this.#drafts.at(-1)?.place ?? -1) + 1
    const draft = { place, id: '', name: '', arguments: [] }
    this.#drafts.push(draft)
    return draft
  }

  #unnumbered(id: string, name: string): Draft | undefined {
    if (id !== '') return this.#drafts.find((draft) => draft.id === id)
    return name === '' ? this.#newest : undefined
  }
}

/** Some servers give the arguments as the object itself. */
function argumentsOf(given: unknown): string {
  if (typeof given === 'string') return given
  return given === undefined || given === null ? '' : JSON.stringify(given)
}

function freeId(wanted: string, taken: ReadonlySet<string>): string {
  let id = wanted
  for (let count = 2; taken.has(id); count++) {
    const mark = `_${count}`
    id = wanted.slice(0, idLengthMax - mark.length) + mark
  }
  return id
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
