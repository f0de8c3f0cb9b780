import { irregularForms } from './irregular.ts'
import { WordTable } from './word-table.ts'

/**
 * The stem of an English word: the rules known as Porter2 (Snowball English), after a table of irregular forms.
 * A word of fewer than three letters, or with anything but `a` to `z` and `'` in it, is its own stem.
 */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z']+$/.test(word)) return word
  const base = irregularForms.get(word) ?? word
  return porter2(base)
}

const special = new Map(
  `skis ski; skies sky; idly idl; gently gentl; ugly ugli; early earli; only onli; singly singl;
   sky sky; news news; howe howe; atlas atlas; cosmos cosmos; bias bias; andes andes`
    .split(';')
    .map((pair) => pair.trim().split(' ') as [string, string]),
)
const whole = new Set('inning outing canning herring earring evening proceed exceed succeed'.split(' '))
const shortSyllable = /(?:^|[^aeiouy])[aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$|past$/

/** The rules alone, without the irregular forms: of a lower-case word of three letters or more. */
export function porter2(word: string): string {
  return special.get(word) ?? regular(word)
}

/** The stem of an ASCII word that a list of its own would not change; see `isListed`. */
export function regularStem(word: string): string {
  return word.length < 3 || !/^[a-z]+$/.test(word) ? word : regular(word)
}

/** Whether the table of irregular forms, or of special ones, has a word with this raw hash: then only `stem` knows its stem. */
export function isListed(raw: number): boolean {
  return listed.of(raw) !== 0
}

const listed = new WordTable([...irregularForms.keys(), ...special.keys()].map((word) => [word, 1]))

function regular(word: string): string {
  let text = word.startsWith("'") ? word.slice(1) : word
  if (text.length < 3) return text
  // A y that is a consonant is written Y while the rules run.
  const hasY = text.includes('y')
  if (hasY) text = text.replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y')
  const first = firstRegion(text)
  const second = regionAfter(text, first)
  if (text.includes("'")) text = withoutPossessive(text)
  text = withoutPlural(text)
  if (pastEndings.of(text) && whole.has(text)) return text
  text = withoutPastOrProgress(text, first)
  if (hasY) text = text.replace(/(?<=.[^aeiouy])[yY]$/, 'i')
  text = derivation(text, first, second)
  text = lastSuffix(text, second)
  text = withoutFinal(text, first, second)
  return hasY ? text.replace(/Y/g, 'y') : text
}

/** Whether a text ends in one of these pairs of letters: asked before an expression, which takes longer to say no. */
class Endings {
  readonly #pairs = new Uint8Array(26 * 26)

  constructor(pairs: string) {
    for (const pair of pairs.split(' ')) this.#pairs[place(pair)] = 1
  }

  of(text: string): boolean {
    return this.#pairs[place(text)] === 1
  }
}

/** The last two letters as one number; none of the pairs for anything else. */
function place(text: string): number {
  const last = text.charCodeAt(text.length - 1) - 0x61
  const before = text.charCodeAt(text.length - 2) - 0x61
  return last >= 0 && before >= 0 ? last * 26 + before : -1
}

const prefixLetters = 'gcapuleoi'
const prefixes = /^(?:gener|commun|arsen|past|univers|later|emerg|organ|inter)/

/** Where the first region begins. Some beginnings are longer than the rule has them, or unlike words would meet (general, generous). */
function firstRegion(text: string): number {
  if (text.length < 4 || !prefixLetters.includes(text[0]!)) return regionAfter(text, 0)
  return prefixes.exec(text)?.[0].length ?? regionAfter(text, 0)
}

/** A region begins after the first non-vowel that follows a vowel. */
function regionAfter(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) if (!isVowel(text, at) && isVowel(text, at - 1)) return at + 1
  return text.length
}

/** The vowels as bits by their place in the alphabet, the small y among them. */
const vowels = (1 << 0) | (1 << 4) | (1 << 8) | (1 << 14) | (1 << 20) | (1 << 24)

function isVowel(text: string, at: number): boolean {
  const letter = text.charCodeAt(at) - 0x61
  return letter >= 0 && ((vowels >>> letter) & 1) === 1
}

function withoutPossessive(text: string): string {
  return text.replace(/'(?:s'?)?$/, '')
}

