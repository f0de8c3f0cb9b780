import { system } from '../engine/system.ts'
import type { World } from '../engine/world/world.ts'
import { Embedding, EmbedModel } from './eidolon/columns.ts'
import { failed, keepVectors, unknown, withdrawHidden } from './eidolon/embedding/answers.ts'
import { requestDue } from './eidolon/embedding/batch.ts'
import { configure, embeddingOf } from './eidolon/embedding/policy.ts'
import { consider, considerAgain, sweep } from './eidolon/embedding/queue.ts'
import { ConfigSet, LlmEmbed, MemoryFamily, MemoryOrder, MemoryStored } from './events.ts'

/**
 * Memories get their vectors: a job for each that is worth one, asked for in batches, the most useful first, as fast as
 * the far side answers. Off until the policy names a model. O(jobs that wait) in ticks that ask for something.
 */
export const eidolon = system('eidolon', (tick) => {
  const { world } = tick
  // Before any answer: what is to be forgotten is not on its way to anybody any more.
  if (tick.events.some((event) => MemoryOrder.is(event))) withdrawHidden(tick)
  let last = 0
  for (const event of tick.events) {
    if (LlmEmbed.done.is(event)) keepVectors(tick, event.payload)
    else if (LlmEmbed.failed.is(event)) failed(tick, event.payload)
    else if (LlmEmbed.unknown.is(event)) unknown(tick, event.payload.effect_id)
    else if (ConfigSet.is(event)) configure(tick, embeddingOf(event.payload.policy))
    else if (MemoryStored.is(event)) last = Math.max(last, event.payload.last)
  }
  if (world.of(Embedding).model[1] === 0) return
  // Jobs made in this tick can be seen in the next: they come last, and the sweep before those that it must not double.
  requestDue(tick)
  sweep(world)
  consider(world, last)
  for (const event of tick.events) if (MemoryFamily.is(event)) considerAgain(world, event.payload.memory_id)
  serveComplete(world)
})

/**
 * The vectors of one model are searched, never of two: those of the new one once every memory has been looked at and
 * either nothing waits or there are as many as of the one before.
 */
function serveComplete(world: World): void {
  const embedding = world.of(Embedding)
  const [model, serving] = [embedding.model[1]!, embedding.serving[1]!]
  if (serving === model || (serving !== 0 && embedding.sweep[1] !== 0)) return
  const { vectors } = world.of(EmbedModel)
  const done = embedding.waiting[1] === 0 && embedding.running[1] === 0
  if (serving === 0 || done || vectors[model]! >= vectors[serving]!) embedding.serving[1] = model
}
