/** Bounds of a YAML text. They are checked before anything is built from it. */
export type YamlLimits = {
  readonly bytes_max: number
  readonly lines_max: number
  readonly depth_max: number
  /** The number of the first line, where the text is a part of a file. */
  readonly first_line: number
}

export const yamlLimits: YamlLimits = { bytes_max: 65_536, lines_max: 1_000, depth_max: 64, first_line: 1 }

/** Why a YAML text was refused. */
export type YamlCode =
  | 'TOO_LARGE'
  | 'TOO_DEEP'
  | 'TOO_COMPLEX'
  | 'UNPRINTABLE'
  | 'SYNTAX'
  | 'DUPLICATE_KEY'
  | 'KEY_NOT_TEXT'
  | 'MULTIPLE_DOCUMENTS'
  | 'TAG'
  | 'ALIAS'
  | 'MERGE'

/** Stops the reading of a text from any depth; never leaves `parseYaml`. */
export class Refusal extends Error {
  readonly code: YamlCode
  readonly offset: number

  constructor(code: YamlCode, reason: string, offset: number) {
    super(reason)
    this.code = code
    this.offset = offset
  }
}

/** Readers of front matter search for comments in time quadratic in the longest run of blanks. */
const blanksMax = 8_192

/**
 * Checks size and characters in one pass; returns how many backslashes there are, since each may cost an error.
 * @throws Refusal
 */
export function inspect(text: string, { bytes_max, lines_max }: YamlLimits): number {
  if (text.length > bytes_max) throw new Refusal('TOO_LARGE', `is larger than ${bytes_max} bytes`, 0)
  let bytes = 0
  let lines = 1
  let blanks = 0
  let backslashes = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (lines > lines_max) throw new Refusal('TOO_LARGE', `has more than ${lines_max} lines`, at)
    blanks = unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09 ? blanks + 1 : 0
    if (blanks > blanksMax) throw new Refusal('TOO_COMPLEX', `has more than ${blanksMax} blanks in a row`, at)
    if (unit === 0x0a) lines += 1
    if (unit === 0x5c) backslashes += 1
    if (unprintable(unit) || (unit === 0x0d && text.charCodeAt(at + 1) !== 0x0a)) {
      const name = unit.toString(16).toUpperCase().padStart(4, '0')
      throw new Refusal('UNPRINTABLE', `has the control character U+${name} (a lone one, if a line end)`, at)
    }
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3
  }
  if (bytes > bytes_max) throw new Refusal('TOO_LARGE', `is larger than ${bytes_max} bytes`, 0)
  if (!text.isWellFormed()) throw new Refusal('UNPRINTABLE', 'has half of a surrogate pair', 0)
  return backslashes
}

function unprintable(unit: number): boolean {
  if (unit < 0x20) return unit !== 0x09 && unit !== 0x0a && unit !== 0x0d
  return (unit >= 0x7f && unit < 0xa0 && unit !== 0x85) || unit >= 0xfffe
}

/** The line of an offset, counting from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** Numbers with underscores, commas or colons, dates and times, in any spelling some reader of YAML 1.1 knows. */
const likeNumber = /^[-+]?\.?\d[\d_,.:eE+\-TtZz ]*$/
const likeRadix = /^[-+]?0[xob][\da-f_]+$/i
const likeWord = /^(?:y|n|yes|no|on|off|true|false|null|~|=|<<|[-+]?\.(?:inf|nan))$/i
/** A symbol to Ruby; a fence to those who look for lines. */
const likeMark = /^(?::|---|\.\.\.)/
/** Characters that cannot be seen, or turn the direction of others: an editor must not carry them unnoticed. */
const invisible = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\u{e0000}-\u{e007f}]/u
const everyInvisible = new RegExp(invisible.source, 'gu')

/** Whether some reader would take this text, written without quotes, for something else. */
export function misread(text: string): boolean {
  return (
    likeNumber.test(text) || likeRadix.test(text) || likeWord.test(text) || likeMark.test(text) || invisible.test(text)
  )
}

/** Writes invisible characters as YAML escapes; they must stand inside double quotes. */
export function escapeInvisible(text: string): string {
  return text.replace(everyInvisible, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}
