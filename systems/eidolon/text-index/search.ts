import type { Cursor, Gathered } from './cursor.ts'
import { gridStep } from './scoring.ts'
import { type Segment, windowDocuments, windowsOf } from './segment.ts'
import type { Top } from './top.ts'

/** Room for the scores of one window, which stays in the fastest cache. */
export class Window implements Gathered {
  readonly scores: Float64Array = new Float64Array(windowDocuments)
  readonly bits: Int32Array = new Int32Array(windowDocuments / 32)
  readonly chosen: Uint16Array = new Uint16Array(windowDocuments)

  /** Empties the bits and lists the documents of those whose score is above the bar; the others lose theirs. */
  choose(bar: number): number {
    const { bits, scores, chosen } = this
    let count = 0
    for (let word = 0; word < bits.length; word++) {
      let rest = bits[word]!
      bits[word] = 0
      while (rest !== 0) {
        const local = word * 32 + 31 - Math.clz32(rest & -rest)
        rest &= rest - 1
        if (scores[local]! > bar) chosen[count++] = local
        else scores[local] = 0
      }
    }
    return count
  }

  /** Keeps of the chosen only those whose score is above the bar; the others lose theirs. */
  keep(count: number, bar: number): number {
    const { scores, chosen } = this
    let kept = 0
    for (let index = 0; index < count; index++) {
      const local = chosen[index]!
      if (scores[local]! > bar) chosen[kept++] = local
      else scores[local] = 0
    }
    return kept
  }
}

/**
 * Offers the best documents of one segment. Segments must come in ascending order of rows, so that a document which only
 * equals the floor of its window's beginning has lost: of equal scores the smaller row is better.
 *
 * In each window the terms with the smallest bounds are set aside as long as all of them together cannot lift a document over
 * the floor. The others are gathered; only documents that can still pass are looked up in the terms set aside.
 * @param least what a hit's score is known to be at least
 */
export function searchSegment(
  segment: Segment,
  cursors: Cursor[],
  room: Window,
  top: Top,
  least: number,
  accept: ((row: number) => boolean) | undefined,
): void {
  const windows = windowsOf(segment.documents)
  for (let window = 0; window < windows; window++) {
    const bar = Math.max(top.floor, least - gridStep)
    let sum = 0
    for (const cursor of cursors) {
      cursor.moveTo(window)
      sum += cursor.bound
    }
    if (sum <= bar) continue
    sortByBound(cursors)
    let aside = 0
    let open = 0
    while (open + cursors[aside]!.bound <= bar) open += cursors[aside++]!.bound
    for (let at = aside; at < cursors.length; at++) cursors[at]!.gather(window, room)
    let count = room.choose(bar - open)
    for (let at = aside - 1; at >= 0 && count > 0; at--) {
      open -= cursors[at]!.bound
      if (cursors[at]!.bound > 0) cursors[at]!.refine(window, room.chosen, count, room.scores)
      count = room.keep(count, bar - open)
    }
    if (count > 0) offer(segment, window * windowDocuments, room, count, top, accept)
  }
}

function offer(
  segment: Segment,
  from: number,
  { scores, chosen }: Window,
  count: number,
  top: Top,
  accept: ((row: number) => boolean) | undefined,
): void {
  const { rows } = segment
  for (let index = 0; index < count; index++) {
    const local = chosen[index]!
    const score = scores[local]!
    scores[local] = 0
    const row = rows[from + local]!
    if (top.takes(score, row) && (accept === undefined || accept(row))) top.put(score, row)
  }
}

function sortByBound(cursors: Cursor[]): void {
  for (let at = 1; at < cursors.length; at++) {
    const cursor = cursors[at]!
    let place = at
    while (place > 0 && cursors[place - 1]!.bound > cursor.bound) {
      cursors[place] = cursors[place - 1]!
      place--
    }
    cursors[place] = cursor
  }
}
