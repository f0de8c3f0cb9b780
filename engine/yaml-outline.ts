import {
  isCollection,
  isMap,
  isScalar,
  isSeq,
  keyText,
  lineAt,
  type Node,
  type Pair,
  type YamlDocument,
  type YamlParsed,
} from './yaml.ts'

/** Where one pair of the top-level map stands; offsets into the parsed text, -1 for what is not there. */
export type OutlinePair = {
  /** Undefined when the key is an alias. */
  readonly key: string | undefined
  readonly key_end: number
  /** After the `:`. */
  readonly colon_end: number
  /** End of the last comment between the colon and the value. */
  readonly comment_end: number
  /** Where the value begins, its anchor and tag included. */
  readonly value_start: number
  readonly value_end: number
  readonly style: 'none' | 'scalar' | 'flow' | 'map' | 'list'
}

/** Where the top-level map and its pairs stand in the text. */
export type Outline = {
  readonly flow: boolean
  readonly start: number
  readonly end: number
  readonly pairs: readonly OutlinePair[]
}

/** The places of a document's top-level map, for edits that leave every other byte alone; undefined for other documents. */
export function outlineOf(document: YamlDocument): Outline | undefined {
  const contents = document.contents as Node | null
  if (!isMap(contents)) return undefined
  const [start, end] = contents.range ?? [0, 0]
  const pairs = (contents.items as Pair<Node, Node | null>[]).map(outlinePair)
  return { flow: contents.flow === true, start, end, pairs }
}

function outlinePair(pair: Pair<Node, Node | null>): OutlinePair {
  const separators = pair.srcToken?.sep ?? []
  const colon = separators.findIndex((token) => token.type === 'map-value-ind')
  let comment_end = -1
  let props_start = -1
  let props_end = -1
  for (const token of colon === -1 ? [] : separators.slice(colon + 1)) {
    const token_end = token.offset + token.source.length
    if (token.type === 'comment') comment_end = token_end
    if (token.type !== 'anchor' && token.type !== 'tag') continue
    if (props_start === -1) props_start = token.offset
    props_end = token_end
  }
  const value = pair.value
  const bare = value === null || (isScalar(value) && value.source === '' && value.range?.[0] === value.range?.[1])
  const none = bare && props_start === -1
  return {
    key: keyText(pair.key),
    key_end: pair.key.range?.[1] ?? 0,
    colon_end: colon === -1 ? -1 : (separators[colon]?.offset ?? 0) + 1,
    comment_end,
    value_start: none ? -1 : props_start !== -1 ? props_start : (value?.range?.[0] ?? -1),
    value_end: none ? -1 : bare ? props_end : endOf(value),
    style: none ? 'none' : styleOf(value),
  }
}

function styleOf(node: Node | null): OutlinePair['style'] {
  if (!isCollection(node)) return 'scalar'
  if (node.flow === true) return 'flow'
  return isMap(node) ? 'map' : 'list'
}

/** A block collection's own range may run on into the comments that follow it; its last item's does not. */
function endOf(node: Node): number {
  const end = node.range?.[1] ?? 0
  if (!isCollection(node) || node.flow === true) return end
  const last: unknown = node.items.at(-1)
  if (last === undefined) return end
  if (isSeq(node)) return endOf(last as Node)
  const { key, value } = last as Pair<Node, Node | null>
  return Math.max(endOf(key), value === null ? 0 : endOf(value))
}

/** The line, from 1, on which the value at a path of keys stands; where the path leads nowhere, its nearest parent's. */
export function lineOfPath(parsed: YamlParsed, keys: readonly string[]): number {
  let node = parsed.document.contents as Node | null
  let at = node?.range?.[0] ?? 0
  for (const key of keys) {
    if (isMap(node)) {
      const pair = (node.items as Pair<Node, Node | null>[]).find((candidate) => keyText(candidate.key) === key)
      if (pair === undefined) break
      at = pair.key.range?.[0] ?? at
      node = pair.value
    } else if (isSeq(node)) {
      node = (node.items[Number(key)] as Node | null | undefined) ?? null
      at = node?.range?.[0] ?? at
    } else break
  }
  return lineAt(parsed.text, at)
}
