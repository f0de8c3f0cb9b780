import type { Json } from './flow/event.ts'

/**
 * The YAML that most notes hold: a flat map of words, numbers and short lists. Read here in microseconds; whatever is
 * not plainly of this form is left to the full reader. A property test holds both against each other.
 */

const keyed = /^([A-Za-z_][A-Za-z0-9_-]*):(?: +(.*))?$/
const listed = /^( *)- +(.*)$/
const wholeNumber = /^(?:0|[1-9][0-9]{0,14})$/
/** Begins with a letter, holds nothing that could end or change a plain scalar, and is not what the core schema names. */
const plainScalar = /^[A-Za-z\u00c0-\u024f](?:[^:#]|:(?! |$)|(?<! )#)*$/
const named = /^(?:true|false|null)$/i
const quoted = /^(?:"([^"\\]*)"|'([^']*)')$/
const flowList = /^\[ *((?:[A-Za-z][A-Za-z0-9_./-]*)(?: *, *[A-Za-z][A-Za-z0-9_./-]*)*)? *\]$/
/** Line ends other than LF, tabs, and characters that are unprintable, invisible or half of a pair. */
const special = /[^\n\u0020-\u007e\u00a0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/
const charsMax = 8192

/** The data of a plain map, or undefined when the text needs the full reader. Pure; O(characters). */
export function readPlainMap(text: string): { [key: string]: Json } | undefined {
  if (text.length > charsMax || special.test(text)) return undefined
  const data: { [key: string]: Json } = {}
  let list: Json[] | undefined
  let listIndent = -1
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const item = list === undefined ? null : listed.exec(line)
    if (item !== null && list !== undefined) {
      const value = scalarOf(item[2]!)
      if (value === undefined || (listIndent !== -1 && item[1]!.length !== listIndent)) return undefined
      listIndent = item[1]!.length
      list.push(value)
      continue
    }
    if (list !== undefined && list.length === 0) return undefined
    list = undefined
    const pair = keyed.exec(line)
    if (pair === null) return undefined
    const [, key = '', written] = pair
    if (Object.hasOwn(data, key) || key === '__proto__' || named.test(key)) return undefined
    const value = written === undefined ? [] : fieldOf(written)
    if (value === undefined) return undefined
    if (written === undefined) {
      list = []
      listIndent = -1
      data[key] = list
    } else data[key] = value
  }
  if (list !== undefined && list.length === 0) return undefined
  return Object.keys(data).length === 0 ? undefined : data
}

function fieldOf(written: string): Json | undefined {
  const flow = flowList.exec(written)
  if (flow === null) return scalarOf(written)
  const words = flow[1] === undefined ? [] : flow[1].split(',').map((word) => word.trim())
  return words.some((word) => named.test(word)) ? undefined : words
}

function scalarOf(written: string): Json | undefined {
  if (written.endsWith(' ')) return undefined
  if (plainScalar.test(written)) return named.test(written) ? undefined : written
  if (wholeNumber.test(written)) return Number(written)
  const text = quoted.exec(written)
  return text === null ? undefined : (text[1] ?? text[2])
}
