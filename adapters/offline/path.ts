import { hasWord, oneLine } from './text.ts'

const extension = /\.(?:md|mdx|markdown)$/i
const index = /^(?:_?index|readme)$/i
const dated = /^\d{4}[-_.]?\d{2}[-_.]?\d{2}(?:[-_.T ]+|$)/

/** The name a path gives its note: that of the file, or for an index file that of its folder. Without extension. */
export function nameOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const file = (parts.at(-1) ?? '').replace(extension, '')
  if (!index.test(file)) return oneLine(file)
  return oneLine(parts.at(-2) ?? file.replace(/^_/, ''))
}

/** A name as a phrase: no leading date, blanks for dashes and underscores, first letter upper-case. */
export function phraseOf(name: string): string {
  const undated = name.replace(dated, '')
  const words = oneLine((hasWord(undated) ? undated : name).replace(hasWord(undated) ? /[-_+]+/g : /_+/g, ' '))
  const first = String.fromCodePoint(words.codePointAt(0) ?? 0x20)
  return (first.toUpperCase() + words.slice(first.length)).trim()
}

/** Names of the folders a path lies in, nearest first. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')
  return parts.slice(0, -1).reverse().map(oneLine)
}

/** 32-bit FNV-1a over UTF-16 units, as eight hex digits (Fowler, Noll and Vo, public domain). */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
