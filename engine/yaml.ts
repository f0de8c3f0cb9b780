import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  visit,
  Document as YamlDocumentClass,
  Schema as YamlSchema,
} from 'yaml'
import { reasonOf } from './errors.ts'
import type { Json } from './flow/event.ts'
import { type PairStyle, plainPair } from './yaml-plain.ts'
import {
  escapeInvisible,
  inspect,
  lineAt,
  misread,
  Refusal,
  type YamlCode,
  type YamlLimits,
  yamlLimits,
} from './yaml-text.ts'

/** For the few who need places in a text; the package itself is imported here alone. */
export {
  isCollection,
  isMap,
  isScalar,
  isSeq,
  lineAt,
  type Node,
  type Pair,
  type YamlCode,
  type YamlLimits,
  yamlLimits,
}

/** `line` counts from 1 within the text. */
export type YamlRefused = {
  readonly ok: false
  readonly code: YamlCode
  readonly reason: string
  readonly line: number
}
/** The parsed nodes, for `outlineOf` and `lineOfPath`. */
export type YamlDocument = Document.Parsed
export type YamlParsed = {
  readonly ok: true
  /** Only what JSON can say; aliases are copied, merge keys applied, `__proto__` is a key like others. */
  readonly data: Json
  /** `empty`: nothing but blanks and comments. */
  readonly kind: 'empty' | 'map' | 'list' | 'scalar'
  readonly document: YamlDocument
  /** What was parsed. */
  readonly text: string
}

/** Tokens a line may hold on average; each costs about 4 µs, so the default limits stay near 50 ms. */
const tokensPerLine = 12
/** What aliases may add to the data, in values and characters, per byte of `bytes_max`. */
const growthMax = 4
const schema = new YamlSchema({ schema: 'core', merge: false, resolveKnownTags: false })
const printSchema = new YamlSchema({ schema: 'core', compat: 'yaml-1.1', resolveKnownTags: false })
const inFlow = /[,[\]{}]/
const parseOptions = {
  schema,
  prettyErrors: false,
  uniqueKeys: false,
  keepSourceTokens: true,
  logLevel: 'silent',
} as const
const coreTags = new Set([
  '!',
  ...['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
])

/**
 * Reads one YAML 1.2 document (core schema; timestamps and `.inf` stay text). Anything ambiguous or dangerous is
 * refused with the line: duplicate keys, foreign tags, alias bombs, several documents, unprintable characters.
 * Never throws. Within the default limits it takes no more than about 50 ms, and 0.1 ms for an ordinary note.
 */
export function parseYaml(text: string, limits: Partial<YamlLimits> = {}): YamlParsed | YamlRefused {
  const bounds = { ...yamlLimits, ...limits }
  try {
    const document = compose(text, bounds, inspect(text, bounds))
    const contents = document.contents as Node | null
    const empty = contents === null || isEmpty(contents)
    const data = empty ? null : new Reader(text, bounds).read(contents, 1)
    const kind = empty ? 'empty' : isMap(contents) ? 'map' : isSeq(contents) ? 'list' : 'scalar'
    return { ok: true, data, kind, document, text }
  } catch (thrown) {
    const { code, offset } = thrown instanceof Refusal ? thrown : { code: 'SYNTAX' as const, offset: 0 }
    return { ok: false, code, reason: reasonOf(thrown), line: lineAt(text, offset) + bounds.first_line - 1 }
  }
}

/** Drives the iterative lexer and parser by hand, so that depth and work are known before the recursive part begins. */
function compose(text: string, { lines_max, depth_max }: YamlLimits, backslashes: number): YamlDocument {
  const parser = new Parser()
  const composer = new Composer(parseOptions)
  const trees: CST.Token[] = []
  let budget = lines_max * tokensPerLine - backslashes
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) trees.push(token)
    budget -= 1
    if (budget < 0) throw new Refusal('TOO_COMPLEX', 'has too many tokens', parser.offset)
    if (parser.stack.length > depth_max + 2) {
      throw new Refusal('TOO_DEEP', `is nested deeper than ${depth_max} levels`, parser.offset)
    }
  }
  for (const token of parser.end()) trees.push(token)
  refuseTrees(trees)
  const [document] = composer.compose(trees, true, text.length)
  if (document === undefined) throw new Refusal('SYNTAX', 'holds no document', 0)
  const [error] = document.errors
  if (error !== undefined) throw new Refusal('SYNTAX', error.message.slice(0, 300), error.pos[0])
  return document as YamlDocument
}

