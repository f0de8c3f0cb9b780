import type { Event, Payload, Source } from '../../engine/flow/event.ts'
import { hashEnd, hashSeed, hashText, hashUnit } from '../text/hash.ts'
import { authorOf, channelOf, kindOf, tagsMax, textOf, toMe } from './fields.ts'

/**
 * The fields by which filters are found, as numbers: the bit `1 << Field.x` stands for one in a mask. `folder` is where a
 * glob's literal names lead and `rest` what it asks beyond; `any` is what all events have, for filters that ask for a type
 * alone.
 */
export const Field = {
  kind: 0,
  channel: 1,
  thread: 2,
  author: 3,
  tool: 4,
  tag: 5,
  path: 6,
  folder: 7,
  any: 8,
  rest: 9,
} as const

/** Names of a folder that are looked at: what is deeper is told apart by the glob. */
export const depthMax = 16

const slash = 47
const nothing: Payload = {}
const nowhere: Source = { kind: '' }

/** What one event says in each field, read when it is first asked for. */
export class Facts {
  /** The tags, and their hashes. */
  readonly tags: string[] = []
  readonly tagHashes: Uint32Array = new Uint32Array(tagsMax)
  tagCount = 0
  /** The path, and of the folders that hold it, from the outermost, which is '': where each ends, and its hash. */
  path = ''
  readonly folderEnds: Uint32Array = new Uint32Array(depthMax + 1)
  readonly folderHashes: Uint32Array = new Uint32Array(depthMax + 1)
  folderCount = 0
  /** How deep the deepest folder is that a filter asks for. */
  deepest = 0
  readonly #hashes = new Uint32Array(8)
  /** Fields that have been read. */
  #read = 0
  #source = nowhere
  #payload = nothing
  #names: readonly string[] | undefined

  /** Is about this event from now on. @param said whether it is what an agent said */
  readEvent(event: Event, said: boolean): void {
    // Said seldom: what comes from outside is read where it lies.
    this.#source = said ? { kind: kindOf(event), channel: channelOf(event), author: authorOf(event) } : event.source
    this.#payload = event.payload
    this.#read = 0
  }

  /** What a field with one value says; empty when it says nothing. */
  text(field: number): string {
    switch (field) {
      case Field.channel:
        return this.#source.channel ?? ''
      case Field.author:
        return this.#source.author ?? ''
      case Field.kind:
        return this.#source.kind
      case Field.thread:
        return this.#source.thread ?? ''
      case Field.tool:
        return textOf(this.#payload, 'tool')
      case Field.path:
        return textOf(this.#payload, 'path')
      default:
        return ''
    }
  }

  /** The hash of a field's text. */
  hash(field: number, text: string): number {
    const bit = 1 << field
    if ((this.#read & bit) === 0) {
      this.#read |= bit
      this.#hashes[field] = hashText(text)
    }
    return this.#hashes[field]!
  }

  /** Fills `tags`. */
  readTags(): void {
    if ((this.#read & (1 << Field.tag)) !== 0) return
    this.#read |= 1 << Field.tag
    this.tagCount = 0
    const { tag, tags, to_me } = this.#payload
    if (typeof tag === 'string') this.#readTag(tag)
    if (to_me === true) this.#readTag(toMe)
    if (!Array.isArray(tags)) return
    for (let at = 0; at < tags.length && this.tagCount < tagsMax; at++) {
      const each: unknown = tags[at]
      if (typeof each === 'string') this.#readTag(each)
    }
  }

  /** Fills `path` and `folders`. */
  readFolders(): void {
    if ((this.#read & (1 << Field.folder)) !== 0) return
    this.#read |= 1 << Field.folder
    this.folderCount = 0
    this.#names = undefined
    this.path = textOf(this.#payload, 'path')
    if (this.path === '') return
    let state = hashSeed
    this.#readFolder(state, 0)
    for (let at = 0; at < this.path.length && this.folderCount <= this.deepest; at++) {
      const unit = this.path.charCodeAt(at)
      state = hashUnit(state, unit)
      if (unit === slash) this.#readFolder(state, at + 1)
    }
  }

  /** The path, taken apart at its slashes; without one none. */
  names(): readonly string[] {
    this.readFolders()
    this.#names ??= this.path === '' ? [] : this.path.split('/')
    return this.#names
  }

  #readTag(tag: string): void {
    this.tags[this.tagCount] = tag
    this.tagHashes[this.tagCount++] = hashText(tag)
  }

  #readFolder(state: number, end: number): void {
    this.folderEnds[this.folderCount] = end
    this.folderHashes[this.folderCount++] = hashEnd(state)
  }
}
