import matter from 'gray-matter'
import type { Json } from '../../engine/flow/event.ts'
import {
  lineAt,
  parseYaml,
  type YamlCode,
  type YamlDocument,
  type YamlParsed,
  type YamlRefused,
} from '../../engine/yaml.ts'
import { readPlainMap } from '../../engine/yaml-plain.ts'
import type { Fence } from './fence.ts'

export type Data = { readonly [key: string]: Json }

/** Why front matter between proper fences was refused. */
export type MatterCode = YamlCode | 'NOT_A_MAP' | 'FENCE_UNCLEAR'

export type Matter =
  | {
      readonly ok: true
      readonly data: Data
      /** The parsed nodes, for an edit. */
      readonly document: () => YamlDocument
    }
  | {
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
  if (!parsed.ok) return { ...parsed, line: parsed.line + 1 }
  const { document, kind } = parsed
  if (kind !== 'map' && kind !== 'empty') {
    const line = lineAt(yaml, document().contents?.range[0] ?? 0) + 1
    return { ok: false, code: 'NOT_A_MAP', reason: `is a ${kind}, not a map of keys`, line }
  }
  const file = matter(`---\n${yaml}${close}\n`, {
    language: 'yaml',
    delimiters: ['---', close],
    // Its own excerpt search would trust a key of the note.
    excerpt: () => '',
    engines: { ...refusing, yaml: (seen) => (seen === `\n${yaml.slice(0, -1)}` ? (parsed.data ?? {}) : {}) as Data },
  })
  if (kind === 'map' && file.data !== parsed.data) {
    return { ok: false, code: 'FENCE_UNCLEAR', reason: 'ends elsewhere for other readers', line: 1 }
  }
  return { ok: true, data: file.data as Data, document }
}

type Parsed = Omit<YamlParsed, 'document' | 'text'> & { readonly document: () => YamlDocument }

/** Most front matter is plain, and most notes are only checked: their nodes are made when an edit asks for them. */
function parsePlainOrFull(yaml: string): Parsed | YamlRefused {
  const data = readPlainMap(yaml)
  if (data !== undefined) return { ok: true, data, kind: 'map', document: () => fullDocument(yaml) }
  const parsed = parseYaml(yaml)
  return parsed.ok ? { ...parsed, document: () => parsed.document } : parsed
}

function fullDocument(yaml: string): YamlDocument {
  const parsed = parseYaml(yaml)
  if (!parsed.ok) throw new Error(`a plain map is no YAML: ${parsed.reason}`)
  return parsed.document
}
