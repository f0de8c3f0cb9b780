import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { Band, Gauge, Memory, MemoryKind } from '../components.ts'
import { hashPair, hashText } from '../text/hash.ts'
import { documentWords_min, isOneFamily, likeness, readSketch, Sketch, sketchBins, titleOf } from '../text/shingles.ts'
import { readWords, Words } from '../text/words.ts'
import type { Draft } from './draft.ts'

/** Documents that are compared with a new one for each band they share with it: the newest. */
const perBand_max = 8
/** Most documents that are compared with a new one. */
const candidates_max = 48
const titleBand = hashText('title')
/** Fewer units cannot hold the words of a document. */
const documentUnits_min = documentWords_min * 2

const words = new Words()
const sketch = new Sketch()
const other = new Sketch()

/**
 * Joins a document to the family of near duplicates it belongs to: the one of the earlier document most like it. Documents
 * stay memories of their own; `family` is the first of them. Record: `sketch`. O(length of the text + candidates_max).
 */
export function joinFamily(tick: Tick, draft: Draft, id: number): void {
  if (draft.kind !== MemoryKind.note || draft.text.length < documentUnits_min) return
  readWords(draft.text, words)
  if (!readSketch(words, draft.title || titleOf(draft.text), sketch)) return
  const { world } = tick
  const alike = mostAlike(tick, id)
  if (alike !== 0) {
    const { family } = world.of(Memory)
    if (family[alike] === 0) {
      family[alike] = alike
      world.of(Gauge).families[1]!++
    }
    family[id] = family[alike]!
  }
  tick.put('sketch', id, textOf(sketch))
  for (const band of sketch.bands) addBand(world, band, id)
  if (sketch.title !== 0) addBand(world, sketch.title, id, titleBand)
}

/** The earlier document of one family with the one just read that is most like it, the first of several; or 0. */
function mostAlike(tick: Tick, id: number): number {
  const { world } = tick
  const candidates = new Set<number>()
  for (const band of sketch.bands) collect(world, band, 0, candidates)
  if (sketch.title !== 0) collect(world, sketch.title, titleBand, candidates)
  let best = 0
  let most = -1
  for (const candidate of [...candidates].sort((a, b) => a - b)) {
    if (candidate === id || world.of(Memory).deleted[candidate] !== 0) continue
    const saved = tick.read('sketch', candidate)
    if (saved === undefined || saved === '') continue
    readSaved(saved, other)
    const alike = likeness(sketch.bins, 0, other.bins, 0)
    if (!isOneFamily(alike, sketch.size, other.size, sketch.title, other.title) || alike <= most) continue
    most = alike
    best = candidate
  }
  return best
}

function collect(world: World, band: number, kind: number, into: Set<number>): void {
  const { memory_id, older, newest } = world.of(Band)
  const head = world.findPair(Band, 'band', hashPair(band, kind), band)
  let left = perBand_max
  for (let row = newest[head]!; row !== 0 && left > 0 && into.size < candidates_max; row = older[row]!, left--) {
    into.add(memory_id[row]!)
  }
}

function addBand(world: World, band: number, id: number, kind = 0): void {
  if (world.room(Band) === 0) return
  const high = hashPair(band, kind)
  const head = world.findPair(Band, 'band', high, band)
  const row = world.append(Band)
  const bands = world.of(Band)
  bands.band_high[row] = high
  bands.band_low[row] = band
  bands.memory_id[row] = id
  bands.older[row] = bands.newest[head]!
  bands.newest[head === 0 ? row : head] = row
}

function textOf({ bins, size, title }: Sketch): string {
  return JSON.stringify({ bins: Buffer.from(bins).toString('base64'), size, title })
}

function readSaved(text: string, into: Sketch): void {
  const saved = JSON.parse(text) as { bins: string; size: number; title: number }
  into.bins.set(Buffer.from(saved.bins, 'base64').subarray(0, sketchBins))
  into.size = saved.size
  into.title = saved.title
}
