import type { Event, EventInput } from '../../engine/flow/event.ts'
import type { World } from '../../engine/world/world.ts'
import { type Draft, draftOf } from './draft.ts'
import { aboutOf, isWhole, type Reading, readText } from './reading.ts'

/**
 * Readings of many texts, packed so that they can be handed from one thread to another at little cost. Entry `n` is about
 * event `n`; its terms and mentions are those from `termStart[n]` to `termStart[n + 1]`, and so on.
 */
export type Readings = {
  /** 1 where the event was read. */
  readonly has: Uint8Array
  readonly marks: Uint8Array
  readonly dropped: Uint32Array
  readonly titleCount: Uint32Array
  readonly termStart: Uint32Array
  readonly terms: Uint32Array
  readonly mentionStart: Uint32Array
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly kind: Uint8Array
  readonly signature: Uint32Array
  readonly word: Uint32Array
  readonly field: Uint8Array
  readonly times: Uint8Array
  /** Texts of the keys of all mentions, one after the other, and where each ends. */
  readonly keyTexts: string
  readonly keyEnd: Uint32Array
  readonly tags: readonly (readonly string[])[]
}

/** Reads the texts of events; what is no event that is remembered, or is too long to be read whole, is left out. */
export function readAhead(events: readonly (Event | undefined)[]): Readings {
  const packed = new Packed()
  for (const event of events) {
    const draft = event !== undefined && isReadable(event) ? draftOf(event) : undefined
    if (draft === undefined || !isWhole(draft.text)) packed.addNone()
    else packed.add(readText(draft.text, aboutOf(draft)))
  }
  return packed.finish()
}

/** Nobody has checked yet whether an event is what its type says; one that is not is never published. */
function isReadable({ source, payload }: EventInput): boolean {
  const { text, title = '', tags = [] } = (payload ?? {}) as { text?: unknown; title?: unknown; tags?: unknown }
  const { kind = '', channel = '', thread = '', author = '' } = (source ?? {}) as { [field: string]: unknown }
  return (
    [text, title, kind, channel, thread, author].every((each) => typeof each === 'string') &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === 'string')
  )
}

/** Events whose readings are kept at most: more than may wait in the rings at any time. */
const keptMax = 16_384

type Known = { readonly event: EventInput; readonly readings: Readings; readonly at: number }

/**
 * Texts that somebody has read before their events come to the memory system. Taking a reading or making one is the same,
 * because reading is pure; so nothing depends on what is in here, and nothing of it is ever saved.
 */
export class ReadAhead {
  #newer = new Map<string, Known>()
  #older = new Map<string, Known>()

