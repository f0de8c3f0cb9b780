import type { Outline } from './outline.ts'
import { foldersOf } from './path.ts'
import { stripped } from './plain.ts'
import { oneLine } from './text.ts'
import { fold, isCommon, termsOf } from './words.ts'

const tagLengthMax = 60
const repairedMax = 64
const proposedMax = 6
const proposedMin = 3
const weights = { keyword: 40, folder: 10, title: 5, heading: 3, text: 1 } as const
/** A term of the text alone must come back to count as a subject. */
const scoreMin = 2
/** Characters of the text in which terms are counted. */
const countedMax = 6_000
/** Folders that sort files by how they are kept and not by what they are about. */
const structural =
  /^(?:_.*|archive|archives|articles|assets|content|contents|docs|documents|drafts|en|files|inbox|journal|misc|my|notes?|pages|posts|public|site|src|static|tmp|vault|web|wiki|[a-z]{2}(?:[-_][a-z]{2})?)$/i

/** Terms with their scores; the singular and plural of a word count as one, shown as the shorter form seen. */
class Scores {
  readonly #scores = new Map<string, { tag: string; score: number }>()

  add(tag: string, weight: number): void {
    const key = fold(tag)
    const known = this.#scores.get(key)
    if (known === undefined) {
      this.#scores.set(key, { tag, score: weight })
      return
    }
    known.score += weight
    if (tag.length < known.tag.length) known.tag = tag
  }

  best(countMax: number, floor: number): string[] {
    return [...this.#scores.values()]
      .filter(({ score }) => score >= floor)
      .sort((a, b) => b.score - a.score || (a.tag < b.tag ? -1 : 1))
      .slice(0, countMax)
      .map(({ tag }) => tag)
  }
}

/**
 * The tags the author meant: the present value repaired; else three to six from keywords and categories, folder names,
 * title, headings and the text's own key terms. Never holds a blank, a comma, '#' or digits alone. Deterministic.
 */
export function proposeTags(
  path: string,
  data: Readonly<Record<string, unknown>>,
  body: Outline,
  title: string,
  countMax = repairedMax,
): string[] {
  const repaired = repairTags(data['tags'])
  if (repaired.length > 0) return repaired.slice(0, countMax)
  const scores = new Scores()
  for (const key of ['keywords', 'categories', 'category', 'topics', 'topic', 'subject']) {
    for (const tag of repairTags(data[key])) scores.add(tag.toLowerCase(), weights.keyword)
  }
  scoreFolders(scores, path)
  for (const term of termsOf(title)) scores.add(term, weights.title)
  for (const heading of body.headings.slice(0, 40)) {
    if (heading.level > 1) for (const term of termsOf(stripped(heading.text))) scores.add(term, weights.heading)
  }
  scoreText(scores, body)
  const strong = scores.best(Math.min(proposedMax, countMax), scoreMin)
  const fewest = Math.min(proposedMin, countMax)
  const tags = strong.length >= fewest ? strong : scores.best(fewest, 0)
  return tags.length > 0 ? tags : ['note'].slice(0, countMax)
}

function scoreFolders(scores: Scores, path: string): void {
  let weight: number = weights.folder
  for (const folder of foldersOf(path).slice(0, 4)) {
    const tag = tagOf(folder)
    // A folder of a year or month dates the note; it does not say what the note is about.
    if (tag === '' || structural.test(folder) || isCommon(tag) || !/\p{L}{2}/u.test(tag)) continue
    scores.add(tag, weight)
    weight = Math.max(2, weight - 3)
  }
}

function scoreText(scores: Scores, body: Outline): void {
  let left = countedMax
  for (const text of [...body.paragraphs, ...body.asides]) {
    if (left <= 0) return
    for (const term of termsOf(stripped(text.slice(0, left)))) scores.add(term, weights.text)
    left -= text.length
  }
}

/** What an author meant by a value that is no list of tags: split, stripped of '#', joined by dashes, each once. */
export function repairTags(value: unknown): string[] {
  const tags = new Set<string>()
  for (const part of partsOf(value)) {
    if (tags.size === repairedMax) break
    const tag = isTag(part) ? part : tagOf(typeof part === 'number' ? String(part) : part)
    if (tag !== '') tags.add(tag)
  }
  return [...tags]
}

function isTag(part: string | number): part is string {
  return (
    typeof part === 'string' &&
    part.length <= tagLengthMax &&
    /^[\p{L}\p{M}\p{N}_/-]*\p{L}[\p{L}\p{M}\p{N}_/-]*$/u.test(part)
  )
}

function partsOf(value: unknown): readonly (string | number)[] {
  if (typeof value === 'number') return [value]
  if (typeof value === 'string') {
    const text = oneLine(value.slice(0, 4096)).replace(/^\[(.*)\]$/, '$1')
    return text
      .split(/[,;]/.test(text) ? /[,;]/ : ' ')
      .map((part) => part.replace(/^[\s"']+|[\s"']+$/g, '').toLowerCase())
  }
  if (!Array.isArray(value)) return []
  return value
    .slice(0, 256)
    .flatMap((part) => (typeof part === 'string' && part.includes(',') ? part.slice(0, 4096).split(',') : [part]))
    .filter((part) => typeof part === 'string' || typeof part === 'number')
}

/** One tag of a text: letters and digits of any script joined by dashes; digits alone get a letter before them. */
export function tagOf(text: string): string {
  const joined = oneLine(text.slice(0, 256))
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^\p{L}\p{M}\p{N}/]+/gu, '-')
    .replace(/-*\/[-/]*/g, '/')
  const tag = trimmed(
    trimmed(joined)
      .slice(0, tagLengthMax)
      .toWellFormed()
      .replace(/\ufffd/g, ''),
  )
  if (tag === '' || /[\p{L}]/u.test(tag)) return tag
  if (!/\p{N}/u.test(tag)) return ''
  return /^(?:19|20)\d\d$/.test(tag) ? `y${tag}` : `n${tag}`
}

function trimmed(tag: string): string {
  return tag.replace(/^[-/\p{M}]+/u, '').replace(/[-/]+$/, '')
}
