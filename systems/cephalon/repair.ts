import type { Json } from '../../engine/flow/event.ts'
import type { ToolCallAsked } from '../events.ts'

/** Makes of what a model asked for what can be judged: ids, names, and arguments. Pure. */

export const argumentBytesMax = 65_536
export const argumentDepthMax = 32
const idLengthMax = 128
const nameLengthMax = 200
const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

export type Arguments =
  | { readonly ok: true; readonly value: { [name: string]: Json } }
  | { readonly ok: false; readonly reason: string }

/**
 * Reads the arguments of a call. Mended is only what leaves no doubt: nothing at all is no arguments, a code fence around the
 * JSON, commas before a closing bracket, and JSON inside a JSON string. O(length).
 */
export function readArguments(text: string): Arguments {
  if (Buffer.byteLength(text) > argumentBytesMax) return refused(`are longer than ${argumentBytesMax} bytes`)
  const bare = withoutFence(text.trim())
  if (bare === '') return { ok: true, value: {} }
  let value = parsed(bare)
  if (typeof value === 'string') value = parsed(withoutFence(value.trim()))
  if (value === undefined) return refused('are not JSON')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('must be a JSON object')
  const wrong = wrongIn(value, 0)
  return wrong === '' ? { ok: true, value: value as { [name: string]: Json } } : refused(wrong)
}

/**
 * Gives every call of an answer an id of its own and a name of sane length; ids that are there and single stay. O(calls).
 * @param made a name for the n-th call, from 0, that no other call of the conversation has
 */
export function normalCalls(calls: readonly ToolCallAsked[], made: (n: number) => string): ToolCallAsked[] {
  const taken = new Set<string>()
  return calls.map(({ id, name, arguments: given }, n) => {
    let own = id.trim()
    if (own === '' || own.length > idLengthMax || taken.has(own)) own = made(n)
    while (taken.has(own)) own = `${own}-again`
    taken.add(own)
    return { id: own, name: name.trim().slice(0, nameLengthMax).toWellFormed(), arguments: given }
  })
}

function refused(reason: string): Arguments {
  return { ok: false, reason }
}

function withoutFence(text: string): string {
  const inside = /^```[a-z]*[^\S\n]*\n([\s\S]*?)\n?```$/i.exec(text)
  return inside === null ? text : inside[1]!.trim()
}

function parsed(text: string): Json | undefined {
  return parsedAsIs(text) ?? parsedAsIs(withoutTrailingCommas(text))
}

function parsedAsIs(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined // No JSON: the model is told so.
  }
}

/** Leaves out commas that only white space parts from a closing bracket, outside of texts. */
function withoutTrailingCommas(text: string): string {
  let kept = ''
  let from = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (quoted) {
      if (letter === '\\') at++
      else if (letter === '"') quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === ',') {
      const next = nextLetter(text, at + 1)
      if (next !== '}' && next !== ']') continue
      kept += text.slice(from, at)
      from = at + 1
    }
  }
  return kept + text.slice(from)
}

function nextLetter(text: string, from: number): string | undefined {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++
  return text[at]
}

/** What makes parsed arguments unfit, or ''. Goes no deeper than may be. */
function wrongIn(value: Json, depth: number): string {
  if (typeof value !== 'object' || value === null) return ''
  if (depth >= argumentDepthMax) return `are nested deeper than ${argumentDepthMax}`
  const inner = Array.isArray(value) ? value : Object.values(value)
  if (!Array.isArray(value)) {
    for (const name of Object.keys(value)) if (forbidden.has(name)) return `must not have the key ${name}`
  }
  for (const each of inner) {
    const wrong = wrongIn(each, depth + 1)
    if (wrong !== '') return wrong
  }
  return ''
}
