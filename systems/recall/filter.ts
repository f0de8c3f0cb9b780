import { assert, EngineError } from '../../engine/errors.ts'
import type { World } from '../../engine/world/world.ts'
import { Edge, Key, KeyKind, Memory, MemoryKind } from '../components.ts'
import { Spelling } from '../memory/mentions/spelling.ts'
import { kindPrefix } from '../memory/mentions.ts'
import type { RecallOptions } from './types.ts'

/** Says of a row whether it may be a hit. */
export type Accept = (row: number) => boolean

const hitsMost = 1000

/** How many hits are asked for. @throws EngineError RECALL_OPTION */
export function hitsOf({ hits_max = 10 }: RecallOptions): number {
  const fits = Number.isInteger(hits_max) && hits_max >= 1 && hits_max <= hitsMost
  assert(fits, 'RECALL_OPTION', `hits_max is a whole number from 1 to ${hitsMost}, not ${hits_max}`, hits_max)
  return hits_max
}

/**
 * The filter of some options. What is deleted or replaced never passes, but for what a summary stands for: that is found by its own
 * words, and the summary is shown in its place. @throws EngineError RECALL_OPTION
 */
export function filterOf(world: World, options: RecallOptions): Accept {
  const memory = world.of(Memory)
  const kinds = options.kinds === undefined ? undefined : new Set(options.kinds.map(kindOf))
  const thread = keyOf(world, KeyKind.thread, options.thread)
  const channel = keyOf(world, KeyKind.channel, options.channel)
  const author = keyOf(world, KeyKind.author, options.author)
  const tags = options.tags?.map((tag) => tagKeys(world, tag))
  const { from_ms = Number.NEGATIVE_INFINITY, to_ms = Number.POSITIVE_INFINITY } = options
  assert(!Number.isNaN(from_ms) && !Number.isNaN(to_ms), 'RECALL_OPTION', 'a time is no number', from_ms)
  const timed = from_ms !== Number.NEGATIVE_INFINITY || to_ms !== Number.POSITIVE_INFINITY
  const { deleted, kind, replaced_by } = memory
  const isServed = (row: number): boolean =>
    deleted[row] === 0 && (replaced_by[row] === 0 || kind[replaced_by[row]!] === MemoryKind.summary)
  const every = [kinds, thread, channel, author, tags].every((each) => each === undefined) && !timed
  if (every) return isServed
  return (row) => {
    if (!isServed(row)) return false
    if (kinds !== undefined && !kinds.has(memory.kind[row]!)) return false
    if (thread !== undefined && memory.thread[row] !== thread) return false
    if (channel !== undefined && memory.channel[row] !== channel) return false
    if (author !== undefined && memory.author[row] !== author) return false
    const at_ms = memory.happened_at_ms[row]!
    if (timed && (at_ms === 0 || at_ms < from_ms || at_ms >= to_ms)) return false
    return tags === undefined || tags.every((keys) => hasOne(world, memory.parent[row]! || row, keys))
  }
}

function kindOf(name: string): number {
  const kind = Object.hasOwn(MemoryKind, name) ? MemoryKind[name as keyof typeof MemoryKind] : 0
  if (kind !== 0) return kind
  const names = Object.keys(MemoryKind).filter((each) => each !== 'none')
  throw new EngineError('RECALL_OPTION', `there is no kind ${name}; choose of ${names.join(', ')}`, { value: name })
}

const spelling = new Spelling()

/** The key of a name; a row that none has when nobody ever used it; undefined when it was not asked for. */
function keyOf(world: World, kind: number, name: string | undefined): number | undefined {
  if (name === undefined) return undefined
  return findKey(world, kind, name) || 0xffff_ffff
}

function findKey(world: World, kind: number, name: string): number {
  spelling.open(kindPrefix[kind]!)
  spelling.plain(name, 0, name.length)
  spelling.close()
  return world.findPair(Key, 'key', spelling.hash[0]!, spelling.hash[1]!)
}

/** A tag may stand as a tag or, when it is typed, as a key of its own kind. */
function tagKeys(world: World, tag: string): ReadonlySet<number> {
  const slash = tag.indexOf('/')
  const typed = slash < 0 ? undefined : typedTags[tag.slice(0, slash)]
  const keys = [findKey(world, KeyKind.tag, tag)]
  if (typed !== undefined) keys.push(findKey(world, typed, tag.slice(slash + 1)))
  return new Set(keys.filter((key) => key !== 0))
}

const typedTags: Readonly<Record<string, number>> = {
  src: KeyKind.source,
  chan: KeyKind.channel,
  author: KeyKind.author,
  tool: KeyKind.tool,
  net: KeyKind.site,
  err: KeyKind.error,
  topic: KeyKind.topic,
  ops: KeyKind.ops,
}

function hasOne(world: World, row: number, keys: ReadonlySet<number>): boolean {
  const { first_edge, edges } = world.of(Memory)
  const { key } = world.of(Edge)
  const first = first_edge[row]!
  for (let at = first; at < first + edges[row]!; at++) if (keys.has(key[at]!)) return true
  return false
}
