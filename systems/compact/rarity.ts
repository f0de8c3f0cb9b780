import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Memory } from '../components.ts'
import { Texts } from '../memory/text-of.ts'
import { readWords, Words } from '../text/words.ts'
import { Compaction, WordCount, wordCounts } from './columns.ts'

/**
 * How rare words are: what everybody says all the time is not worth its place in a summary. Counted anew for each pass, over a
 * sample of memories, because there is no list of common words that fits every language and every circle.
 */

const sample_max = 2_048
const perTick = 16
/** A word that is in one of a hundred memories weighs half of one that is in none. */
const common = 0.01
const words = new Words()

/** Counts the words of the next memories of the sample. True when all of it is counted. O(texts of 16 memories) */
export function learn(tick: Tick): boolean {
  const { world } = tick
  const run = world.of(Compaction)
  if (world.rows(WordCount) === 0) world.append(WordCount, wordCounts)
  const { times } = world.of(WordCount)
  if (run.learnt[1] === 0) times.fill(0)
  const { deleted, parent } = world.of(Memory)
  const texts = new Texts(tick)
  const rows = world.rows(Memory)
  const sample = Math.min(rows, sample_max)
  for (let n = 0; n < perTick && run.learnt[1]! < sample; n++) {
    const row = 1 + Math.floor((run.learnt[1]!++ * rows) / sample)
    if (deleted[row] !== 0 || parent[row] !== 0) continue
    readWords(texts.text(row), words)
    for (let at = 0; at < words.count; at++) {
      const place = placeOf(words.term[at]!)
      if (words.term[at] !== 0 && times[place]! < 65_535) times[place]!++
    }
  }
  return run.learnt[1]! >= sample
}

/** What a word weighs: 1 when it is never said, less the more often it is. O(1) */
export function rarityOf(world: World, term: number): number {
  const learnt = world.of(Compaction).learnt[1]!
  if (learnt === 0) return 1
  return common / (common + world.of(WordCount).times[placeOf(term)]! / learnt)
}

function placeOf(term: number): number {
  return 1 + (term % wordCounts)
}
