import { createRequire } from 'node:module'
import type matter from 'gray-matter'
import type { Json } from '../../engine/flow/event.ts'
import { lineAt, parseYaml, type YamlCode, type YamlParsed } from '../../engine/yaml.ts'
import { type Outline, outlineOf } from '../../engine/yaml-outline.ts'
import { readPlainMap } from '../../engine/yaml-plain.ts'
import type { Fence } from './fence.ts'

const require = createRequire(import.meta.url)
let read: typeof matter | undefined

/** Loaded with the first note: it brings a second reader of YAML, and most commands read no note. */
function reader(): typeof matter {
  read ??= require('gray-matter') as typeof matter
  return read
}

export type Data = { readonly [key: string]: Json }

/** Why front matter between proper fences was refused. */
export type MatterCode = YamlCode | 'NOT_A_MAP' | 'FENCE_UNCLEAR'

export type Matter =
  | {
      readonly ok: true
      readonly data: Data
      /** Where the pairs stand, for an edit; undefined when there are none. */
      readonly outline: () => Outline | undefined
    }
  | Refused

type Refused = {
  readonly ok: false
  readonly code: MatterCode
  readonly reason: string
  /** Counts from 1 within the note. */
  readonly line: number
}

/** The library's own engines run code from notes and read YAML 1.1, so every name it knows leads here instead. */
function refuse(): never {
  throw new Error('only YAML front matter is read')
}
const refusing = { json: refuse, javascript: refuse, js: refuse, coffee: refuse, cson: refuse, toml: refuse }

/**
 * Reads the front matter that `findFence` found. The text is parsed once, within the limits of `parseYaml`; nothing or
 * only comments counts as an empty map, while a list or a scalar is refused. Never throws.
 */
export function readMatter(fence: Extract<Fence, { kind: 'yaml' }>): Matter {
  const { yaml, close } = fence
  const parsed = parsePlainOrFull(yaml)
  if (!parsed.ok) return parsed
  const { outline, kind } = parsed
  const file = reader()(`---\n${yaml}${close}\n`, {
    language: 'yaml',
    delimiters: ['---', close],
    // Its own excerpt search would trust a key of the note.
    excerpt: () => '',
    engines: { ...refusing, yaml: (seen) => (seen === `\n${yaml.slice(0, -1)}` ? (parsed.data ?? {}) : {}) as Data },
  })
  if (kind === 'map' && file.data !== parsed.data) {
    return { ok: false, code: 'FENCE_UNCLEAR', reason: 'ends elsewhere for other readers', line: 1 }
  }
  return { ok: true, data: file.data as Data, outline }
}

type Parsed = Pick<YamlParsed, 'ok' | 'data' | 'kind'> & { readonly outline: () => Outline | undefined }

/** Most front matter is plain and read in microseconds; the rest goes to the full reader. */
function parsePlainOrFull(yaml: string): Parsed | Refused {
  const plain = readPlainMap(yaml)
  if (plain !== undefined) return { ok: true, data: plain.data, kind: 'map', outline: () => plain.outline }
  const parsed = parseYaml(yaml, { first_line: 2 })
  if (!parsed.ok) return parsed
  const { data, kind, document } = parsed
  if (kind === 'map' || kind === 'empty') return { ok: true, data, kind, outline: () => outlineOf(document) }
  const line = lineAt(yaml, document.contents?.range[0] ?? 0) + 1
  return { ok: false, code: 'NOT_A_MAP', reason: `is a ${kind}, not a map of keys`, line }
}
