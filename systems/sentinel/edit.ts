import type { Json } from '../../engine/flow/event.ts'
import { stringifyPair } from '../../engine/yaml.ts'
import type { Outline, OutlinePair } from '../../engine/yaml-outline.ts'
import type { PairStyle } from '../../engine/yaml-plain.ts'
import type { Data } from './matter.ts'
import { type Note, readNote } from './note.ts'

export type Stamp = { readonly key: string; readonly value: string }

/** What may be written into a note. */
export type Amendment = {
  /** Values by key; keys that are not at fault are ignored. */
  readonly proposal: Data
  /** The top-level keys at fault, from `keysAtFault`. */
  readonly keys: readonly string[]
  /** In which order missing keys are added; keys it does not name come after those it does. */
  readonly order: readonly string[]
  /** Set, or renewed, along with the rest. */
  readonly stamp?: Stamp | undefined
}

export type Amended =
  | {
      readonly ok: true
      /** The text that takes the place of `note.head`; equal to it when there was nothing to do. */
      readonly head: string
      /** The front matter as the new head reads. */
      readonly data: Data
      /** What stood under the keys that were given another value. */
      readonly replaced: Data
    }
  | { readonly ok: false; readonly code: 'EDIT_UNSAFE' | 'PROPOSAL_INVALID'; readonly reason: string }

type Splice = { readonly at: number; readonly until: number; readonly text: string }
type Changes = ReadonlyMap<string, Json>

/**
 * Writes proposed values into the head of a note, touching nothing else: what the author wrote keeps its bytes, its
 * order and its comments, an invalid value is replaced where it stands, missing keys follow the author's last one.
 * @param note as `readNote` gave it
 * @returns EDIT_UNSAFE when the result, read again, is not exactly what was meant: then nothing must be written.
 * Pure; never throws; about half a millisecond for an ordinary note.
 */
export function amend(note: Note, amendment: Amendment): Amended {
  const changes = changesOf(amendment)
  for (const [key, value] of changes) {
    const fault = faultOf(value)
    if (fault !== undefined) return { ok: false, code: 'PROPOSAL_INVALID', reason: `the value of ${key} ${fault}` }
    if (Object.hasOwn(note.data, key) && same(note.data[key], value)) changes.delete(key)
  }
  if (changes.size === 0) return { ok: true, head: note.head, data: note.data, replaced: {} }
  const head = note.matter === undefined ? newHead(note, changes) : editedHead(note, note.matter, changes)
  if (head === undefined) return unsafe('a key at fault is written in a form that is not edited')
  const after = readNote(head + note.text.slice(note.body_start))
  if (!after.ok) return unsafe(`the edited front matter ${after.reason} (line ${after.line})`)
  if (after.body_start !== head.length) return unsafe('the edit would move the beginning of the body')
  const fault = differenceOf(note.data, after.data, changes)
  if (fault !== undefined) return unsafe(fault)
  const replaced = Object.entries(note.data).filter(([key]) => changes.has(key))
  return { ok: true, head, data: after.data, replaced: Object.fromEntries(replaced) }
}

function unsafe(reason: string): Amended {
  return { ok: false, code: 'EDIT_UNSAFE', reason }
}

function changesOf({ proposal, keys, order, stamp }: Amendment): Map<string, Json> {
  const ranked = [...order.filter((key) => keys.includes(key)), ...keys.filter((key) => !order.includes(key))]
  const changes = new Map<string, Json>()
  for (const key of ranked) {
    const value = Object.hasOwn(proposal, key) ? proposal[key] : undefined
    if (value !== undefined) changes.set(key, value)
  }
  if (stamp !== undefined) changes.set(stamp.key, stamp.value)
  return changes
}

/** Bounds of a proposed value: it comes from a model. */
const proposalDepthMax = 8

