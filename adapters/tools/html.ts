/** The text of a page. Not a parser: what it takes for markup is left out, and the rest is only ever data. */

const dropped = new Set(['script', 'style', 'noscript', 'template', 'svg', 'head', 'iframe', 'object'])
const inline = new Set('a abbr b cite code del em i ins kbd mark q s small span strong sub sup time u var'.split(' '))
const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
}
const tagName = /^<\/?([a-zA-Z][a-zA-Z0-9-]{0,31})/

/** The words of an HTML page, a line for each block. O(length). */
export function textOfHtml(html: string): string {
  const parts: string[] = []
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    parts.push(html.slice(at, open))
    const name = tagName.exec(html.slice(open, open + 40))?.[1]?.toLowerCase()
    if (name === undefined && !/^<[!?/]/.test(html.slice(open, open + 2))) {
      // A sign in the text: two is < three.
      parts.push('<')
      at = open + 1
      continue
    }
    parts.push(name !== undefined && inline.has(name) ? '' : '\n')
    at = afterTag(html, open, name)
  }
  parts.push(html.slice(at))
  return tidied(decoded(parts.join('')))
}

/** Where the text goes on after a tag, a comment, or an element whose inside is no text. */
function afterTag(html: string, open: number, name: string | undefined): number {
  if (html.startsWith('<!--', open)) return after(html, '-->', open + 4)
  const end = after(html, '>', open)
  if (name === undefined || !dropped.has(name) || html[open + 1] === '/') return end
  const closing = new RegExp(`</${name}[\\s>/]`, 'gi')
  closing.lastIndex = end
  const found = closing.exec(html)
  return found === null ? html.length : after(html, '>', found.index)
}

function after(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from)
  return at < 0 ? html.length : at + mark.length
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,8}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point).toWellFormed() : ' '
  })
}

function tidied(text: string): string {
  const lines = text.split('\n').map((line) => line.replaceAll(/[\s\0]+/g, ' ').trim())
  return lines.filter((line) => line !== '').join('\n')
}
