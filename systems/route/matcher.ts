import type { Event } from '../../engine/flow/event.ts'
import { globMatches, globOf, isLiteral } from '../agents/globs.ts'
import type { Filter } from '../events.ts'
import { hashText } from '../text/hash.ts'
import { depthMax, Facts, Field } from './facts.ts'
import { longer, Postings, wide } from './postings.ts'
import { Texts } from './texts.ts'
import { type TypeClass, Types } from './types.ts'

/**
 * The line of the filter with row r begins at `r * stride`: one cache line. `key` is type and field of the list that it
 * lies in, 0 when it is not in force; `sibling` is another filter of its session.
 */
const stride = 16
const at = { session: 0, key: 1, mask: 2, sibling: 3, fields: 4 } as const

/** The hash of no text. */
const noHash = hashText('')

/** What is left to verify of an entry: nothing; one field, named in the entry itself; more, named in the filter's line. */
const Left = { nothing: 0, one: 1, more: 2 } as const
/** The third number of an entry: a field above, its value below. */
const valueBits = 28
const valueMask = (1 << valueBits) - 1

/** A list of this many is short: it is not worth looking events up by another field only to have it shorter. */
const short = 8
/** Of two fields that are as good, the one that comes first here. */
const bySelectivity = [
  Field.channel,
  Field.thread,
  Field.author,
  Field.tool,
  Field.tag,
  Field.path,
  Field.folder,
  Field.kind,
] as const

/** What a glob asks of a path's names behind the first so many. */
type Rest = { readonly names: readonly string[]; readonly depth: number }
/**
 * Finds the sessions whose filters an event meets. Each filter lies in one list, under its type and the field in which it
 * has the least company; an event looks at the lists of what it says, so its cost follows what it nearly meets and not
 * what there is. A filter comes in O(its fields), and goes in O(its list).
 */
export class Matcher {
  /** Sessions that the last event was for, the first `match()` of them, ascending. */
  hits: Uint32Array<ArrayBuffer> = new Uint32Array(64)
  /** Filters that are in force, and those that were taken out. */
  live = 0
  dead = 0
  readonly #facts = new Facts()
  readonly #texts = new Texts()
  readonly #postings = new Postings()
  readonly #types = new Types()
  readonly #globs: Rest[] = []
  readonly #globOf = new Map<string, number>()
  #filters = new Uint32Array(stride * 1024)
  /** By session: the first of its filters. */
  #first = new Uint32Array(1024)
  #count = 0

