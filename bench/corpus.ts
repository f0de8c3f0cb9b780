import type { EventInput } from '../engine/index.ts'

/**
 * A seeded stream of messages as large memories look: about 300 bytes, words by Zipf's law out of 200,000, names out
 * of a million, some eight keys each (author, thread, day, source, and names, paths and errors in the text). The same
 * seed gives the same stream.
 */
export type Corpus = {
  event(index: number): EventInput
  /** Six words out of one of the first `count` messages: what a person asks who half remembers it. */
  ask(count: number): Asked
}

/** A question, and the message it is about. */
export type Asked = { readonly text: string; readonly index: number }

const syllables =
  'ba be bi bo bu da de di do du fa fe fi fo ga ge go ha he hi ho ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we za ze zo'.split(
    ' ',
  )
const vocabulary = 200_000
const names = 1_000_000
const textUnits = 290

/** @param seed any 32-bit number but 0 */
export function corpusOf(seed: number): Corpus {
  const streams = (index: number) => generator(seed ^ Math.imul(index + 1, 0x9e3779b1) || 1)
  const questions = generator(seed)
  const event = (index: number): EventInput => {
    const next = streams(index)
    return {
      type: 'chat.message',
      id: `m${index}`,
      ts: 1_700_000_000_000 + index * 60_000,
      source: { kind: 'chat', thread: `talk-${index >> 5}`, author: nameOf(Math.floor(next() * next() * 400)) },
      payload: { text: textOf(next) },
    }
  }
  return {
    event,
    ask: (count) => {
      const index = Math.floor(questions() * count)
      const { text } = event(index).payload as { text: string }
      const words = text.split(' ')
      const chosen = new Set<string>()
      while (chosen.size < 6) chosen.add(words[Math.floor(questions() * words.length)]!.replace(/[.,]$/, ''))
      return { text: [...chosen].join(' '), index }
    },
  }
}

function textOf(next: () => number): string {
  const parts: string[] = []
  let units = 0
  let sentence = 0
  while (units < textUnits) {
    const chance = next()
    let part: string
    if (chance < 0.033) part = fullNameOf(rank(next, names))
    else if (chance < 0.038) part = `src/${wordOf(rank(next, 2000))}/${wordOf(rank(next, 500))}.ts`
    else if (chance < 0.043) part = `ERR_${wordOf(rank(next, 200)).toUpperCase()}`
    else part = wordOf(rank(next, vocabulary))
    if (sentence === 0) part = part[0]!.toUpperCase() + part.slice(1)
    if (++sentence > 14 && next() < 0.2) {
      part += '.'
      sentence = 0
    }
    parts.push(part)
    units += part.length + 1
  }
  return parts.join(' ')
}

/** A rank by Zipf's law, as its continuous inverse: the first rank is met most. */
function rank(next: () => number, most: number): number {
  return Math.min(most - 1, Math.floor(Math.exp(next() * Math.log(most + 1))) - 1)
}

function wordOf(index: number): string {
  let left = index + 7
  let word = ''
  while (left > 0) {
    word += syllables[left % syllables.length]
    left = Math.floor(left / syllables.length)
  }
  return word
}

/** Two words that belong together: who has a name has only one. */
function fullNameOf(index: number): string {
  return `${nameOf(index % 997)} ${nameOf(1000 + index)}`
}

function nameOf(index: number): string {
  const word = wordOf(index + 900_000)
  return word[0]!.toUpperCase() + word.slice(1)
}

/** Mulberry32, a public-domain generator; only the bench's own data comes from it. */
export function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
