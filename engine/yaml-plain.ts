import type { Json } from './flow/event.ts'
import type { Outline, OutlinePair } from './yaml-outline.ts'
import { misread } from './yaml-text.ts'

/**
 * The YAML that most notes hold: a flat map of words, numbers and short lists. Read here in microseconds; whatever is
 * not plainly of this form is left to the full reader. A property test holds both against each other.
 */
export type PlainMap = {
  readonly data: { readonly [key: string]: Json }
  /** Where its pairs stand, as `outlineOf` tells of a document. */
  readonly outline: Outline
}

const keyed = /^([A-Za-z_][A-Za-z0-9_-]*):(?:( +)(.*))?$/
const listed = /^( *)(- +)(.*)$/
const wholeNumber = /^(?:0|[1-9][0-9]{0,14})$/
/** Begins with a letter, holds nothing that could end or change a plain scalar, and is not what the core schema names. */
const plainWords = /^[A-Za-z\u00c0-\u024f](?:[^:#]|:(?! |$)|(?<! )#)*$/
const named = /^(?:true|false|null)$/i
const quoted = /^(?:"([^"\\]*)"|'([^']*)')$/
const flowList = /^\[ *((?:[A-Za-z][A-Za-z0-9_./-]*)(?: *, *[A-Za-z][A-Za-z0-9_./-]*)*)? *\]$/
const endComment = / +#.*$/
/** Line ends other than LF, tabs, and characters that are unprintable, invisible or half of a pair. */
const special = /[^\n\u0020-\u007e\u00a0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/
const charsMax = 8192

type Read = { readonly value: Json; readonly length: number; readonly style: 'scalar' | 'flow' }
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The data and places of a plain map, or undefined when the text needs the full reader. Pure; O(characters). */
export function readPlainMap(text: string): PlainMap | undefined {
  if (text.length > charsMax || special.test(text)) return undefined
  const map = new PlainReader()
  let offset = 0
  for (const line of text.split('\n')) {
    const silent = line === '' || line.startsWith('#')
    if (silent ? line !== '' && map.awaitsItem : !map.line(line, offset)) return undefined
    offset += line.length + 1
  }
  return map.end()
}

class PlainReader {
  readonly #data: { [key: string]: Json } = {}
  readonly #pairs: Mutable<OutlinePair>[] = []
  #list: Json[] | undefined
  #indent = -1
  #start = -1

  /** Whether a list has been opened that holds nothing yet; a comment would stand inside its pair. */
  get awaitsItem(): boolean {
    return this.#list?.length === 0
  }

  /** Takes one line in; false when it is not plain. */
  line(line: string, offset: number): boolean {
    const item = this.#list === undefined ? null : listed.exec(line)
    if (item !== null) return this.#item(item, offset)
    if (this.awaitsItem) return false
    this.#list = undefined
    const pair = keyed.exec(line)
    return pair !== null && this.#pair(pair, offset)
  }

  end(): PlainMap | undefined {
    const last = this.#pairs.at(-1)
    if (last === undefined || this.awaitsItem) return undefined
    return { data: this.#data, outline: { flow: false, start: this.#start, end: last.value_end, pairs: this.#pairs } }
  }

  #pair([, key = '', blanks = '', written]: RegExpExecArray, offset: number): boolean {
    if (Object.hasOwn(this.#data, key) || key === '__proto__' || named.test(key)) return false
    if (this.#start === -1) this.#start = offset
    const key_end = offset + key.length
    const place = { key, key_end, colon_end: key_end + 1, comment_end: -1 }
    if (written === undefined) {
      this.#list = []
      this.#indent = -1
      this.#data[key] = this.#list
      this.#pairs.push({ ...place, value_start: -1, value_end: -1, style: 'list' })
      return true
    }
    const read = fieldOf(written)
    if (read === undefined) return false
    const value_start = key_end + 1 + blanks.length
    this.#data[key] = read.value
    this.#pairs.push({ ...place, value_start, value_end: value_start + read.length, style: read.style })
    return true
  }

  #item([, indent = '', dash = '', written = '']: RegExpExecArray, offset: number): boolean {
    const read = scalarOf(written)
    const pair = this.#pairs.at(-1)
    if (read === undefined || pair === undefined || (this.#indent !== -1 && indent.length !== this.#indent))
      return false
    this.#indent = indent.length
    this.#list?.push(read.value)
    if (pair.value_start === -1) pair.value_start = offset + indent.length
    pair.value_end = offset + indent.length + dash.length + read.length
    return true
  }
}

function fieldOf(written: string): Read | undefined {
  const flow = flowList.exec(written)
  if (flow === null) return scalarOf(written)
  const words = flow[1] === undefined ? [] : flow[1].split(',').map((word) => word.trim())
  return words.some((word) => named.test(word)) ? undefined : { value: words, length: written.length, style: 'flow' }
}

/** A scalar, and how long it is without the comment behind it. */
function scalarOf(line: string): Read | undefined {
  const written = line.replace(endComment, '')
  if (written.endsWith(' ')) return undefined
  const read = (value: Json): Read => ({ value, length: written.length, style: 'scalar' })
  if (plainWords.test(written)) return named.test(written) ? undefined : read(written)
  if (wholeNumber.test(written)) return read(Number(written))
  const text = quoted.exec(written)
  return text === null ? undefined : read(text[1] ?? text[2] ?? '')
}

/** How a pair is printed. */
export type PairStyle = {
  readonly newline?: '\n' | '\r\n'
  /** Whether lists in block style stand two blanks to the right of their key. */
  readonly indent_sequences?: boolean
  /** Everything on one line, fit to stand inside `{}`. */
  readonly flow?: boolean
}

/** Words that no reader can take for anything but text: most of what is ever written, and not worth a document. */
const plainText = /^[A-Za-z](?:[A-Za-z0-9 _./,;()!?'-]*[A-Za-z0-9.,;)!?'])?$/
/** What stands between double quotes as it is. */
const quotable = /^[ !#-[\]-~]*$/
const plainKey = /^[A-Za-z][A-Za-z0-9_-]*$/

/** `key: value` without a document; undefined where the full printer has to decide. */
export function plainPair(key: string, value: Json, style: PairStyle): string | undefined {
  if (style.flow === true || !plainKey.test(key) || misread(key)) return undefined
  if (!Array.isArray(value)) {
    const text = plainScalar(value)
    return text === undefined ? undefined : `${key}: ${text}`
  }
  const items = value.map(plainScalar)
  if (items.length === 0 || items.includes(undefined)) return undefined
  const [indent, newline] = [(style.indent_sequences ?? true) ? '  ' : '', style.newline ?? '\n']
  return `${key}:${items.map((item) => `${newline}${indent}- ${item}`).join('')}`
}

function plainScalar(value: Json): string | undefined {
  if (typeof value !== 'string') return undefined
  if (plainText.test(value) && !misread(value)) return value
  // A slug that begins with a date needs no quotes; the full printer knows.
  return quotable.test(value) && (misread(value) || !/^\d/.test(value)) ? `"${value}"` : undefined
}