  /** Offers entry `at` of `readings` for an event that was published. */
  offer(event: EventInput, readings: Readings, at: number): void {
    if (readings.has[at] !== 1) return
    const text = String(event.payload['text'])
    if (this.#newer.size >= keptMax) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(text, { event, readings, at })
  }

  /** The reading of exactly this text under exactly these circumstances, if there is one. */
  take(draft: Draft): Reading | undefined {
    if (this.#newer.size === 0) return undefined
    const known = this.#newer.get(draft.text) ?? this.#older.get(draft.text)
    if (known === undefined || !isOf(draft, known.event)) return undefined
    return readingOf(known.readings, known.at)
  }
}

/** Whether a draft says of itself what the event does whose text was read: all that a reading depends on. */
function isOf(draft: Draft, { id, ts, source, payload }: EventInput): boolean {
  const { title = '', tags = [] } = payload as { title?: unknown; tags?: unknown }
  const from = draft.source
  return (
    draft.id === id &&
    draft.ts === ts &&
    draft.path === '' &&
    draft.title === title &&
    from.kind === source?.kind &&
    from.channel === (source.channel ?? '') &&
    from.thread === (source.thread ?? '') &&
    from.author === (source.author ?? '') &&
    Array.isArray(tags) &&
    tags.length === draft.tags.length &&
    draft.tags.every((tag, at) => tag === tags[at])
  )
}

function readingOf(readings: Readings, n: number): Reading {
  const { mentionStart, termStart, keyTexts, keyEnd } = readings
  const from = mentionStart[n]!
  const titleCount = readings.titleCount[n]!
  const terms = termStart[n]!
  return {
    titleTerms: readings.terms.subarray(terms, terms + titleCount),
    titleCount,
    terms: readings.terms.subarray(terms + titleCount, termStart[n + 1]!),
    termCount: termStart[n + 1]! - terms - titleCount,
    marks: readings.marks[n]!,
    from,
    count: mentionStart[n + 1]! - from,
    dropped: readings.dropped[n]!,
    high: readings.high,
    low: readings.low,
    kind: readings.kind,
    signature: readings.signature,
    word: readings.word,
    field: readings.field,
    times: readings.times,
    tags: () => readings.tags[n]!,
    keyText: (at) => keyTexts.slice(from + at === 0 ? 0 : keyEnd[from + at - 1]!, keyEnd[from + at]!),
  }
}

const none: readonly string[] = []

/** Packs readings one after the other. */
class Packed {
  readonly #has: number[] = []
  readonly #marks: number[] = []
  readonly #dropped: number[] = []
  readonly #titleCount: number[] = []
  readonly #termStart: number[] = [0]
  readonly #terms: number[] = []
  readonly #mentionStart: number[] = [0]
  readonly #high: number[] = []
  readonly #low: number[] = []
  readonly #kind: number[] = []
  readonly #signature: number[] = []
  readonly #word: number[] = []
  readonly #field: number[] = []
  readonly #times: number[] = []
  readonly #keyTexts: string[] = []
  readonly #keyEnd: number[] = []
  readonly #tags: (readonly string[])[] = []
  #keyUnits = 0

  addNone(): void {
    this.#end(0, 0, 0, 0, none)
  }

  add(reading: Reading): void {
    const before = this.#terms.length
    this.#addTerms(reading.titleTerms, reading.titleCount)
    const titleCount = this.#terms.length - before
    this.#addTerms(reading.terms, reading.termCount)
    for (let at = reading.from; at < reading.from + reading.count; at++) {
      this.#high.push(reading.high[at]!)
      this.#low.push(reading.low[at]!)
      this.#kind.push(reading.kind[at]!)
      this.#signature.push(reading.signature[at]!)
      this.#word.push(reading.word[at]!)
      this.#field.push(reading.field[at]!)
      this.#times.push(reading.times[at]!)
      const text = reading.keyText(at - reading.from)
      this.#keyTexts.push(text)
      this.#keyUnits += text.length
      this.#keyEnd.push(this.#keyUnits)
    }
    this.#end(1, reading.marks, reading.dropped, titleCount, reading.tags())
  }

  finish(): Readings {
    return {
      has: Uint8Array.from(this.#has),
      marks: Uint8Array.from(this.#marks),
      dropped: Uint32Array.from(this.#dropped),
      titleCount: Uint32Array.from(this.#titleCount),
      termStart: Uint32Array.from(this.#termStart),
      terms: Uint32Array.from(this.#terms),
      mentionStart: Uint32Array.from(this.#mentionStart),
      high: Uint32Array.from(this.#high),
      low: Uint32Array.from(this.#low),
      kind: Uint8Array.from(this.#kind),
      signature: Uint32Array.from(this.#signature),
      word: Uint32Array.from(this.#word),
      field: Uint8Array.from(this.#field),
      times: Uint8Array.from(this.#times),
      keyTexts: this.#keyTexts.join(''),
      keyEnd: Uint32Array.from(this.#keyEnd),
      tags: this.#tags,
    }
  }

  #addTerms(from: Uint32Array, count: number): void {
    for (let at = 0; at < count; at++) if (from[at] !== 0) this.#terms.push(from[at]!)
  }

  #end(has: number, marks: number, dropped: number, titleCount: number, tags: readonly string[]): void {
    this.#has.push(has)
    this.#marks.push(marks)
    this.#dropped.push(dropped)
    this.#titleCount.push(titleCount)
    this.#termStart.push(this.#terms.length)
    this.#mentionStart.push(this.#high.length)
    this.#tags.push(tags)
  }
}

const ofWorld = new WeakMap<World, ReadAhead>()

/** What was read ahead for a world. */
export function readAheadOf(world: World): ReadAhead {
  let ahead = ofWorld.get(world)
  if (ahead === undefined) {
    ahead = new ReadAhead()
    ofWorld.set(world, ahead)
  }
  return ahead
}
