import { oneLine } from './text.ts'

/** The next place of a needle at or after an index; remembers it, so a whole scan stays linear on any input. */
type Finder = (from: number) => number

function finder(text: string, needle: string): Finder {
  let found = -2
  return (from) => {
    if (found !== -1 && found < from) found = text.indexOf(needle, from)
    return found
  }
}

/** Template markup of site generators, by how it opens and closes. */
const templates = [
  ['{{', '}}'],
  ['{%', '%}'],
  ['{#', '}'],
  ['{.', '}'],
  ['{:', '}'],
  ['[^', ']'],
] as const

/** The only characters that can begin markup; plain words between them are copied in runs. */
const markup = /[\\`*_~=![\]<{&]/

/** Tags that part words as a blank would. */
const block = /^<\/?(?:br|p|div|li|td|th|h\d)/i

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/**
 * What a reader sees of some Markdown, as one line: no links, images, HTML, template markup or emphasis.
 * Linear in the text for any input.
 */
export function plain(markdown: string): string {
  return oneLine(stripped(markdown))
}

/** The same with line breaks and blanks as they are: enough to look for words in. */
export function stripped(markdown: string): string {
  return markup.test(markdown) ? new Stripper(markdown).run() : markdown
}

class Stripper {
  readonly #text: string
  #at = 0
  #out: string[] = []
  /** Lengths of `#out` where brackets opened; negative ones opened an image. */
  readonly #open: number[] = []
  readonly #finders = new Map<string, Finder>()

  constructor(text: string) {
    this.#text = text
  }

  run(): string {
    const special = new RegExp(markup, 'g')
    while (this.#at < this.#text.length) {
      special.lastIndex = this.#at
      const found = special.exec(this.#text)
      if (found === null) break
      this.#out.push(this.#text.slice(this.#at, found.index))
      this.#at = found.index
      this.#markup(found[0])
    }
    this.#out.push(this.#text.slice(this.#at))
    return this.#out.join('')
  }

  #markup(character: string): void {
    if (character === '\\') this.#escape()
    else if (character === '`') this.#code()
    else if (character === '!' || character === '[') this.#opening(character)
    else if (character === ']') this.#closing()
    else if (character === '<') this.#tag()
    else if (character === '{') this.#template()
    else if (character === '&') this.#entity()
    else this.#emphasis(character)
  }

  #find(needle: string, from: number): number {
    let find = this.#finders.get(needle)
    if (find === undefined) {
      find = finder(this.#text, needle)
      this.#finders.set(needle, find)
    }
    return find(from)
  }

  #take(length: number): void {
    this.#out.push(this.#text.slice(this.#at, this.#at + length))
    this.#at += length
  }

  #escape(): void {
    const next = this.#text[this.#at + 1] ?? ''
    this.#at++
    if (next !== '' && '\\`*_{}[]()#+-.!~=<>|&"\''.includes(next)) this.#take(1)
    else this.#out.push('\\')
  }

  #code(): void {
    let from = this.#at
    while (this.#text[from] === '`') from++
    const end = this.#find('`', from)
    this.#at = end === -1 ? from : end
    this.#out.push(this.#text.slice(from, this.#at))
    while (this.#text[this.#at] === '`') this.#at++
  }

  #opening(character: string): void {
    const image = character === '!'
    const bracket = image ? this.#at + 1 : this.#at
    if (this.#text[bracket] !== '[') this.#take(1)
    else if (this.#text[bracket + 1] === '^') this.#template()
    else if (this.#text[bracket + 1] !== '[' || !this.#wiki(bracket + 2, image)) {
      this.#out.push('')
      this.#open.push(image ? -this.#out.length : this.#out.length)
      this.#at = bracket + 1
    }
  }

  /** `[[target|alias]]` reads as its alias, or as the last part of its target. False when it is no such link. */
  #wiki(from: number, embedded: boolean): boolean {
    const end = this.#find(']]', from)
    if (end === -1 || end - from > 400) return false
    const inner = this.#text.slice(from, end)
    if (inner.includes('](')) return false
    const shown = inner.slice(inner.lastIndexOf('|') + 1)
    if (!embedded) this.#out.push(inner.includes('|') ? shown : shown.slice(shown.lastIndexOf('/') + 1))
    this.#at = end + 2
    return true
  }

  #closing(): void {
    this.#at++
    const mark = this.#open.pop()
    if (mark === undefined) {
      this.#out.push(']')
      return
    }
    const end = this.#target()
    if (end !== -1) this.#at = end
    if (mark < 0) this.#out.length = -mark
    else if (end === -1) this.#loose(mark)
  }

  /** Brackets that belong to no link stay in the text; the box of a task does not. */
  #loose(mark: number): void {
    const inner = this.#out.length - mark === 1 ? this.#out[mark]!.trim() : 'more'
    if (inner === '' || (mark <= 2 && inner.toLowerCase() === 'x')) {
      this.#out.length = mark
      return
    }
    this.#out[mark - 1] = '['
    this.#out.push(']')
  }

  /** Where the `(target)` or `[reference]` after a closing bracket ends, or -1 when there is none. */
  #target(): number {
    const opening = this.#text[this.#at]
    if (opening === '[') {
      const end = this.#find(']', this.#at)
      return end === -1 ? -1 : end + 1
    }
    if (opening !== '(') return -1
    let depth = 0
    const last = Math.min(this.#text.length, this.#at + 1000)
    for (let index = this.#at; index < last; index++) {
      if (this.#text[index] === '(') depth++
      else if (this.#text[index] === ')' && --depth === 0) return index + 1
    }
    return -1
  }

  #tag(): void {
    const next = this.#text[this.#at + 1] ?? ''
    const end = this.#find('>', this.#at)
    if (end === -1 || end - this.#at > 1000 || !/[a-z/!?]/i.test(next)) {
      this.#take(1)
      return
    }
    if (block.test(this.#text.slice(this.#at, this.#at + 5))) this.#out.push(' ')
    this.#at = end + 1
  }

  #template(): void {
    for (const [opens, closes] of templates) {
      if (!this.#text.startsWith(opens, this.#at)) continue
      const end = this.#find(closes, this.#at + opens.length)
      if (end === -1 || end - this.#at > 1000) continue
      this.#at = end + closes.length
      return
    }
    this.#take(1)
  }

  #entity(): void {
    const end = this.#find(';', this.#at)
    const near = end > this.#at && end - this.#at < 8
    const known = near ? entities[this.#text.slice(this.#at + 1, end)] : undefined
    if (known === undefined) this.#take(1)
    else {
      this.#out.push(known)
      this.#at = end + 1
    }
  }

  /** A marker is dropped where it touches a word at one side, so `2 * 3`, `a == b` and `snake_case` stay. */
  #emphasis(character: string): void {
    let end = this.#at
    while (this.#text[end] === character) end++
    const before = this.#text[this.#at - 1] ?? ' '
    const after = this.#text[end] ?? ' '
    const single = end - this.#at === 1
    const loose = isBlank(before) && isBlank(after)
    const inWord = isWord(before) && isWord(after)
    const stays = loose || (character === '_' && inWord) || ((character === '~' || character === '=') && single)
    if (stays) this.#take(end - this.#at)
    else this.#at = end
  }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\t'
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character)
}
