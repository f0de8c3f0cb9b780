/** Just enough reading of TypeScript to judge it without a parser. */

/** An exclamation mark behind a value only says that it is there: what follows is a division. */
const beforeRegex = /(^|[=(,:[&|?{};+\n]|(?<![\w)\]])!|\breturn|\btypeof|\bcase)\s*$/

/**
 * A source with its comments blanked, and with its texts kept or blanked too. Every character that stays is where it
 * was. What a template computes is code, and is kept.
 */
export function stripped(text: string, options: { texts: 'keep' | 'drop' }): string {
  const keep = options.texts === 'keep'
  const templates: number[] = []
  let depth = 0
  let out = ''
  let at = 0
  while (at < text.length) {
    const rest = text[at]! + (text[at + 1] ?? '')
    const end = rest === '//' ? text.indexOf('\n', at) : rest === '/*' ? text.indexOf('*/', at) + 2 : at
    if (end !== at) {
      const stop = end < at ? text.length : end
      out += text.slice(at, stop).replace(/[^\n]/g, ' ')
      at = stop
      continue
    }
    const char = text[at]!
    if (char === "'" || char === '"') at = copy(quotedEnd(text, at, char))
    else if (char === '/' && beforeRegex.test(out.slice(-12))) at = copy(regexEnd(text, at))
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop()
      const stop = templateEnd(text, at + 1)
      if (text[stop - 1] === '{') templates.push(depth)
      at = copy(stop)
    } else {
      if (char === '{') depth++
      if (char === '}') depth--
      out += char
      at++
    }
  }
  return out

  function copy(stop: number): number {
    const whole = text.slice(at, stop)
    out += keep ? whole : whole[0]! + whole.slice(1, -1).replace(/[^\n]/g, ' ') + whole.at(-1)!
    return stop
  }
}

function quotedEnd(text: string, from: number, quote: string): number {
  let at = from + 1
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function regexEnd(text: string, from: number): number {
  let inClass = false
  let at = from + 1
  for (; at < text.length && (inClass || text[at] !== '/'); at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '[') inClass = true
    else if (text[at] === ']') inClass = false
  }
  return at + 1
}

/** Up to the closing backtick, or up to and with the brace that begins a computed part. */
function templateEnd(text: string, from: number): number {
  let at = from
  for (; at < text.length && text[at] !== '`'; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2
  }
  return at + 1
}

const dependency = /\b(?:from|import)\s+' *'|\bimport\(\s*' *'\s*\)/g

/** What a source imports or re-exports, as it is written there. */
export function dependenciesOf(text: string): string[] {
  const code = stripped(text, { texts: 'drop' })
  return [...code.matchAll(dependency)].map((match) => {
    const from = match.index + match[0].indexOf("'") + 1
    return text.slice(from, text.indexOf("'", from))
  })
}
