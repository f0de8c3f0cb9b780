/** Why a note's front matter cannot be read as YAML between two fences. */
export type FenceCode = 'LANGUAGE' | 'TOML' | 'JSON' | 'UNTERMINATED' | 'FENCE_UNCLEAR' | 'LONE_CR'

export type Newline = '\n' | '\r\n'

/** Offsets are UTF-16 code units into the note's text. */
export type Fence =
  | {
      readonly kind: 'none'
      readonly bom: boolean
      readonly newline: Newline
      /** Where the body begins: after the byte order mark, if there is one. */
      readonly head_end: number
    }
  | {
      readonly kind: 'yaml'
      readonly bom: boolean
      readonly newline: Newline
      /** What closes it; `...` is YAML's own end mark, as Pandoc and Jekyll accept it. */
      readonly close: '---' | '...'
      /** What stands between the fences, its last line end included. */
      readonly yaml: string
      readonly yaml_start: number
      readonly yaml_end: number
      /** Where the body begins: after the closing fence and its line end. */
      readonly head_end: number
    }
  | { readonly kind: 'refused'; readonly code: FenceCode; readonly reason: string; readonly line: number }

/** A fence and nothing but blanks after it. */
const exact = /^(?:---|\.\.\.)[ \t]*$/

const otherFences = [
  { pattern: /^\+\+\+[ \t]*\w*[ \t]*$/, code: 'TOML', name: 'TOML' },
  { pattern: /^;;;[ \t]*\w*[ \t]*$/, code: 'JSON', name: 'JSON' },
  { pattern: /^\{[ \t]*$/, code: 'JSON', name: 'JSON' },
] as const

/**
 * Finds the fences of a note's front matter without looking into it; linear in the text, and it never throws.
 * Front matter begins on the first line, with `---` and nothing but blanks after it; `----`, or a `---` further down,
 * belongs to the body. What some reader would take for front matter of another kind is refused, so that nobody writes
 * a second head above it.
 */
export function findFence(text: string): Fence {
  const start = text.startsWith('\uFEFF') ? 1 : 0
  const bom = start === 1
  const opening = lineFrom(text, start)
  if (!/^---(?!-)/.test(opening.text)) {
    for (const { pattern, code, name } of otherFences) {
      if (pattern.test(opening.text)) return refused(code, `has ${name} front matter, and only YAML is edited`, 1)
    }
    return { kind: 'none', bom, newline: newlineOf(text), head_end: start }
  }
  if (!exact.test(opening.text)) {
    if (opening.text.includes('\r')) return refused('LONE_CR', 'has lone carriage returns for line ends', 1)
    const suffix = JSON.stringify(opening.text.slice(3, 43).trim())
    return refused('LANGUAGE', `has ${suffix} on the line of its opening fence; only plain YAML is read`, 1)
  }
  return findClosing(text, opening.next, bom, text[opening.next - 2] === '\r' ? '\r\n' : '\n')
}

function findClosing(text: string, yaml_start: number, bom: boolean, newline: Newline): Fence {
  const candidates = /(?<=\n)(?:---|\.\.\.)/g
  candidates.lastIndex = yaml_start
  let unclear = -1
  for (const { index: at } of text.matchAll(candidates)) {
    const line = lineFrom(text, at)
    if (!exact.test(line.text)) {
      if (unclear === -1) unclear = at
      continue
    }
    if (unclear !== -1) {
      const reason = 'has a line in its front matter that some readers take for the closing fence'
      return refused('FENCE_UNCLEAR', reason, text.slice(0, unclear).split('\n').length)
    }
    const close = line.text.startsWith('-') ? '---' : '...'
    const yaml = text.slice(yaml_start, at)
    return { kind: 'yaml', bom, newline, close, yaml, yaml_start, yaml_end: at, head_end: line.next }
  }
  return refused('UNTERMINATED', 'begins with --- and has no closing --- on a line of its own', 1)
}

/** A line without its line end, and where the next one begins. */
function lineFrom(text: string, start: number): { text: string; next: number } {
  const end = text.indexOf('\n', start)
  if (end === -1) return { text: text.slice(start), next: text.length }
  return { text: text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end), next: end + 1 }
}

function newlineOf(text: string): Newline {
  const first = text.indexOf('\n')
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n'
}

function refused(code: FenceCode, reason: string, line: number): Fence {
  return { kind: 'refused', code, reason, line }
}
