/** How an answer becomes messages of the length that Discord takes. */

export const partUnits_max = 2_000
export const parts_max = 10
const fence = '```'
const fenceUnits = fence.length + 1
const languageUnits_max = 20
/** A part is not made shorter than this share of what fits, only to end well. */
const leastShare = 1 / 3
/** Room in the last part for how much is left out. */
const leftUnits = 60

/** Where a part may end, best first: behind these. */
const endings: readonly RegExp[] = [/\n\s*\n/g, /\n/g, /[.!?…][)"'”’\]]*\s/g, /\s/g]

/**
 * The messages that a text becomes: at most ten of 2,000 UTF-16 units each, cut at paragraphs, lines, sentences or words.
 * A block of code that is cut is closed and opened again. The last says how much was left out. Pure, O(length).
 */
export function split(text: string): string[] {
  const parts: string[] = []
  let left = text.trim()
  let opening = ''
  while (left !== '') {
    const last = parts.length === parts_max - 1
    if (opening.length + left.length <= partUnits_max) {
      parts.push(opening + left)
      break
    }
    const room = partUnits_max - opening.length - fenceUnits - (last ? leftUnits : 0)
    const end = endOf(left, room)
    const piece = left.slice(0, end)
    const open = openFence(opening + piece)
    const shown = `${opening}${piece.trimEnd()}${open === '' ? '' : `\n${fence}`}`
    left = open === '' ? left.slice(end).trimStart() : left.slice(end).replace(/^\n/, '')
    if (last) {
      parts.push(left === '' ? shown : `${shown}\n[${left.length} more characters are left out]`)
      break
    }
    parts.push(shown)
    opening = open
  }
  return parts.filter((part) => part.trim() !== '')
}

/** Where the best part of at most `room` units ends. */
function endOf(text: string, room: number): number {
  const window = text.slice(0, room + 1)
  for (const ending of endings) {
    let best = 0
    for (const { 0: found, index } of window.matchAll(ending)) {
      const end = index + found.length
      if (end <= room) best = end
    }
    if (best >= room * leastShare) return best
  }
  return between(text, room)
}

/** The nearest place at or before `at` that takes no character and no fence apart. */
function between(text: string, at: number): number {
  let end = at
  const unit = text.charCodeAt(end)
  if (unit >= 0xdc00 && unit <= 0xdfff) end--
  let start = end
  while (start > 0 && end - start < fence.length && text[start] === '`' && text[start - 1] === '`') start--
  return start > 0 ? start : end
}

/** The line that opens again the block of code in which a text ends; empty when it ends in none. */
function openFence(text: string): string {
  let open = -1
  for (let at = text.indexOf(fence); at >= 0; at = text.indexOf(fence, at + fence.length)) open = open < 0 ? at : -1
  if (open < 0) return ''
  const [, language = ''] = /^([\w+#.-]*)\n/.exec(text.slice(open + fence.length)) ?? []
  return `${fence}${language.length <= languageUnits_max ? language : ''}\n`
}