function withoutPlural(text: string): string {
  if (text.endsWith('sses')) return text.slice(0, -2)
  if (text.endsWith('ied') || text.endsWith('ies')) return text.slice(0, text.length > 4 ? -2 : -1)
  if (text.endsWith('us') || text.endsWith('ss') || !text.endsWith('s')) return text
  return /[aeiouy].+s$/.test(text) ? text.slice(0, -1) : text
}

const pastEndings = new Endings('ed ng ly')

function withoutPastOrProgress(text: string, first: number): string {
  if (!pastEndings.of(text)) return text
  const long = /(?:eed|eedly)$/.exec(text)
  if (long !== null) return long.index >= first ? `${text.slice(0, long.index)}ee` : text
  const found = /(?:ingly|edly|ing|ed)$/.exec(text)
  if (found === null) return text
  const base = text.slice(0, found.index)
  if (!/[aeiouy]/.test(base)) return text
  if (found[0].startsWith('ing') && /^.y$/.test(base) && !/^[aeiouyY]/.test(base)) return `${base[0]}ie`
  if (/(?:at|bl|iz)$/.test(base)) return `${base}e`
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(base)) return /^[aeo].{2}$/.test(base) ? base : base.slice(0, -1)
  return isShort(base, first) ? `${base}e` : base
}

/** A word is short when it ends in a short syllable and nothing follows its first region. */
function isShort(text: string, first: number): boolean {
  return first >= text.length && shortSyllable.test(text)
}

const steps = new Map(
  `ization ize; ational ate; fulness ful; ousness ous; iveness ive; tional tion; biliti ble; lessli less; entli ent; ation ate;
   alism al; aliti al; ousli ous; iviti ive; fulli ful; enci ence; anci ance; abli able; izer ize; ator ate; alli al; bli ble;
   ogist og`
    .split(';')
    .map((pair) => pair.trim().split(' ') as [string, string]),
)
const stepSuffix =
  /(?:ization|ational|fulness|ousness|iveness|tional|biliti|lessli|entli|ation|alism|aliti|ousli|iviti|fulli|ogist|enci|anci|abli|izer|ator|alli|bli|ogi|li)$/
const laterSteps = new Map(
  'ational ate; tional tion; alize al; icate ic; iciti ic; ical ic; ful -; ness -'
    .split(';')
    .map((pair) => pair.trim().split(' ') as [string, string]),
)

const stepEndings = new Endings('on al ss ti li sm ci er or st gi')
const laterEndings = new Endings('al ze te ti ve ss ul')

function derivation(text: string, first: number, second: number): string {
  let result = text
  const found = stepEndings.of(result) ? stepSuffix.exec(result) : null
  if (found !== null && found.index >= first) result = derived(result, found.index, found[0])
  if (!laterEndings.of(result)) return result
  const later = /(?:ational|tional|alize|icate|iciti|ative|ical|ness|ful)$/.exec(result)
  if (later === null || later.index < first) return result
  const base = result.slice(0, later.index)
  if (later[0] === 'ative') return later.index >= second ? base : result
  const ending = laterSteps.get(later[0])!
  return base + (ending === '-' ? '' : ending)
}

function derived(text: string, at: number, suffix: string): string {
  const base = text.slice(0, at)
  if (suffix === 'ogi') return base.endsWith('l') ? `${base}og` : text
  if (suffix === 'li') return /[cdeghkmnrt]$/.test(base) ? base : text
  return base + steps.get(suffix)!
}

const lastSuffixes = /(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|ion|al|er|ic)$/

const lastEndings = new Endings('nt ce le sm te ti us ve ze on al er ic')

function lastSuffix(text: string, second: number): string {
  if (!lastEndings.of(text)) return text
  const found = lastSuffixes.exec(text)
  if (found === null || found.index < second) return text
  const base = text.slice(0, found.index)
  return found[0] === 'ion' && !/[st]$/.test(base) ? text : base
}

function withoutFinal(text: string, first: number, second: number): string {
  const at = text.length - 1
  if (text.endsWith('l')) return at >= second && text.endsWith('ll') ? text.slice(0, -1) : text
  if (!text.endsWith('e')) return text
  const base = text.slice(0, -1)
  if (at >= second) return base
  return at >= first && !shortSyllable.test(base) ? base : text
}
