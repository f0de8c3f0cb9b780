import { bodyCharactersMax } from './text.ts'

export type Heading = {
  readonly level: number
  /** As written, with its Markdown. */
  readonly text: string
  /** Whether no text stands before it. */
  readonly leads: boolean
}
/** What the beginning of a note consists of, code and comments left out. All texts still hold their Markdown. */
export type Outline = {
  readonly headings: readonly Heading[]
  readonly paragraphs: readonly string[]
  /** Texts of list items, quotes and table rows. */
  readonly asides: readonly string[]
}

const atx = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/s
const setext = /^ {0,3}(=+|-+)[ \t]*$/
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$/
const item = /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$/s
const fence = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}|~{3,})(.*)$/s
/** HTML whose content is not prose. */
const foreign = /^[ \t]*<(script|style|pre|svg)\b/i
/** Lines that only carry a template tag, a definition, an attribute list or a container's border. */
const scaffolding = /^[ \t]*(?:\{[{%].*[}%]\}|\[[^\]]{1,200}\]:.*|\{[:#.][^}]{0,500}\}|:{3,}.*|<!DOCTYPE.*)[ \t]*$/is

/** Reads the blocks of a body in one pass over its lines. */
export function outline(body: string): Outline {
  const reader = new Reader(body.slice(0, bodyCharactersMax).replace(/^\ufeff/, ''))
  return reader.read()
}

class Reader {
  readonly #body: string
  readonly #headings: Heading[] = []
  readonly #paragraphs: string[] = []
  readonly #asides: string[] = []
  #paragraph: string[] = []
  /** The fence that must close the present code block; empty outside one. */
  #fence = ''
  /** The tag that must close the present foreign HTML; empty outside it. */
  #closingTag = ''
  #inList = false
  #inComment = false
  #afterBlank = true
  /** Where the last comment ends: one opened after it never closes and is text. */
  readonly #lastCommentEnd: number

  constructor(body: string) {
    this.#body = body.includes('\r') ? body.replace(/\r\n?/g, '\n') : body
    this.#lastCommentEnd = this.#body.lastIndexOf('-->')
  }

  read(): Outline {
    let offset = 0
    for (const line of this.#body.split('\n')) {
      if (this.#fence !== '') this.#code(line)
      else if (this.#closingTag !== '') this.#foreign(line)
      else this.#line(line, offset)
      offset += line.length + 1
    }
    this.#endParagraph()
    return { headings: this.#headings, paragraphs: this.#paragraphs, asides: this.#asides }
  }

  #line(line: string, offset: number): void {
    const text = this.#withoutComments(line, offset)
    if (text.trim() === '') {
      if (line.trim() === '') this.#endBlock()
      return
    }
    const opened = fence.exec(text)
    if (opened !== null && !(opened[1]!.startsWith('`') && opened[2]!.includes('`'))) {
      this.#endParagraph()
      this.#fence = opened[1]!
      return
    }
    const tag = foreign.exec(text)?.[1]
    if (tag === undefined) this.#block(text)
    else {
      this.#closingTag = `</${tag.toLowerCase()}`
      this.#foreign(text)
    }
    this.#afterBlank = false
  }

  #foreign(line: string): void {
    if (line.toLowerCase().includes(this.#closingTag)) this.#closingTag = ''
  }

  #code(line: string): void {
    const text = line.replace(/^[ \t>]*/, '').trimEnd()
    const closes = text.length >= this.#fence.length && text === this.#fence[0]!.repeat(text.length)
    if (closes) this.#fence = ''
  }

  #withoutComments(line: string, offset: number): string {
    if (!this.#inComment && !line.includes('<!--')) return line
    let text = ''
    let at = 0
    while (at < line.length) {
      if (this.#inComment) {
        const end = line.indexOf('-->', at)
        if (end === -1) return text
        this.#inComment = false
        at = end + 3
      }
      const start = line.indexOf('<!--', at)
      if (start === -1 || offset + start > this.#lastCommentEnd) return text + line.slice(at)
      text += line.slice(at, start)
      this.#inComment = true
      at = start + 4
    }
    return text
  }

  #endBlock(): void {
    this.#endParagraph()
    this.#afterBlank = true
  }

  #endParagraph(): void {
    if (this.#paragraph.length === 0) return
    this.#paragraphs.push(this.#paragraph.join('\n'))
    this.#paragraph = []
  }

  #block(line: string): void {
    const indented = line.startsWith('    ') || line.startsWith('\t')
    if (indented && this.#afterBlank && !this.#inList) return
    if (!indented && this.#heading(line)) return
    const listed = item.exec(line)
    if (rule.test(line)) this.#endParagraph()
    else if (listed !== null) {
      this.#inList = true
      this.#aside(listed[1] ?? '')
    } else if (/^[ \t]*[>|]/.test(line)) {
      this.#aside(line.replace(/^[ \t>|]+/, '').replace(/^\[![\w-]{1,40}\][+-]?/, ''))
    } else if (scaffolding.test(line)) this.#endParagraph()
    else if (this.#inList && (indented || /^[ \t]/.test(line) || !this.#afterBlank)) this.#asides.push(line)
    else {
      this.#inList = false
      this.#paragraph.push(line.trim())
    }
  }

  #aside(text: string): void {
    this.#endParagraph()
    this.#asides.push(text)
  }

  #heading(line: string): boolean {
    const hashes = atx.exec(line)
    if (hashes !== null) {
      this.#endParagraph()
      this.#found(hashes[1]!.length, withoutClosing(hashes[2] ?? ''))
      return true
    }
    const underline = setext.exec(line)
    if (underline === null || this.#paragraph.length === 0) return false
    const text = this.#paragraph.join(' ')
    this.#paragraph = []
    this.#found(underline[1]!.startsWith('=') ? 1 : 2, text)
    return true
  }

  #found(level: number, text: string): void {
    const leads = this.#paragraphs.length === 0 && this.#asides.length === 0
    this.#headings.push({ level, text, leads })
    this.#inList = false
  }
}

function withoutClosing(text: string): string {
  const trimmed = text.trimEnd()
  let end = trimmed.length
  while (trimmed[end - 1] === '#') end--
  const before = trimmed[end - 1]
  return end === 0 || before === ' ' || before === '\t' ? trimmed.slice(0, end).trimEnd() : trimmed
}
