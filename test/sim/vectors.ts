import { Effect } from '../../engine/flow/effect.ts'
import type { World } from '../../engine/world/world.ts'
import { Memory } from '../../systems/components.ts'
import { Embedding, EmbedJob, EmbedModel, EmbedState, Vector } from '../../systems/eidolon/columns.ts'
import type { Court } from './violation.ts'

/** Holds what embedding counts against its jobs and vectors. O(jobs + vectors) */
export function auditVectors(court: Court, world: World): void {
  judgeJobs(court, world)
  const { of_high, of_low } = world.of(Vector)
  const made = new Set<string>()
  const canonical = new Uint32Array(world.rows(EmbedModel) + 1)
  for (let row = 1; row <= world.rows(Vector); row++) {
    const of = `${of_high[row]} ${of_low[row]}`
    court.holds(!made.has(of), 'vectors', () => `vector ${row} is of the same thing as another`)
    court.holds(of_high[row]! <= world.rows(Memory), 'vectors', () => `vector ${row} is of no memory`)
    made.add(of)
    if (of_low[row]! % 2 === 0) canonical[of_low[row]! / 2]!++
  }
  const { vectors } = world.of(EmbedModel)
  for (let model = 1; model <= world.rows(EmbedModel); model++) {
    const about = (): string => `model ${model} has ${canonical[model]} vectors and says ${vectors[model]}`
    court.holds(vectors[model] === canonical[model], 'vectors', about)
  }
}

function judgeJobs(court: Court, world: World): void {
  const { state, effect_id } = world.of(EmbedJob)
  const counts = { waiting: 0, running: 0, poisoned: 0 }
  const open = new Set([...world.each(Effect)].map((entity) => world.of(Effect).effect_id[entity]!))
  for (const job of world.each(EmbedJob)) {
    if (state[job] === EmbedState.poisoned) counts.poisoned++
    else if (state[job] !== EmbedState.running) counts.waiting++
    else {
      counts.running++
      court.holds(
        open.has(effect_id[job]!),
        'vectors',
        () => `job ${job} runs, and effect ${effect_id[job]} is not open`,
      )
    }
  }
  const embedding = world.of(Embedding)
  for (const name of ['waiting', 'running', 'poisoned'] as const) {
    const said = embedding[name][1]!
    court.holds(said === counts[name], 'vectors', () => `${counts[name]} jobs are ${name}, ${said} are counted`)
  }
}

/** How many vectors are still to come. */
export function vectorsAwaited(world: World): number {
  const { waiting, running } = world.of(Embedding)
  return waiting[1]! + running[1]!
}

/** When embedding goes on, while it waits for something; 0 when it does not wait. */
export function vectorsResumeAt(world: World): number {
  const { paused_until_ms, asleep_until_ms } = world.of(Embedding)
  return vectorsAwaited(world) === 0 ? 0 : Math.max(paused_until_ms[1]!, asleep_until_ms[1]!)
}