function refuseTrees(trees: readonly CST.Token[]): void {
  let documents = 0
  for (const tree of trees) {
    if (tree.type === 'error') throw new Refusal('SYNTAX', tree.message.slice(0, 300), tree.offset)
    if (tree.type !== 'document') continue
    documents += 1
    if (documents > 1) throw new Refusal('MULTIPLE_DOCUMENTS', 'holds more than one YAML document', tree.offset)
  }
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.source === '' && !node.anchor && !node.tag && node.range?.[0] === node.range?.[1]
}

type DataMap = { [key: string]: Json }

/** A plain assignment of `__proto__` would change the prototype instead of adding a key. */
function setOwn(map: DataMap, key: string, value: Json): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true })
}

/** Turns nodes into data: linear in time, and in size bounded however often an alias is used. */
class Reader {
  private readonly text: string
  private readonly limits: YamlLimits
  private growth: number
  /** Anchors met so far; `undefined` while the anchored node itself is being read. */
  private readonly anchors = new Map<string, Json | undefined>()

  constructor(text: string, limits: YamlLimits) {
    this.text = text
    this.limits = limits
    this.growth = limits.bytes_max * growthMax
  }

  read(node: Node | null, depth: number): Json {
    if (node === null) return null
    const at = node.range?.[0] ?? 0
    if (depth > this.limits.depth_max)
      throw new Refusal('TOO_DEEP', `is nested deeper than ${this.limits.depth_max} levels`, at)
    if (isAlias(node)) return this.copy(this.anchored(node.source, at), depth, at)
    if (node.tag !== undefined && !coreTags.has(node.tag)) {
      throw new Refusal('TAG', `has the tag ${node.tag.slice(0, 80)}; only the plain YAML types are read`, at)
    }
    const anchor = isCollection(node) || isScalar(node) ? node.anchor : undefined
    if (anchor) this.anchors.set(anchor, undefined)
    const data = this.bare(node, depth)
    if (anchor) this.anchors.set(anchor, data)
    return data
  }

  private bare(node: Node, depth: number): Json {
    if (isScalar(node)) {
      const { value } = node
      if (typeof value === 'number' && !Number.isFinite(value)) return node.source ?? String(value)
      return value as Json
    }
    if (isSeq(node)) return node.items.map((item) => this.read(item as Node | null, depth + 1))
    return this.map(isMap(node) ? (node.items as Pair<Node, Node | null>[]) : [], depth)
  }

  private map(pairs: readonly Pair<Node, Node | null>[], depth: number): DataMap {
    const map: DataMap = {}
    let merged: Json | undefined
    for (const pair of pairs) {
      const key = this.key(pair.key)
      const merging = isMergeKey(pair.key)
      if (merging ? merged !== undefined : Object.hasOwn(map, key)) this.refuseDuplicate(pairs, pair, key)
      const value = this.read(pair.value, depth + 1)
      if (merging) merged = value
      else setOwn(map, key, value)
    }
    if (merged !== undefined) this.merge(map, merged, pairs.find((pair) => isMergeKey(pair.key))?.key.range?.[0] ?? 0)
    return map
  }

