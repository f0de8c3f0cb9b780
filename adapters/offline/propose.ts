import type { Payload } from '../../engine/flow/event.ts'
import { proposeDescription } from './description.ts'
import { type Outline, outline } from './outline.ts'
import { proposeSlug } from './slug.ts'
import { proposeTags } from './tags.ts'
import { bodyCharactersMax, cutAtWord } from './text.ts'
import { proposeTitle } from './title.ts'

type Fields = { readonly [key: string]: unknown }

/** What is known of a note whose front matter is to be proposed; whatever is missing or odd counts as empty. */
export type Question = {
  readonly path: string
  /** The front matter as it stands. */
  readonly data: Fields
  readonly body: string
  /** Keys for which values are asked. */
  readonly keys: readonly string[]
  /** JSON Schemas by key. */
  readonly properties: Fields
  readonly defaults: Fields
}

export type Proposal =
  | { readonly ok: true; readonly values: Fields }
  | { readonly ok: false; readonly key: string; readonly reason: string }

/** Reads a question out of a message's content. Never throws. */
export function questionOf(content: Payload): Question {
  const path = own(content, 'path')
  const body = own(content, 'body')
  const keys = own(content, 'keys')
  return {
    path: typeof path === 'string' ? path.slice(0, 4096) : '',
    data: fields(own(content, 'data')),
    body: typeof body === 'string' ? body.slice(0, bodyCharactersMax) : '',
    keys: Array.isArray(keys) ? keys.filter((key) => typeof key === 'string').slice(0, 256) : [],
    properties: fields(own(fields(own(content, 'schema')), 'properties')),
    defaults: fields(own(content, 'defaults')),
  }
}

/** A value for every asked key, or the first key for which nothing honest can be said. Pure and deterministic. */
export function propose(question: Question): Proposal {
  const body = outline(question.body)
  const title = proposeTitle(question.path, question.data, body)
  const values: [string, unknown][] = []
  for (const key of question.keys) {
    const value = valueFor(key, question, body, title)
    if (value === undefined) {
      const reason = `nothing in the note says what its '${key}' is; give it a default in the contract, or configure a model`
      return { ok: false, key, reason }
    }
    values.push([key, value])
  }
  // `fromEntries` defines own keys, so a key named `__proto__` stays a key.
  return { ok: true, values: Object.fromEntries(values) }
}

function valueFor(key: string, question: Question, body: Outline, title: string): unknown {
  const { path, data, properties, defaults } = question
  const schema = fields(own(properties, key))
  const written = own(data, key)
  if (key === 'slug') return proposeSlug(path, written, limit(schema, 'maxLength', 120))
  if (key === 'title') return cutAtWord(title, limit(schema, 'maxLength', 300))
  if (key === 'description') return proposeDescription(written, body, title, limit(schema, 'maxLength', 200))
  if (key === 'tags') return proposeTags(path, data, body, title, limit(schema, 'maxItems', 64))
  return generalValue(written, schema, own(defaults, key))
}

/** For keys this adapter has no rule for: only what the contract itself offers, or a value that claims nothing. */
function generalValue(written: unknown, schema: Fields, preset: unknown): unknown {
  const allowed = own(schema, 'enum')
  if (Array.isArray(allowed) && typeof written === 'string') {
    const meant = written.trim().toLowerCase()
    const same = allowed.find((option) => typeof option === 'string' && option.toLowerCase() === meant)
    if (same !== undefined) return same
  }
  if (preset !== undefined) return preset
  if (Array.isArray(allowed) && allowed.length > 0) return allowed[0]
  const byDefault = own(schema, 'default') ?? own(schema, 'const')
  if (byDefault !== undefined) return byDefault
  const type = own(schema, 'type')
  if (type === 'array' && own(schema, 'minItems') === undefined) return []
  if (type === 'object' && own(schema, 'required') === undefined && own(schema, 'minProperties') === undefined)
    return {}
  return type === 'null' ? null : undefined
}

function limit(schema: Fields, keyword: string, ours: number): number {
  const theirs = own(schema, keyword)
  return typeof theirs === 'number' && theirs >= 1 ? Math.min(ours, Math.floor(theirs)) : ours
}

function own(from: Fields, key: string): unknown {
  return Object.hasOwn(from, key) ? from[key] : undefined
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}
