import { hostOf, isLoud } from './urls.ts'

/** A target inside the same place: no scheme, no host, nothing that a reader of Markdown would decode. */
const near = /^(?!\/\/)[\w./~#-]*$/
const targetMax = 4_000

/** Where the part in parentheses after `](` ends, and what it points to. */
type Target = { readonly end: number; readonly to: string }

/**
 * The text with Markdown images of other hosts named and not shown; with `tainted` also links that could carry something
 * out, and HTML that would load something. One pass with a stack of open brackets, O(length).
 */
export function withoutImages(text: string, tainted: boolean): string {
  if (!text.includes('](') && !text.includes(']:') && !text.includes('<')) return text
  const pieces: string[] = []
  /** Indexes of the pieces that are open brackets. */
  const open: number[] = []
  let from = 0
  const brackets = /!?\[|\]/g
  for (let found = brackets.exec(text); found !== null; found = brackets.exec(text)) {
    pieces.push(text.slice(from, found.index))
    from = brackets.lastIndex
    if (found[0] !== ']') open.push(pieces.push(found[0]) - 1)
    else from = closed(text, from, pieces, open.pop(), tainted)
    brackets.lastIndex = from
  }
  const rest = pieces.join('') + text.slice(from)
  const named = withoutDefinitions(rest, tainted)
  return tainted ? named.replace(loading, '&lt;$1') : named
}

/** Takes the bracket that closes at `at - 1` and returns where the text goes on. */
function closed(text: string, at: number, pieces: string[], opened: number | undefined, tainted: boolean): number {
  const target = text[at] === '(' ? targetOf(text, at + 1) : undefined
  const image = opened !== undefined && pieces[opened] === '!['
  if (target === undefined || near.test(target.to) || !(image || (tainted && isLoud(target.to)))) {
    pieces.push(']')
    return at
  }
  if (opened !== undefined) pieces[opened] = image ? '[image: ' : '['
  pieces.push(image ? `, from ${hostOf(target.to)}]` : `] [link to ${hostOf(target.to)} removed]`)
  return target.end
}

/** Reads `<to> "title")` or `to "title")` from `from`; what is too long or never closes ends with the text that was looked at. */
function targetOf(text: string, from: number): Target {
  const last = Math.min(text.length, from + targetMax)
  let at = from
  while (at < last && /\s/.test(text[at]!)) at++
  const pointed = text[at] === '<'
  const start = pointed ? at + 1 : at
  let depth = 0
  for (at = start; at < last; at++) {
    const char = text[at]!
    if (pointed ? char === '>' : /\s/.test(char) || (char === ')' && depth === 0)) break
    if (!pointed && char === '(') depth++
    if (!pointed && char === ')') depth--
  }
  const to = text.slice(start, at)
  while (at < last && text[at] !== ')' && text[at] !== '\n') at++
  return { end: at < last && text[at] === ')' ? at + 1 : at, to }
}

const definition = /^([ \t>*+-]{0,20}\[[^\]\n]{1,200}\]:)[ \t]*\n?[ \t]*<?([^\s>]+)>?/gm
/** Of HTML, what loads by itself or leads elsewhere. */
const loading =
  /<(?=\/?(?:a|img|image|picture|source|video|audio|track|iframe|frame|embed|object|link|script|style|svg|base|meta|form|input|button|body|table|td)\b)(\/?)/gi

/** Definitions of references serve images as well as links: where there is an image, they are not followed. */
function withoutDefinitions(text: string, tainted: boolean): string {
  if (!text.includes(']:')) return text
  const images = text.includes('![')
  return text.replace(definition, (whole: string, name: string, to: string) => {
    const stays = near.test(to) || !(images || (tainted && isLoud(to)))
    return stays ? whole : `${name.slice(0, -1)} [link to ${hostOf(to)} removed]`
  })
}
