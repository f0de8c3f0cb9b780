import type { Json } from '../../engine/flow/event.ts'
import type { ChatMessage } from '../../systems/events.ts'
import { bestPassage } from './passages.ts'
import { cutAtWord, oneLine } from './text.ts'
import { fold, isCommon } from './words.ts'

/** A memory as the messages of a turn hold it. */
type Remembered = { readonly text: string; readonly title: string; readonly source: string }
type Found = { readonly passage: string; readonly source: string; readonly weight: number }
type Weights = ReadonlyMap<string, number>

const quotesMax = 3
/** A memory that weighs less than this share of the best one is not quoted. */
const weightShare = 0.6
/** What a quote must carry of the question, by weight. */
const questionShare = 0.12
/** What a common word weighs beside one that can name a subject. */
const commonWeight = 0.2
const quoteUnits = 420
const questionUnits = 4_000
const memoryUnits = 20_000

const notice = 'No model is configured, so this is from memory alone.'
const earlier = 'said earlier in this conversation'
const nothing = 'I find nothing in memory about this.'
/** Words of a question that say nothing of its subject. */
const empty = new Set(
  (
    'a an the and or of to in on at is am are was were be been do does did can could may might shall should will would have has ' +
    'had i me my we us our you your he she it its they them their this that these those what which who whom whose when where ' +
    'why how if for from with without by as so not no yes please tell say said know about there here just any some'
  ).split(' '),
)

/**
 * Answers a turn from the memories that its messages hold, without a model: the one to three passages that share most with
 * what was said last, each with its source in words, or the plain word that nothing was found. That there is no model is said
 * once in a conversation. A report of the world itself is handed on as it is. The same messages always get the same answer.
 */
export function answerTurn(messages: readonly ChatMessage[]): string {
  const report = reportIn(messages)
  if (report !== undefined) return report
  const question = questionIn(messages)
  const found = findingsOf(question, memoriesIn(messages))
  const quotes = found.map(({ passage, source }) => `“${passage}”${source === '' ? '' : `\n  — ${source}`}`)
  const said = quotes.length === 0 ? [nothing] : quotes
  const told = messages.some(({ role, content }) => role === 'assistant' && isOwnAnswer(wordsIn(content)))
  return [...(told ? [] : [notice]), ...said].join('\n\n')
}

/** What the world itself reports, when it is the newest that was said: without a model its numbers speak for themselves. */
function reportIn(messages: readonly ChatMessage[]): string | undefined {
  const content = messages.findLast(({ role, content }) => role === 'user' && listIn(content) === undefined)?.content
  if (!isFields(content) || content['kind'] !== 'world' || content['author'] !== undefined) return undefined
  const { text } = content
  return typeof text === 'string' && /^Report \d+: /.test(text) ? text : undefined
}

/** What people said after the last answer. */
function questionIn(messages: readonly ChatMessage[]): string {
  const from = messages.findLastIndex(({ role }) => role === 'assistant' || role === 'tool') + 1
  return messages
    .slice(from)
    .filter(({ role, content }) => role === 'user' && listIn(content) === undefined)
    .map(({ content }) => wordsIn(content))
    .join('\n')
    .slice(-questionUnits)
}

/** What was found for this turn, and what people said earlier in the conversation: a context holds nothing twice. */
function memoriesIn(messages: readonly ChatMessage[]): Remembered[] {
  const found = messages.flatMap(({ content }) => (listIn(content) ?? []).flatMap(rememberedFrom))
  const until = messages.findLastIndex(({ role }) => role === 'assistant')
  const said = messages
    .slice(0, Math.max(0, until))
    .filter(({ role, content }) => role === 'user' && listIn(content) === undefined)
    .map(({ content }) => ({ text: wordsIn(content).slice(0, memoryUnits), title: '', source: earlier }))
  return [...found, ...said.reverse()]
}

/** Data that holds memories: those that were found, and those that are pinned. */
function listIn(content: ChatMessage['content']): readonly Json[] | undefined {
  if (typeof content !== 'object') return undefined
  const { memories, pinned } = content
  const lists = [memories, pinned].filter((list) => Array.isArray(list))
  return lists.length === 0 ? undefined : lists.flat()
}

function rememberedFrom(one: Json): Remembered[] {
  if (!isFields(one)) return []
  const text = typeof one['text'] === 'string' ? one['text'].slice(0, memoryUnits) : ''
  const [title, path, source] = [labelOf(one['title']), labelOf(one['path']), sourceWords(labelOf(one['source']))]
  const parts = [title, path, source, momentOf(one['when'])].filter((part) => part !== '')
  const distinct = parts.filter((part, at) => parts.findIndex((other) => other.includes(part)) === at)
  return text.trim() === '' ? [] : [{ text, title, source: distinct.join(', ') || labelOf(one['id']) }]
}

