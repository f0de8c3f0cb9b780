import type { Event } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Memory } from '../components.ts'
import { CompactChecked, MemoryRecall, type MemoryUsed } from '../events.ts'
import { hash64 } from '../text/hash.ts'
import { Compaction, CompactPhase, Plan, Probe, ProbeHit, probeHits_max, probes_max, Question } from './columns.ts'
import type { CompactPolicy } from './policy.ts'

/**
 * The safety check of a round: the last questions are asked before it and after it, and what they found must still be found. They
 * are asked of the real index, with the round in force: taking it back is exact, so nothing is risked but a few ticks.
 */

const questionUnits_max = 400
/** Memories of an answer: the best of them must be among as many afterwards, wherever they stand. */
const asked_max = 10
const hash = new Uint32Array(2)

/** Keeps a question whose answer somebody used; one of the newest that is asked again is kept once. O(probes_max) */
export function keepQuestion(tick: Tick, { query }: MemoryUsed): void {
  const { world } = tick
  // One that was on its way when a memory was forgotten may quote it.
  if (tick.tick - world.of(Compaction).cleared_tick[1]! <= 1) return
  const text = query?.slice(0, questionUnits_max).trim().toWellFormed() ?? ''
  if (text === '' || world.room(Question) === 0) return
  hash64(text, hash)
  const questions = world.of(Question)
  const newest = world.rows(Question)
  for (let row = newest; row > 0 && newest - row < probes_max; row--) {
    if (questions.hash_high[row] === hash[0] && questions.hash_low[row] === hash[1]) return
  }
  const row = world.append(Question)
  const made = world.of(Question)
  made.hash_high[row] = hash[0]!
  made.hash_low[row] = hash[1]!
  made.asked_at_ms[row] = tick.now_ms
  tick.put('question', row, text)
}

/** Asks the last questions; those of before, where the round is in force already. O(probes_max) */
export function ask(tick: Tick): void {
  const { world } = tick
  const run = world.of(Compaction)
  if (world.rows(Probe) === 0) {
    world.append(Probe, probes_max)
    world.append(ProbeHit, probes_max * probeHits_max)
  }
  const again = run.phase[1] === CompactPhase.after
  const { question, effect_id, hits } = world.of(Probe)
  const { hidden_tick } = world.of(Question)
  const newest = world.rows(Question)
  for (let probe = 1; probe <= probes_max; probe++) {
    if (!again) {
      question[probe] = Math.max(0, newest - probe + 1)
      hits[probe] = 0
    }
    const row = question[probe]!
    const query = row === 0 || hidden_tick[row] !== 0 ? undefined : tick.read('question', row)
    if (query === undefined || (again && hits[probe] === 0)) continue
    effect_id[probe] = tick.request(MemoryRecall, { query, options: { hits_max: asked_max } }, probe)
    run.waiting[1]!++
  }
}

/** An answer to one of the questions; false when it is somebody else's. O(hits²) */
export function answered(tick: Tick, event: Event): boolean {
  const effect = event.payload['effect_id']
  if (typeof effect !== 'number') return false
  const { world } = tick
  const probe = tick.ownerOf(effect)
  if (probe < 1 || probe > world.rows(Probe) || world.of(Probe).effect_id[probe] !== effect) return false
  const run = world.of(Compaction)
  world.of(Probe).effect_id[probe] = 0
  run.waiting[1]!--
  const found = MemoryRecall.done.is(event) ? event.payload.hits.map(({ memory_id }) => memory_id) : []
  if (run.phase[1] === CompactPhase.before) keepHits(tick, probe, found)
  else countKept(tick, probe, found)
  return true
}

function keepHits({ world }: Tick, probe: number, found: readonly number[]): void {
  const { memory_id } = world.of(ProbeHit)
  const count = Math.min(found.length, probeHits_max)
  const first = (probe - 1) * probeHits_max + 1
  for (let at = 0; at < count; at++) memory_id[first + at] = found[at]!
  world.of(Probe).hits[probe] = count
  world.of(Compaction).found[1]! += count
}

/** How many of the memories found before are found now, themselves or by what stands for them. */
function countKept({ world }: Tick, probe: number, found: readonly number[]): void {
  const { memory_id } = world.of(ProbeHit)
  const { parent, replaced_by } = world.of(Memory)
  const first = (probe - 1) * probeHits_max + 1
  for (let at = 0; at < world.of(Probe).hits[probe]!; at++) {
    const before = memory_id[first + at]!
    const stands = replaced_by[before]!
    if (found.some((id) => id === before || (stands !== 0 && (parent[id]! || id) === stands)))
      world.of(Compaction).kept[1]!++
  }
}

/** Forgets the counts of the round before. */
export function clear({ world }: Tick): void {
  const run = world.of(Compaction)
  run.found[1] = 0
  run.kept[1] = 0
  run.waiting[1] = 0
}

/** Whether the round may stand; said to whoever watches. O(1) */
export function judge(tick: Tick, { fall_max }: CompactPolicy): boolean {
  const { world } = tick
  const run = world.of(Compaction)
  const [found, kept] = [run.found[1]!, run.kept[1]!]
  const accepted = kept >= found * (1 - fall_max)
  const { question } = world.of(Probe)
  let questions = 0
  for (let probe = 1; probe <= world.rows(Probe); probe++) if (question[probe] !== 0) questions++
  tick.emit(CompactChecked, { first: run.first[1]!, last: world.rows(Plan), questions, found, kept, accepted })
  return accepted
}
