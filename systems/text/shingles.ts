import { hashEnd, hashSeed, hashText, hashUnit } from './hash.ts'
import { reveal } from './hidden.ts'
import { foldWord } from './word-cache.ts'
import { readWords, WordFlag, Words } from './words.ts'

/**
 * Near-duplicate documents: which earlier document is this one a version of?
 * A document is known by a sketch of its shingles (three words in a row) and by its title. Candidates share a band of the sketch or
 * the title; the sketches of two candidates then say whether they are of one family, and no text is read.
 */

/** Bins of a sketch, a byte each. */
export const sketchBins = 64
/** Band keys of a sketch: two documents that share one are worth a comparison. */
export const sketchBands = 16
/** A text with fewer words is no document: its few shingles say too little. */
export const documentWords_min = 60

const bandRows = sketchBins / sketchBands
const none = 0xffffffff

/** What is kept of a document: 64 bytes of bins, four of size, four of title; the bands are the keys by which it is found. */
export class Sketch {
  /** Eight bits of the lowest hash in each of 64 classes of shingles (one-permutation MinHash, densified). */
  readonly bins: Uint8Array = new Uint8Array(sketchBins)
  /** 32-bit keys; never 0. */
  readonly bands: Uint32Array = new Uint32Array(sketchBands)
  /** How many shingles the text has. */
  size = 0
  /** The key of its title, also a key by which it is found; 0 for none. */
  title = 0
}

const lowest = new Uint32Array(sketchBins)
const placeholder = hashText('<n>')

/**
 * Reads the sketch of a document from its words; false when it has fewer than 60 and so is none. O(words).
 * Numbers count as one and the same word, so that a new date or version is no difference.
 * @param title as the author gave it, or as `titleOf` finds it; may be empty
 */
export function readSketch(words: Words, title: string, into: Sketch): boolean {
  into.title = titleKey(title)
  into.size = 0
  if (words.count < documentWords_min) return false
  lowest.fill(none)
  into.size = eachShingle(words, (shingle) => {
    const bin = shingle >>> 26
    const rest = hashEnd(shingle)
    if (rest < lowest[bin]!) lowest[bin] = rest
  })
  densify()
  for (let bin = 0; bin < sketchBins; bin++) into.bins[bin] = lowest[bin]! & 0xff
  for (let band = 0; band < sketchBands; band++) {
    let state = hashUnit(hashSeed, band)
    for (let row = 0; row < bandRows; row++) state = hashUnit(state, lowest[band * bandRows + row]!)
    into.bands[band] = hashEnd(state)
  }
  return true
}

/** Calls `take` with every shingle's hash, repeats too; the answer is how many there were. */
function eachShingle(words: Words, take: (shingle: number) => void): number {
  let first = 0
  let second = 0
  let seen = 0
  for (let at = 0; at < words.count; at++) {
    const flags = words.flags[at]!
    if ((flags & WordFlag.part) !== 0) continue
    const third = (flags & WordFlag.number) !== 0 ? placeholder : words.raw[at]!
    if (++seen > 2) take(hashEnd(hashUnit(hashUnit(hashUnit(hashSeed, first), second), third)))
    first = second
    second = third
  }
  return Math.max(0, seen - 2)
}

/** An empty bin borrows from one that is not, chosen by its own number alone, so that like documents borrow alike. */
function densify(): void {
  const filled = lowest.slice()
  for (let bin = 0; bin < sketchBins; bin++) {
    for (let turn = 1; lowest[bin] === none; turn++) lowest[bin] = filled[hashEnd(bin * 4_096 + turn) >>> 26]!
  }
}

/**
 * The key of a title: equal for titles that differ in case, accents, blanks, what follows in brackets, or the name of the site
 * after a bar; 0 when nothing is left.
 */
export function titleKey(title: string): number {
  const shown = foldWord(reveal(title).text)
  const bare = shown.replace(/\s[|\u00b7]\s.*$/s, '').replace(/\([^()]*\)|\[[^[\]]*\]/g, ' ')
  const words = (bare.trim() === '' ? shown : bare).match(/[\p{L}\p{N}\p{M}]+/gu)
  return words === null ? 0 : hashText(words.join(' '))
}

const matter = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/
const matterTitle = /^title:[ \t]*(?:[>|][+-]?[ \t]*\r?\n[ \t]+)?(["']?)(.*?)\1[ \t]*\r?$/im

/** The title that a text gives itself: in its front matter, or as its first heading; empty when there is none near the beginning. */
export function titleOf(text: string): string {
  const head = text.slice(0, 4_096)
  const found = matter.exec(head)
  const given = found === null ? undefined : matterTitle.exec(found[1]!)?.[2]
  if (given !== undefined && given !== '') return given
  const body = head.slice(found === null ? 0 : found[0].length)
  return /^#{1,2}[ \t]+(.+?)[ \t#]*\r?$/m.exec(body)?.[1] ?? ''
}

/**
 * How alike two documents are by their sketches: the share of their shingles that both have, 0 to 1, give or take 0.06.
 * Chance agreement of bytes is taken off.
 * @param offset1, offset2 where the 64 bins begin in each array
 */
export function likeness(bins1: Uint8Array, offset1: number, bins2: Uint8Array, offset2: number): number {
  let same = 0
  for (let bin = 0; bin < sketchBins; bin++) if (bins1[offset1 + bin] === bins2[offset2 + bin]) same++
  return Math.max(0, (same / sketchBins - 1 / 256) / (1 - 1 / 256))
}

/** How much of the smaller document is in the larger, 0 to 1, from their likeness and their sizes. */
export function containment(alike: number, size1: number, size2: number): number {
  const least = Math.min(size1, size2)
  return least === 0 ? 0 : Math.min(1, (alike * (size1 + size2)) / (1 + alike) / least)
}

/** How alike two documents must be to be of one family. Unlike titles need near-identity: pages of one template are alike, too. */
export const familyLikeness = {
  noTitle: 0.6,
  otherTitle: 0.85,
  /** Under one title it is enough that so much of the smaller is in the larger: documents grow from version to version. */
  sameTitleContained: 0.6,
  sameTitleLeast: 0.15,
} as const

/** Whether two documents are versions of one, by likeness, sizes and the keys of their titles. */
export function isOneFamily(alike: number, size1: number, size2: number, title1: number, title2: number): boolean {
  if (title1 === 0 || title2 === 0) return alike >= familyLikeness.noTitle
  if (title1 !== title2) return alike >= familyLikeness.otherTitle
  return alike >= familyLikeness.sameTitleLeast && containment(alike, size1, size2) >= familyLikeness.sameTitleContained
}

const words = new Words()

/** How alike two texts are, exactly: the shingles both have, of all they have; 0 to 1, and 1 for two texts with none. */
export function resemblance(text1: string, text2: string): number {
  const shingles1 = shinglesOf(text1)
  const shingles2 = shinglesOf(text2)
  let both = 0
  for (const shingle of shingles1) if (shingles2.has(shingle)) both++
  const all = shingles1.size + shingles2.size - both
  return all === 0 ? 1 : both / all
}

function shinglesOf(text: string): Set<number> {
  readWords(text, words)
  const shingles = new Set<number>()
  eachShingle(words, (shingle) => shingles.add(shingle))
  return shingles
}
