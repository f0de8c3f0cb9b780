/** One chunk of a document: `units` UTF-16 units from `start` on. */
export type Span = { readonly start: number; readonly units: number }

/** A text of up to so many UTF-16 units is one chunk when nothing else is said. */
export const chunkUnits_max = 2_000

/** How long chunks are, in UTF-16 units: about `usual`, never above `most`; a text up to `most` is one chunk. */
export type ChunkLimits = { readonly usual?: number; readonly most?: number }

/**
 * Cuts a document into chunks that cover it in order, without gap or overlap, the same way every time; an empty text has none.
 * Cuts fall at headings if they can, else at blank lines, ends of lines and of sentences, blanks; never inside a surrogate pair.
 * A fenced block of code stays whole where it fits.
 * @param into emptied, then filled with the chunks in order
 */
export function readSpans(
  text: string,
  into: Span[],
  { usual = 1_200, most = chunkUnits_max }: ChunkLimits = {},
): void {
  into.length = 0
  const places = text.length > most ? placesOf(text) : []
  for (let from = 0, next = 0; from < text.length; ) {
    let end = text.length
    if (end - from > most) {
      while (next < places.length && places[next]!.at <= from) next++
      end = bestCut(text, places, next, from, usual, most)
    }
    into.push({ start: from, units: end - from })
    from = end
  }
}

type Place = { readonly at: number; readonly worth: number }
const headingWorth = 1
const blankWorth = 0.72
const lineWorth = 0.45

/** The beginnings of lines outside fences, and what a cut there is worth. */
function placesOf(text: string): Place[] {
  const places: Place[] = []
  let fence = ''
  let blank = true
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at)
    const next = newline < 0 ? text.length : newline + 1
    const line = text.slice(at, Math.min(next, at + 12))
    const mark = /^ {0,3}(```|~~~)/.exec(line)?.[1] ?? ''
    if (fence === '') places.push({ at, worth: /^#{1,6}\s/.test(line) ? headingWorth : blank ? blankWorth : lineWorth })
    if (fence === '') fence = mark
    else if (mark === fence) fence = ''
    blank = /^\s*$/.test(line)
    at = next
  }
  return places
}

/** The place worth most, less the further it lies from the usual length. */
function bestCut(
  text: string,
  places: readonly Place[],
  next: number,
  from: number,
  usual: number,
  most: number,
): number {
  let best = 0
  let bestWorth = 0
  for (let index = next; index < places.length && places[index]!.at - from <= most; index++) {
    const { at, worth } = places[index]!
    const length = at - from
    const away = length < usual ? (usual - length) / usual : (length - usual) / (most - usual) / 2
    const value = worth * (1 - away * away)
    if (length >= usual / 4 && value >= bestWorth) {
      best = at
      bestWorth = value
    }
  }
  return bestWorth > 0.2 ? best : cutWithin(text, from, usual, most)
}

/** Without a line to cut at: after a sentence, else a blank, else anywhere that is no surrogate pair. */
function cutWithin(text: string, from: number, usual: number, most: number): number {
  const end = from + most
  const piece = text.slice(from, end)
  const sentence = lastMatch(piece, /[.!?][)"'\]]*\s+|\n|[\u3002\uff01\uff1f]/g)
  if (sentence >= usual / 2) return from + sentence
  const word = lastMatch(piece, /\s+/g)
  if (word >= usual / 2) return from + word
  const unit = text.charCodeAt(end - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end
}

function lastMatch(text: string, pattern: RegExp): number {
  let last = 0
  for (const match of text.matchAll(pattern)) last = match.index + match[0].length
  return last
}
