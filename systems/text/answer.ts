import type { Json } from '../../engine/flow/event.ts'
import { parseYaml } from '../../engine/yaml.ts'

export type Answer =
  | { readonly ok: true; readonly value: { readonly [key: string]: Json } }
  | { readonly ok: false; readonly reason: string }

const bytesMax = 65_536
const depthMax = 64
const fenceLine = /^[ \t]*(`{3,}|~{3,})[ \t]*(\w*)[ \t]*$/
const languages = new Set(['', 'json', 'yaml', 'yml'])

/**
 * Finds the one object in a model's answer: the whole text as JSON, or one fenced block of JSON or YAML, or the first
 * balanced `{…}`. Never throws; the reason is fit to be shown to the model.
 */
export function parseAnswer(content: string): Answer {
  if (content.length > bytesMax) return refused(`the answer is larger than ${bytesMax} characters`)
  const whole = content.trim()
  const direct = parseJson(whole)
  if (direct !== undefined) return objectOnly(direct)
  const blocks = fencedBlocks(content)
  if (blocks.length > 1) return refused(`the answer holds ${blocks.length} blocks; give one JSON object`)
  const [inner] = blocks
  if (inner !== undefined) return parseBlock(inner)
  const braces = balanced(whole)
  const found = braces === undefined ? undefined : parseJson(braces)
  return found === undefined ? refused('the answer holds no JSON object') : objectOnly(found)
}

/** The insides of Markdown code blocks that may hold data. */
function fencedBlocks(content: string): string[] {
  const blocks: string[] = []
  let fence: { mark: string; wanted: boolean; lines: string[] } | undefined
  for (const line of content.split(/\r?\n/)) {
    const [, mark, language] = fenceLine.exec(line) ?? []
    if (fence === undefined) {
      if (mark !== undefined) fence = { mark, wanted: languages.has((language ?? '').toLowerCase()), lines: [] }
    } else if (mark === fence.mark && language === '') {
      if (fence.wanted) blocks.push(fence.lines.join('\n'))
      fence = undefined
    } else fence.lines.push(line)
  }
  return blocks
}

function parseBlock(text: string): Answer {
  const json = parseJson(text)
  if (json !== undefined) return objectOnly(json)
  const yaml = parseYaml(text)
  return yaml.ok ? objectOnly(yaml.data) : refused(`the block ${yaml.reason} (line ${yaml.line})`)
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is an ordinary answer here: the caller tries the next form.
    return undefined
  }
}

function objectOnly(value: Json): Answer {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('the answer is not an object')
  if (tooDeep(value)) return refused(`the answer is nested deeper than ${depthMax} levels`)
  return { ok: true, value: value as { readonly [key: string]: Json } }
}

/** Level by level instead of by recursion, because the depth is the model's choice. */
function tooDeep(value: Json): boolean {
  let level: Json[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) return true
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? (Object.values(item) as Json[]) : []))
  }
  return false
}

/** The first `{…}` whose braces balance outside of strings; one pass. */
function balanced(text: string): string | undefined {
  const start = text.indexOf('{')
  if (start === -1) return undefined
  let depth = 0
  let quoted = false
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (quoted) {
      if (character === '\\') at += 1
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth === 0) return text.slice(start, at + 1)
    }
  }
  return undefined
}

function refused(reason: string): Answer {
  return { ok: false, reason }
}