  /** What the map itself says wins over what it merges, and earlier sources win over later ones. */
  private merge(map: DataMap, merged: Json, at: number): void {
    for (const source of Array.isArray(merged) ? (merged as readonly Json[]) : [merged]) {
      if (typeof source !== 'object' || source === null || Array.isArray(source)) {
        throw new Refusal('MERGE', 'merges (<<) something that is not a map', at)
      }
      for (const [key, value] of Object.entries(source)) {
        if (!Object.hasOwn(map, key)) setOwn(map, key, value as Json)
      }
    }
  }

  private key(node: Node | null): string {
    const value = isCollection(node) ? undefined : this.read(node, 1)
    if (value === null) return ''
    if (value !== undefined && typeof value !== 'object') return String(value)
    throw new Refusal('KEY_NOT_TEXT', 'has a list or a map as a key', node?.range?.[0] ?? 0)
  }

  private refuseDuplicate(
    pairs: readonly Pair<Node, Node | null>[],
    pair: Pair<Node, Node | null>,
    key: string,
  ): never {
    const at = pair.key.range?.[0] ?? 0
    const first = pairs.find((other) => this.key(other.key) === key)?.key.range?.[0] ?? 0
    const [one, other] = [first, at].map((offset) => lineAt(this.text, offset) + this.limits.first_line - 1)
    const lines = `on line ${one} and again on line ${other}`
    throw new Refusal('DUPLICATE_KEY', `has the key ${JSON.stringify(key.slice(0, 80))} ${lines}`, at)
  }

  private anchored(name: string, at: number): Json {
    const value = this.anchors.get(name)
    if (value !== undefined) return value
    const why = this.anchors.has(name) ? 'contains itself' : 'stands for nothing'
    throw new Refusal('ALIAS', `has the alias *${name.slice(0, 80)}, which ${why}`, at)
  }

  /** Aliases become copies: data without sharing serialises to what was measured here, never to more. */
  private copy(value: Json, depth: number, at: number): Json {
    this.growth -= typeof value === 'string' ? value.length + 1 : 1
    if (this.growth < 0) throw new Refusal('ALIAS', 'grows too large when its aliases are written out', at)
    if (depth > this.limits.depth_max)
      throw new Refusal('TOO_DEEP', `is nested deeper than ${this.limits.depth_max} levels`, at)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return (value as readonly Json[]).map((item) => this.copy(item, depth + 1, at))
    const copied: DataMap = {}
    for (const [key, item] of Object.entries(value)) {
      this.growth -= key.length
      setOwn(copied, key, this.copy(item as Json, depth + 1, at))
    }
    return copied
  }
}

function isMergeKey(node: Node | null): boolean {
  return isScalar(node) && node.value === '<<' && node.type === 'PLAIN'
}

/** The text of a plain key; undefined for an alias. */
export function keyText(node: Node): string | undefined {
  if (!isScalar(node)) return undefined
  return node.value === null ? '' : String(node.value)
}

/**
 * Prints `key: value` without a final newline, so that YAML 1.1 readers (Obsidian, Jekyll) understand it as YAML 1.2
 * readers do: what they would take for a date, a number or a boolean is quoted, invisible characters are escaped.
 */
export function stringifyPair(key: string, value: Json, style: PairStyle = {}): string {
  return plainPair(key, value, style) ?? printedPair(key, value, style)
}

function printedPair(key: string, value: Json, style: PairStyle): string {
  const document = new YamlDocumentClass({ [key]: value }, { schema: printSchema, aliasDuplicateObjects: false })
  const flow = style.flow ?? false
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && (misread(node.value) || (flow && inFlow.test(node.value)))) {
        node.type = 'QUOTE_DOUBLE'
      }
    },
    Collection(_, node) {
      if (flow && node !== document.contents) node.flow = true
    },
  })
  const text = document.toString({
    lineWidth: 0,
    indentSeq: style.indent_sequences ?? true,
    blockQuote: false,
    doubleQuotedAsJSON: true,
    flowCollectionPadding: false,
    simpleKeys: true,
  })
  return escapeInvisible(text.slice(0, -1)).replaceAll('\n', style.newline ?? '\n')
}
