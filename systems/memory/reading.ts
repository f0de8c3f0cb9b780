import { chunkUnits_max } from '../text/chunks.ts'
import { readWords, Words } from '../text/words.ts'
import type { Draft } from './draft.ts'
import { marksOf } from './marks.ts'
import { type About, Mentions, readMentions } from './mentions.ts'
import { tagsOf } from './tags.ts'

/**
 * What is read of a text: a pure function of the text and of what is known about it, so it does not matter who read it,
 * or when. Its mentions are the `count` entries from `from` on of the parallel arrays.
 */
export type Reading = {
  /** Hashed stems in the order of the text; 0 is none. */
  readonly titleTerms: Uint32Array
  readonly titleCount: number
  readonly terms: Uint32Array
  readonly termCount: number
  /** Bits of Mark. */
  readonly marks: number
  readonly from: number
  readonly count: number
  readonly dropped: number
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly kind: Uint8Array
  readonly signature: Uint32Array
  readonly word: Uint32Array
  readonly field: Uint8Array
  readonly times: Uint8Array
  /** The tags of the whole memory; of the reading that was made last only, like the texts of keys. */
  tags(): readonly string[]
  /** The canonical text of the key of mention `at`, counted from 0. */
  keyText(at: number): string
}

const titleWords = new Words()
const words = new Words()
const mentions = new Mentions()
const keyText = (at: number): string => mentions.keyText(at)

/** Whether a text is read whole; a longer one is read chunk by chunk. */
export function isWhole(text: string): boolean {
  return text.length <= chunkUnits_max
}

/** Reads a text. What is given back is good until the next text is read. O(length of the text). */
export function readText(text: string, about: About): Reading {
  readWords(text, words)
  readMentions(words, about, mentions)
  const { high, low, kind, signature, word, field, times, count, dropped } = mentions
  return {
    titleTerms: titleWords.term,
    titleCount: titleWords.count,
    terms: words.term,
    termCount: words.count,
    marks: marksOf(words),
    from: 0,
    count,
    dropped,
    high,
    low,
    kind,
    signature,
    word,
    field,
    times,
    tags: () => tagsOf(words, about, mentions),
    keyText,
  }
}

/** What is known of a draft besides its text. Its title has been read then. */
export function aboutOf({ title, source, tags, path, ts, tool = '' }: Draft): About {
  const { kind, author, channel, thread } = source
  if (title === '') titleWords.count = 0
  else readWords(title, titleWords)
  return {
    title: title === '' ? undefined : titleWords,
    source: kind,
    author,
    channel,
    thread,
    tool,
    tags,
    paths: path === '' ? [] : [path],
    ts,
  }
}