  /** Whether a row is a filter in force. */
  has(row: number): boolean {
    return (this.#filters[row * stride + at.key] ?? 0) !== 0
  }

  /** The rows of a session's filters, newest first. */
  rowsOf(session: number): number[] {
    const rows: number[] = []
    for (let row = this.#first[session] ?? 0; row !== 0; row = this.#filters[row * stride + at.sibling]!) rows.push(row)
    return rows
  }

  /** A filter with a row of its own is heard from now on. */
  add(row: number, session: number, filter: Filter): void {
    while ((row + 1) * stride > this.#filters.length) this.#filters = longer(this.#filters)
    while (session >= this.#first.length) this.#first = longer(this.#first)
    const type = this.#types.classOf(filter.type)
    const base = row * stride
    const filters = this.#filters
    const named = this.#readFields(base, filter)
    const field = this.#fieldFor(type, named, base)
    const key = keyOf(type, field)
    type.mask |= 1 << field
    const mask = named & ~(1 << field)
    filters[base + at.session] = session
    filters[base + at.key] = key
    filters[base + at.mask] = mask
    filters[base + at.sibling] = this.#first[session]!
    this.#first[session] = row
    const text = this.#textOf(base, field)
    this.#postings.add(key, hashText(text), text, [session, markOf(row, mask), this.#checkOf(base, mask)])
    this.live++
  }

  /** A filter is no longer heard. */
  remove(row: number): void {
    const filters = this.#filters
    const base = row * stride
    const key = filters[base + at.key]!
    const text = this.#textOf(base, fieldOf(key))
    this.#postings.remove(key, hashText(text), text, markOf(row, filters[base + at.mask]!))
    const session = filters[base + at.session]!
    let before = this.#first[session]!
    if (before === row) this.#first[session] = filters[base + at.sibling]!
    else {
      while (filters[before * stride + at.sibling] !== row) before = filters[before * stride + at.sibling]!
      filters[before * stride + at.sibling] = filters[base + at.sibling]!
    }
    filters.fill(0, base, base + stride)
    this.live--
    this.dead++
  }

  /** How many sessions an event is for; `hits` names them. O(fields of the event + filters that it nearly meets). */
  match(event: Event): number {
    const classes = this.#types.classesFor(event)
    if (classes.length === 0) return 0
    this.#facts.readEvent(event, this.#types.said)
    this.#count = 0
    for (let index = 0; index < classes.length; index++) this.#lookUp(classes[index]!)
    return this.#count > 1 ? ascending(this.hits, this.#count) : this.#count
  }

  #lookUp(type: TypeClass): void {
    const facts = this.#facts
    for (let rest = type.mask; rest !== 0; rest &= rest - 1) {
      const field = 31 - Math.clz32(rest & -rest)
      const key = keyOf(type, field)
      if (field === Field.tag) {
        facts.readTags()
        for (let index = 0; index < facts.tagCount; index++) {
          const tag = facts.tags[index]!
          this.#visit(key, facts.tagHashes[index]!, tag, tag.length)
        }
      } else if (field === Field.folder) {
        facts.readFolders()
        for (let index = 0; index < facts.folderCount; index++) {
          this.#visit(key, facts.folderHashes[index]!, facts.path, facts.folderEnds[index]!)
        }
      } else if (field === Field.any) this.#visit(key, noHash, '', 0)
      else {
        const text = facts.text(field)
        if (text !== '') this.#visit(key, facts.hash(field, text), text, text.length)
      }
    }
  }

  #visit(key: number, hash: number, text: string, units: number): void {
    const postings = this.#postings
    const block = postings.find(key, hash, text, units)
    if (block === 0) return
    const { blocks } = postings
    let entry = postings.first(block)
    for (let rest = postings.count(block); rest > 0; rest--, entry += wide) {
      const left = blocks[entry + 1]! & 3
      if (left === Left.one) {
        const check = blocks[entry + 2]!
        if (!this.#meets(check >>> valueBits, check & valueMask)) continue
      } else if (left === Left.more && !this.#meetsAll((blocks[entry + 1]! >>> 2) * stride)) continue
      if (this.#count === this.hits.length) this.hits = longer(this.hits)
      this.hits[this.#count++] = blocks[entry]!
    }
  }

  /** Whether the event says what the filter asks for in all fields but the one that it was found by. */
  #meetsAll(base: number): boolean {
    const filters = this.#filters
    for (let rest = filters[base + at.mask]!; rest !== 0; rest &= rest - 1) {
      const field = 31 - Math.clz32(rest & -rest)
      if (!this.#meets(field, filters[base + at.fields + field]!)) return false
    }
    return true
  }

  /** Whether the event says this in a field. */
  #meets(field: number, asked: number): boolean {
    if (field === Field.tag) return this.#hasTag(asked)
    if (field === Field.folder) {
      const path = this.#facts.text(Field.path)
      return path !== '' && this.#texts.begins(asked, path)
    }
    if (field !== Field.rest) return this.#texts.is(asked, this.#facts.text(field))
    const { names, depth } = this.#globs[asked]!
    return globMatches(names, this.#facts.names(), depth)
  }

  #hasTag(asked: number): boolean {
    const facts = this.#facts
    facts.readTags()
    for (let index = 0; index < facts.tagCount; index++) if (this.#texts.is(asked, facts.tags[index]!)) return true
    return false
  }

  /** Writes what a filter asks into its line. Returns the mask of the fields that it names. */
  #readFields(base: number, filter: Filter): number {
    const { kind, channel, thread, author, tool, tag, path } = filter
    let named = 0
    const fields = [kind, channel, thread, author, tool, tag]
    fields.forEach((value, field) => {
      if (value === undefined) return
      this.#filters[base + at.fields + field] = this.#texts.keep(value)
      named |= 1 << field
    })
    if (path === undefined) return named
    const glob = globOf(path)
    if (isLiteral(glob)) {
      this.#filters[base + at.fields + Field.path] = this.#texts.keep(path)
      return named | (1 << Field.path)
    }
    const depth = Math.min(glob.literal, depthMax)
    const rest = glob.names.slice(depth)
    const folder = glob.names.slice(0, depth).map((name) => `${name}/`)
    this.#facts.deepest = Math.max(this.#facts.deepest, depth)
    this.#filters[base + at.fields + Field.folder] = this.#texts.keep(folder.join(''))
    this.#filters[base + at.fields + Field.rest] = this.#globFor(rest, depth)
    named |= 1 << Field.folder
    // All that is in the folder is meant: then nothing is asked beyond.
    return rest.length === 1 && rest[0] === '**' ? named : named | (1 << Field.rest)
  }

  /** The only field that is left to verify, with its value; of several any. */
  #checkOf(base: number, mask: number): number {
    if (mask === 0) return 0
    const field = 31 - Math.clz32(mask)
    return ((field << valueBits) | this.#filters[base + at.fields + field]!) >>> 0
  }

  /** The field by which a filter is found best: where its list is short, else where it is shortest. */
  #fieldFor(type: TypeClass, named: number, base: number): number {
    let best: number = Field.any
    let least = Number.POSITIVE_INFINITY
    for (const field of bySelectivity) {
      if ((named & (1 << field)) === 0) continue
      const text = this.#textOf(base, field)
      const block = this.#postings.find(keyOf(type, field), hashText(text), text, text.length)
      const size = block === 0 ? 0 : this.#postings.count(block)
      if (size < short) return field
      if (size >= least) continue
      best = field
      least = size
    }
    return best
  }

  /** The value of a filter's field; none for the field that all events have. */
  #textOf(base: number, field: number): string {
    return field === Field.any ? '' : this.#texts.text(this.#filters[base + at.fields + field]!)
  }

  #globFor(names: readonly string[], depth: number): number {
    const text = `${depth} ${names.join('/')}`
    const known = this.#globOf.get(text)
    if (known !== undefined) return known
    const id = this.#globs.push({ names, depth }) - 1
    this.#globOf.set(text, id)
    return id
  }
}

/** The second number of an entry: the filter, and what is left to verify. */
function markOf(row: number, mask: number): number {
  return row * 4 + (mask === 0 ? Left.nothing : (mask & (mask - 1)) === 0 ? Left.one : Left.more)
}

function keyOf(type: TypeClass, field: number): number {
  return type.id * 16 + field
}

function fieldOf(key: number): number {
  return key & 15
}

/** Each of them once, in order. Returns how many they are. Few are the rule, and for few the plain way is the quickest. */
function ascending(hits: Uint32Array, count: number): number {
  if (count > 24) hits.subarray(0, count).sort()
  else {
    for (let index = 1; index < count; index++) {
      const hit = hits[index]!
      let to = index - 1
      for (; to >= 0 && hits[to]! > hit; to--) hits[to + 1] = hits[to]!
      hits[to + 1] = hit
    }
  }
  let kept = 1
  for (let index = 1; index < count; index++) if (hits[index] !== hits[index - 1]) hits[kept++] = hits[index]!
  return kept
}