function faultOf(value: Json | undefined, depth = 1): string | undefined {
  if (depth > proposalDepthMax) return 'is nested too deep'
  if (value === undefined) return 'is undefined'
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'is not a finite number'
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'holds half of a surrogate pair'
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const fault = key.isWellFormed() ? faultOf(item as Json | undefined, depth + 1) : 'holds half of a surrogate pair'
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Data here are trees in a fixed order of keys, so their JSON tells whether they are equal. */
function same(one: Json | undefined, other: Json | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

function newHead(note: Note, changes: Changes): string {
  const { newline } = note
  const lines = [...changes].map(([key, value]) => stringifyPair(key, value, { newline }) + newline)
  return `${note.head}---${newline}${lines.join('')}---${newline}`
}

function editedHead(note: Note, matter: NonNullable<Note['matter']>, changes: Changes): string | undefined {
  const yaml = note.text.slice(matter.start, matter.end)
  const outline = matter.outline() ?? { flow: false, start: 0, end: 0, pairs: [] }
  const indent = outline.flow ? '' : indentOf(yaml, outline.start)
  const style: PairStyle = { flow: outline.flow, indent_sequences: indentsLists(yaml, outline, indent) }
  const splices: Splice[] = []
  const added: string[] = []
  for (const [key, value] of changes) {
    const pair = outline.pairs.find((candidate) => candidate.key === key)
    if (pair === undefined) {
      added.push(stringifyPair(key, value, style))
      continue
    }
    const replacing = replace(yaml, outline, pair, value, style, indent)
    if (replacing === undefined) return undefined
    splices.push(...replacing)
  }
  if (added.length > 0) splices.push(outline.flow ? addToFlow(outline, added) : addToBlock(yaml, added, indent))
  const fitted = splices.map((splice) => ({ ...splice, text: splice.text.replaceAll('\n', note.newline) }))
  const edited = applySplices(yaml, fitted)
  return note.text.slice(0, matter.start) + edited + note.text.slice(matter.end, note.body_start)
}

function applySplices(text: string, splices: readonly Splice[]): string {
  let result = ''
  let done = 0
  for (const { at, until, text: inserted } of splices.toSorted((one, other) => one.at - other.at)) {
    result += text.slice(done, at) + inserted
    done = until
  }
  return result + text.slice(done)
}

function indentOf(yaml: string, offset: number): string {
  const line = yaml.slice(yaml.lastIndexOf('\n', offset - 1) + 1, offset)
  return /^ */.exec(line)?.[0] ?? ''
}

/** How the author indents lists under a key; two blanks, as Obsidian does, when there is none to see. */
function indentsLists(yaml: string, outline: Outline, indent: string): boolean {
  const list = outline.pairs.find((pair) => pair.style === 'list')
  return list === undefined || indentOf(yaml, list.value_start).length > indent.length
}

function addToBlock(yaml: string, added: readonly string[], indent: string): Splice {
  const lines = added.map((pair) => `${indentLines(indent + pair, indent)}\n`)
  return { at: yaml.length, until: yaml.length, text: lines.join('') }
}

/** Right behind the last value, before a trailing comma or comment, which then follows what was added. */
function addToFlow(outline: Outline, added: readonly string[]): Splice {
  const last = outline.pairs.at(-1)
  const at = last === undefined ? outline.start + 1 : Math.max(last.key_end, last.colon_end, last.value_end)
  return { at, until: at, text: (last === undefined ? '' : ', ') + added.join(', ') }
}

function indentLines(text: string, indent: string): string {
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`)
}

/**
 * Splices that put a value in the place of another. A comment that shares a line with the old value stays where it is,
 * and then the new value stays on one line.
 */
function replace(
  yaml: string,
  outline: Outline,
  pair: OutlinePair,
  value: Json,
  style: PairStyle,
  indent: string,
): Splice[] | undefined {
  const { colon_end, comment_end } = pair
  if (colon_end === -1 && !outline.flow) return undefined
  const value_end = trimmedEnd(yaml, colon_end, pair.value_end)
  const commented = comment_end !== -1 || /^[ \t]+#/.test(yaml.slice(value_end, value_end + 200))
  const inline = style.flow === true || commented || pair.style === 'flow'
  const printed = stringifyPair('k', value, { ...style, flow: inline }).slice(2)
  const text = indentLines(printed, indent)
  if (colon_end === -1) return [{ at: pair.key_end, until: pair.key_end, text: `:${text}` }]
  if (comment_end === -1 || pair.value_start === -1) return [{ at: colon_end, until: value_end, text }]
  return [
    { at: colon_end, until: colon_end, text },
    { at: comment_end, until: value_end, text: '' },
  ]
}

/** Block values end with their line; what is replaced ends before it. */
function trimmedEnd(yaml: string, start: number, end: number): number {
  let at = Math.max(start, end)
  while (at > start && ' \t\r\n'.includes(yaml[at - 1] ?? '')) at -= 1
  return at
}

/** Names the first thing in the edited note that is not as it was meant to be. */
function differenceOf(before: Data, after: Data, changes: Changes): string | undefined {
  for (const [key, value] of Object.entries(after)) {
    const expected = changes.has(key) ? changes.get(key) : Object.hasOwn(before, key) ? before[key] : undefined
    if (!same(expected, value)) return `the edit would change the value of ${key}`
  }
  const lost = [...Object.keys(before), ...changes.keys()].find((key) => !Object.hasOwn(after, key))
  return lost === undefined ? undefined : `the edit would lose the key ${lost}`
}
