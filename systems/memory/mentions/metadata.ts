import type { Words } from '../../text/words.ts'
import { dayOf } from './dates.ts'
import { addPath } from './forms.ts'
import type { Gathering } from './gathering.ts'
import { KeyKind, MentionField, noWord, rank } from './kinds.ts'
import type { Names } from './names.ts'
import { signatureAbout } from './signature.ts'

/** What is known of a memory besides its text; an empty text or list where there is nothing. */
export type About = {
  readonly title: Words | undefined
  readonly source: string
  readonly author: string
  readonly channel: string
  readonly thread: string
  readonly tool: string
  readonly tags: readonly string[]
  readonly paths: readonly string[]
  /** When it happened, in milliseconds; 0 when unknown. */
  readonly ts: number
}

/** Nothing but the text is known: of a query, or of a chunk, whose document holds the rest. */
export const unknownAbout: About = Object.freeze({
  title: undefined,
  source: '',
  author: '',
  channel: '',
  thread: '',
  tool: '',
  tags: [],
  paths: [],
  ts: 0,
})

/** What is longer than a title is none. */
const titleUnits = 400

/** Typed tags that are keys of their own kind. Who and where are not among them: a tag cannot say who wrote it. */
const typedTags = new Map([
  ['tool', KeyKind.tool],
  ['net', KeyKind.site],
  ['err', KeyKind.error],
  ['topic', KeyKind.topic],
  ['ops', KeyKind.ops],
])

/** Notes what the metadata and the title say. @param tags_max given tags that are kept, by their order in code units, and paths, by their own */
export function readAbout(words: Words, about: About, tags_max: number, names: Names, into: Gathering): void {
  const signature = signatureAbout(words)
  if (about.title !== undefined && about.title.text.length <= titleUnits) {
    readTitle(about.title, signature, into)
    names.readTitle(about.title, signature, into)
  }
  into.at(MentionField.metadata, noWord, 0, signature)
  if (about.author !== '') into.plain(KeyKind.author, rank.context, about.author)
  if (about.thread !== '') into.plain(KeyKind.thread, rank.context, about.thread)
  if (about.channel !== '') into.plain(KeyKind.channel, rank.context, about.channel)
  if (about.tool !== '') into.plain(KeyKind.tool, rank.context, about.tool)
  if (about.source !== '') into.plain(KeyKind.source, rank.year, about.source)
  readPaths(about.paths, tags_max, into)
  readTags(about.tags, tags_max, into)
  const day = dayOf(about.ts)
  if (day !== '') into.plain(KeyKind.day, rank.context, day)
}

/** The title as a whole, the title without what its parentheses add, and what it says before its first comma. */
function readTitle(title: Words, signature: number, into: Gathering): void {
  const { text } = title
  if (title.count === 0) return
  into.at(MentionField.title, noWord, title.count, signature)
  into.name(KeyKind.entity, rank.title, text)
  const parenthesis = text.indexOf('(')
  const end = parenthesis > 0 && text.indexOf(')', parenthesis) > 0 ? parenthesis : text.length
  if (end < text.length) into.name(KeyKind.entity, rank.title - 1, text, 0, end)
  const comma = text.indexOf(', ')
  if (comma > 0 && comma < end) into.name(KeyKind.entity, rank.part, text, 0, comma)
  addPath(text, into)
}

function readPaths(paths: readonly string[], paths_max: number, into: Gathering): void {
  into.dropped += Math.max(0, paths.length - paths_max)
  for (const path of paths.slice(0, paths_max)) if (!addPath(path, into)) into.plain(KeyKind.path, rank.path, path)
}

function readTags(tags: readonly string[], tags_max: number, into: Gathering): void {
  if (tags.length === 0) return
  const different = tags.length === 1 ? tags : [...new Set(tags)].sort()
  into.dropped += Math.max(0, different.length - tags_max)
  for (let index = 0; index < Math.min(different.length, tags_max); index++) readTag(different[index]!, into)
}

function readTag(tag: string, into: Gathering): void {
  const slash = tag.indexOf('/')
  const kind = slash > 0 ? typedTags.get(tag.slice(0, slash)) : undefined
  if (kind === undefined) into.plain(KeyKind.tag, rank.tag, tag.startsWith('#') ? tag.slice(1) : tag)
  else into.plain(kind, rank.tag, tag, slash + 1)
}
