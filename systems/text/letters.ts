/**
 * What each code point is, as bits, found out once and kept in one table: the fast lane of every reader of text.
 * A code point nobody has met costs a few regular expressions; after that it costs one look.
 */
export const Letter = {
  known: 1,
  /** Part of a word: letters, digits, and the marks that go with them. */
  word: 2,
  upper: 4,
  digit: 8,
  /** Written without blanks between words, so read as pairs of characters. */
  unspaced: 16,
  /** NFKC may change it, alone or with its neighbours. */
  unstable: 32,
  hidden: 64,
  blank: 128,
  newline: 256,
  /** Ends a sentence when a blank follows. */
  end: 512,
  /** Begins an item or a heading when it begins a line. */
  bullet: 1024,
  /** Holds the parts of an identifier together: `. _ / : \`. */
  joint: 2048,
  mark: 4096,
  latin: 8192,
  /** Greek and Cyrillic, which have letters that look like Latin ones. */
  lookalike: 16384,
} as const

const table = new Uint16Array(0x110000)

const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u
const composing = /[\p{M}\u1161-\u1175\u11a8-\u11c2]/u
const hidden = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/u

const tests: readonly (readonly [RegExp, number])[] = [
  [/[\p{L}\p{N}\p{M}]/u, Letter.word],
  [/[\p{Lu}\p{Lt}]/u, Letter.upper],
  [/\p{Nd}/u, Letter.digit],
  [/\p{M}/u, Letter.mark],
  [/\p{Script=Latin}/u, Letter.latin],
  [/[\p{Script=Greek}\p{Script=Cyrillic}]/u, Letter.lookalike],
  [/[\s\p{Z}]/u, Letter.blank],
  [/[\n\v\f\r\u0085\u2028\u2029]/, Letter.newline],
  [/[.!?\u2026]/, Letter.end],
  // These end a sentence with no blank after them.
  [/[\u3002\uff01\uff1f\uff61\u0964]/, Letter.end | Letter.blank],
  [/[#*>|+\u2022\u2013\u2014-]/, Letter.bullet],
  [/[._/:\\]/, Letter.joint],
]

function learn(point: number): number {
  const text = String.fromCodePoint(point)
  let bits: number = Letter.known
  for (const [test, bit] of tests) if (test.test(text)) bits |= bit
  if ((bits & Letter.word) !== 0 && unspaced.test(text)) bits |= Letter.unspaced
  if (composing.test(text) || text.normalize('NFKC') !== text) bits |= Letter.unstable
  if (hidden.test(text)) bits = (bits | Letter.hidden) & ~Letter.word
  table[point] = bits
  return bits
}

for (let point = 0; point < 128; point++) learn(point)

/** The bits of a code point; a lone surrogate is a character that is no letter. */
export function letterOf(point: number): number {
  const bits = table[point]!
  return bits === 0 ? learn(point) : bits
}

/** Whether a text is ASCII alone, so that nothing in it can hide, combine or look like something else. */
export function isPlain(text: string): boolean {
  let units = 0
  for (let at = 0; at < text.length; at++) units |= text.charCodeAt(at)
  return units < 128
}

/** The bits of all characters of a text together. */
export function lettersOf(text: string): number {
  let bits = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0xd800 || unit > 0xdbff) {
      bits |= letterOf(unit)
    } else {
      const point = text.codePointAt(at)!
      bits |= letterOf(point)
      if (point > 0xffff) at++
    }
  }
  return bits
}
