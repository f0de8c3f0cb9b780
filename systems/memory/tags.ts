import type { Words } from '../text/words.ts'
import { extensionOf } from './mentions/forms.ts'
import type { About } from './mentions/metadata.ts'
import { Spelling } from './mentions/spelling.ts'
import { KeyKind, kindPrefix, MentionField, type Mentions } from './mentions.ts'
import { languageOfWords } from './tags/language.ts'
import { riskOf } from './tags/risk.ts'

/** Tags that a memory keeps. */
export const tagsMax = 16
/** Of these, tags that were given: what rules find has room beside them. */
export const givenMax = 12

/** The prefix of the tag that a kind of key becomes; the others become none. */
const tagPrefix: Readonly<Record<number, string>> = {
  [KeyKind.error]: 'err/',
  [KeyKind.site]: 'net/',
  [KeyKind.topic]: 'topic/',
  [KeyKind.tag]: 'topic/',
  [KeyKind.ops]: 'ops/',
}

const spelling = new Spelling()

/** Tags as they are spelt, by prefix and what follows it: the same authors and channels come again and again. */
const spelt = new Map<string, Map<string, string>>()
const speltMax = 4096
const speltUnits = 64

/**
 * The tags of a memory: those that were given, in the order of their code units, and then what rules find, likewise:
 * `src/ chan/ author/ tool/ risk/ file/ net/ err/ topic/ ops/ lang/`. At most `tagsMax`, each at most 200 units long.
 * @param mentions what `readMentions` found for the same words and metadata
 */
export function tagsOf(words: Words, about: About, mentions: Mentions): string[] {
  const given = collect(none, givenMax, (add) => {
    if (about.tags.length > 0)
      for (const tag of [...new Set(about.tags)].sort()) add('', tag.startsWith('#') ? tag.slice(1) : tag)
  })
  const found = collect(given, tagsMax - given.length, (add) => {
    add('src/', about.source)
    add('chan/', about.channel)
    add('author/', about.author)
    add('tool/', about.tool)
    if (about.tool !== '') add('risk/', riskOf(about.tool, words.text))
    addMentioned(mentions, KeyKind.error, add)
    addFiles(about, mentions, add)
    for (const kind of mentionedKinds) addMentioned(mentions, kind, add)
    add('lang/', languageOfWords(words))
  })
  return given.length === 0 ? found : [...given, ...found]
}

const none: readonly string[] = []
const mentionedKinds = [KeyKind.ops, KeyKind.topic, KeyKind.tag, KeyKind.site]

type Add = (prefix: string, value: string) => void

/** Runs rules in their order until there is no room, and sorts what they found. */
function collect(seen: readonly string[], most: number, rules: (add: Add) => void): string[] {
  const tags: string[] = []
  rules((prefix, value) => {
    if (tags.length >= most || value === '') return
    const tag = canonical(prefix, value)
    if (tag !== '' && !tags.includes(tag) && !seen.includes(tag)) tags.push(tag)
  })
  return tags.length < 2 ? tags : tags.sort()
}

function canonical(prefix: string, value: string): string {
  let known = spelt.get(prefix)
  const before = known?.get(value)
  if (before !== undefined) return before
  spelling.open(prefix)
  spelling.plain(value)
  if (spelling.bodyUnits === 0) return ''
  spelling.close()
  const tag = spelling.text()
  if (value.length > speltUnits) return tag
  // Forgetting all of it changes no answer.
  if (known === undefined || known.size >= speltMax) {
    known = new Map()
    spelt.set(prefix, known)
  }
  known.set(value, tag)
  return tag
}

/** What the text itself mentions; given tags have had their turn. */
function addMentioned(mentions: Mentions, kind: number, add: Add): void {
  for (let index = 0; index < mentions.count; index++) {
    if (mentions.kind[index] !== kind || mentions.field[index] === MentionField.metadata) continue
    add(tagPrefix[kind]!, mentions.keyText(index).slice(kindPrefix[kind]!.length))
  }
}

/** The extensions of the files that are meant. */
function addFiles(about: About, mentions: Mentions, add: Add): void {
  for (const path of about.paths.slice(0, tagsMax)) add('file/', extensionOf(path))
  for (let index = 0; index < mentions.count; index++) {
    if (mentions.kind[index] === KeyKind.path) add('file/', extensionOf(mentions.keyText(index)))
  }
}