/** A source as a context names it, its kind before the rest, in words where a person would not know the kind. */
function sourceWords(source: string): string {
  const [kind, channel = '', ...rest] = source.split(', ')
  if (kind === 'fs') return [channel, ...rest].join(', ')
  if (kind !== 'operator') return source
  return channel === '' || channel === 'operator' ? 'said by the operator' : `said by the operator in ${channel}`
}

type Fields = { readonly [key: string]: Json | undefined }

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function labelOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? cutAtWord(oneLine(String(value)), 120) : ''
}

/** A time as it was written, or in milliseconds as its day. */
function momentOf(when: Json | undefined): string {
  if (typeof when !== 'number') return labelOf(when)
  return when > 0 && when <= 8.64e15 ? new Date(when).toISOString().slice(0, 10) : ''
}

/** The text of a message; of data what people wrote in it. */
function wordsIn(content: Json | undefined, depth = 0): string {
  if (typeof content === 'string') return content
  if (!isFields(content) || depth > 3) return ''
  const parts = Object.entries(content).map(([key, value]) =>
    typeof value === 'string' && !spoken.has(key) ? '' : wordsIn(value, depth + 1),
  )
  return parts.filter((part) => part !== '').join('\n')
}
const spoken = new Set(['text', 'title', 'content', 'message', 'body', 'question'])

/** The passages that bear on a question, best first; of memories that weigh alike, in their order. */
function findingsOf(question: string, memories: readonly Remembered[]): Found[] {
  const asked = keysOf(question)
  const lines = new Set([question, ...question.split('\n')].map(bare))
  const others = memories.filter(({ text }) => !isOwnAnswer(text) && !isQuestion(text) && !lines.has(bare(text)))
  const weights = weightsOf(asked, others)
  let total = 0
  for (const weight of weights.values()) total += weight
  const all = others.map(({ text, title, source }): Found => {
    const passage = cutAtWord(oneLine(bestPassage(text, (sentence) => weigh(sentence, weights))), quoteUnits)
    return { passage, source, weight: weigh(`${title}\n${passage}`, weights) }
  })
  all.sort((a, b) => b.weight - a.weight)
  const least = Math.max((all[0]?.weight ?? 0) * weightShare, total * questionShare)
  const seen = new Set<string>()
  const chosen = all.filter(({ passage, weight }) => {
    const key = passage.toLowerCase()
    if (weight === 0 || weight < least || seen.has(key)) return false
    seen.add(key)
    return true
  })
  return chosen.slice(0, quotesMax)
}

/** What this adapter itself said, or quoted: to quote it again would answer with an echo. */
function isOwnAnswer(text: string): boolean {
  return text.includes(notice) || text.includes(nothing) || (text.startsWith('“') && text.includes('”\n  — '))
}

/** A question answers none. */
function isQuestion(text: string): boolean {
  return /^[^.!?。！？\n]*[?？]\s*$/u.test(text.trim())
}

/** A text's words alone: the question itself is remembered too by now, and is no answer. */
function bare(text: string): string {
  return (text.toLowerCase().match(wordPattern) ?? []).join(' ')
}

/** The words of the question, each the heavier the fewer of the memories have it. */
function weightsOf(asked: ReadonlySet<string>, memories: readonly Remembered[]): Weights {
  const counts = new Map([...asked].map((key) => [key, 0]))
  for (const { text, title } of memories) {
    for (const key of keysOf(`${title}\n${text}`)) if (counts.has(key)) counts.set(key, counts.get(key)! + 1)
  }
  const weights = new Map<string, number>()
  for (const [key, count] of counts) {
    const rare = Math.log(1 + (memories.length + 1) / (count + 0.5))
    weights.set(key, isCommon(key) ? rare * commonWeight : rare)
  }
  return weights
}

function weigh(text: string, weights: Weights): number {
  let weight = 0
  for (const key of keysOf(text)) weight += weights.get(key) ?? 0
  return weight
}

const wordPattern = /[\p{L}\p{M}\p{N}]+/gu
const unspaced = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}]/u

/** The words of a text that can be shared, as keys: singular for plural, without their commonest endings; pairs of characters where words are not parted. */
function keysOf(text: string): Set<string> {
  const keys = new Set<string>()
  for (const [word] of text.toLowerCase().matchAll(wordPattern)) {
    if (unspaced.test(word)) for (let at = 0; at + 1 < word.length; at++) keys.add(word.slice(at, at + 2))
    else if (word.length > 1 && !empty.has(word)) keys.add(stem(word))
  }
  return keys
}

function stem(word: string): string {
  const single = fold(word)
  const cut = single.replace(/(?:ing|ed|er|ly)$/, '')
  return cut.length >= 4 ? cut.replace(/e$/, '') : single.replace(/e$/, '')
}
