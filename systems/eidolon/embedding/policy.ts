import type { Payload } from '../../../engine/flow/event.ts'
import type { Tick } from '../../../engine/system.ts'
import type { World } from '../../../engine/world/world.ts'
import { Memory } from '../../components.ts'
import { Embedding, EmbedJob, EmbedModel, EmbedState } from '../columns.ts'

/** The policy's part about embedding. */
export type EmbeddingPolicy = {
  /** The model asked for; null turns embedding off. */
  readonly model: string | null
  /** Whether each memory also gets a vector as seen under the field of its moment. */
  readonly eidolon: boolean
  /** Dimensions of the vectors, where the model gives a choice. */
  readonly dimensions?: number
}

const nameMax = 200
const dimensionsMax = 8192
const off: EmbeddingPolicy = { model: null, eidolon: false }

/** The part about embedding of a policy; what cannot be understood turns it off. */
export function embeddingOf(policy: Payload): EmbeddingPolicy {
  const given = policy['embedding']
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return off
  const { model, eidolon, dimensions } = given as Payload
  if (typeof model !== 'string' || model === '' || model.length > nameMax) return off
  const whole = typeof dimensions === 'number' && Number.isInteger(dimensions)
  const chosen = whole && dimensions >= 1 && dimensions <= dimensionsMax ? { dimensions } : {}
  return { model, eidolon: eidolon === true, ...chosen }
}

/**
 * The policy was set. Every memory is looked at again: for another model, while the vectors of the one before still
 * serve, and for the same one, because a memory may have come back. What was poisoned or paused is tried again, because
 * somebody may have mended something.
 */
export function configure(tick: Tick, policy: EmbeddingPolicy): void {
  const { world } = tick
  const model = modelRow(world, policy)
  const embedding = world.of(Embedding)
  const before = embedding.model[1]!
  embedding.model[1] = model
  embedding.eidolon[1] = policy.eidolon && model !== 0 ? 1 : 0
  embedding.failures[1] = 0
  embedding.paused_until_ms[1] = 0
  embedding.asleep_until_ms[1] = 0
  const jobs = world.of(EmbedJob)
  for (const job of world.each(EmbedJob)) {
    if (jobs.state[job] === EmbedState.running) continue
    if (jobs.model[job] !== model) {
      jobs.state[job] = EmbedState.none
      world.kill(job)
    } else if (jobs.state[job] === EmbedState.poisoned) {
      jobs.state[job] = EmbedState.waiting
      jobs.attempts[job] = 0
    }
  }
  recount(world)
  // Rows made before this, and in this very tick, are the sweep's; hearing of them in the next does not count them twice.
  if (before === 0) embedding.seen[1] = world.rows(Memory)
  embedding.sweep[1] = model === 0 || embedding.seen[1] === 0 ? 0 : 1
}

/** The row of a policy's model and dimensions, made when it is new; 0 when embedding is off. */
function modelRow(world: World, { model, dimensions }: EmbeddingPolicy): number {
  if (model === null) return 0
  const row = world.appendKeyed(EmbedModel, dimensions === undefined ? model : `${model}\n${dimensions}`)
  const columns = world.of(EmbedModel)
  columns.name[row] = world.names.id(model)
  if (columns.dimensions[row] === 0 && dimensions !== undefined) columns.dimensions[row] = dimensions
  return row
}

/** Killed jobs are still there until this system has ended, so those that stay are counted. */
function recount(world: World): void {
  const embedding = world.of(Embedding)
  const jobs = world.of(EmbedJob)
  let waiting = 0
  for (const job of world.each(EmbedJob)) {
    if (jobs.state[job] === EmbedState.waiting || jobs.state[job] === EmbedState.retry) waiting++
  }
  embedding.waiting[1] = waiting
  embedding.poisoned[1] = 0
}
