import type { Failure } from '../../../engine/flow/effect.ts'
import type { Tick } from '../../../engine/system.ts'
import type { World } from '../../../engine/world/world.ts'
import { Deleted, Memory } from '../../components.ts'
import type { LlmEmbedDone } from '../../events.ts'
import { Embedding, EmbedJob, EmbedLane, EmbedModel, EmbedState, Vector } from '../columns.ts'
import { isServed, moveTo, vectorRow } from './queue.ts'
import { floatsOf, vectorText } from './vector-text.ts'

/** Times a text may fail alone before it is poisoned. */
export const attemptsMax = 5
/** Requests in a row that may fail for reasons of their texts before the far side is held to be at fault. */
const patience = 8
const retryFirst_ms = 30_000
const pauseFirst_ms = 10_000
const longest_ms = 3_600_000

/** Failures that say nothing about the texts: the jobs wait, and nothing is held against them. */
const surroundings = new Set([
  ...['RATE_LIMITED', 'SERVER', 'TIMEOUT', 'NETWORK', 'AUTH', 'REDIRECT', 'PACKAGE_MISSING', 'NO_MODEL'],
  ...['EFFECT_UNHANDLED', 'REQUEST_LOST'],
])

/** Vectors have come: all of them are kept, or none when one of them cannot be. */
export function keepVectors(tick: Tick, answer: LlmEmbedDone & { effect_id: number }): void {
  const { world } = tick
  const jobs = jobsOf(tick, answer.effect_id)
  const head = jobs[0]
  if (head === undefined) return
  const model = world.of(EmbedJob).model[head]!
  const texts = checked(world, model, answer, jobs.length)
  if (texts === undefined) return failed(tick, { effect_id: answer.effect_id, code: 'BAD_RESPONSE', reason: '' })
  const embedding = world.of(Embedding)
  embedding.requests[1]!--
  embedding.failures[1] = 0
  embedding.paused_until_ms[1] = 0
  world.of(EmbedModel).dimensions[model] = answer.dimensions
  for (const [at, job] of jobs.entries()) keep(tick, job, model, texts[at]!)
}

/**
 * No vectors have come. Whatever says nothing about the texts pauses all asking, longer each time. Otherwise the texts
 * of the request are asked for one by one, and one that fails alone is tried again later, until it is poisoned.
 */
export function failed(tick: Tick, { effect_id, code }: Failure): void {
  const { world, now_ms } = tick
  const jobs = jobsOf(tick, effect_id)
  if (jobs.length === 0) return
  const columns = world.of(EmbedJob)
  const embedding = world.of(Embedding)
  embedding.requests[1]!--
  const failures = ++embedding.failures[1]!
  const outside = surroundings.has(code)
  if (outside || failures > patience) {
    const pause_ms = doubled(pauseFirst_ms, outside ? failures : failures - patience)
    embedding.paused_until_ms[1] = now_ms + pause_ms * (0.5 + tick.random())
  }
  for (const job of jobs) {
    release(world, job)
    if (outside || jobs.length > 1) {
      columns.alone[job] = outside ? columns.alone[job]! : 1
      moveTo(world, job, EmbedState.waiting)
    } else if (++columns.attempts[job]! >= attemptsMax) moveTo(world, job, EmbedState.poisoned)
    else {
      columns.retry_at_ms[job] = now_ms + doubled(retryFirst_ms, columns.attempts[job]!) * (0.5 + tick.random())
      moveTo(world, job, EmbedState.retry)
    }
    dropForeign(world, job)
  }
}

/** Nobody knows what became of a request: it is asked again. */
export function unknown(tick: Tick, effect_id: number): void {
  const jobs = jobsOf(tick, effect_id)
  if (jobs.length > 0) tick.world.of(Embedding).requests[1]!--
  for (const job of jobs) {
    release(tick.world, job)
    moveTo(tick.world, job, EmbedState.waiting)
    dropForeign(tick.world, job)
  }
}

/** Requests with a text that is hidden now are taken back, and the others in them are asked for again. O(jobs) */
export function withdrawHidden(tick: Tick): void {
  const { world } = tick
  const { deleted, parent } = world.of(Memory)
  const { effect_id, memory_id, state } = world.of(EmbedJob)
  for (const job of world.each(EmbedJob)) {
    const effect = effect_id[job]!
    const memory = parent[memory_id[job]!]! || memory_id[job]!
    if (state[job] !== EmbedState.running || deleted[memory] !== Deleted.forgotten) continue
    unknown(tick, effect)
    tick.withdraw(effect)
  }
}

/** The running jobs of a request, in the order of its texts. */
function jobsOf({ world, ownerOf }: Tick, effect_id: number): number[] {
  const found: number[] = []
  const jobs = world.of(EmbedJob)
  for (let job = ownerOf(effect_id); job !== 0; job = jobs.next[job]!) {
    if (!world.alive(EmbedJob, job) || jobs.effect_id[job] !== effect_id) return []
    found.push(job)
  }
  return found
}

/** The records of an answer's vectors, or undefined when it does not fit the request or the vectors already kept. */
function checked(world: World, model: number, answer: LlmEmbedDone, count: number): string[] | undefined {
  const { dimensions, name } = world.of(EmbedModel)
  if (answer.vectors.length !== count) return undefined
  if (dimensions[model] !== 0 && answer.dimensions !== dimensions[model]) return undefined
  const texts: string[] = []
  for (const encoded of answer.vectors) {
    const vector = floatsOf(encoded, answer.dimensions)
    const text = vector === undefined ? undefined : vectorText(vector, world.names.text(name[model]!))
    if (text === undefined) return undefined
    texts.push(text)
  }
  return texts
}

function keep(tick: Tick, job: number, model: number, text: string): void {
  const { world } = tick
  const { memory_id, lane } = world.of(EmbedJob)
  const [memory, inLane] = [memory_id[job]!, lane[job]!]
  moveTo(world, job, EmbedState.none)
  // A memory may have been forgotten meanwhile; a full table keeps what it has.
  if (!isServed(world, memory) || vectorRow(world, memory, model, inLane) !== 0 || world.room(Vector) === 0) return
  const row = world.append(Vector)
  const columns = world.of(Vector)
  columns.of_high[row] = memory
  columns.of_low[row] = 2 * model + inLane
  if (inLane === EmbedLane.canonical) world.of(EmbedModel).vectors[model]!++
  world.of(Embedding).embedded[1]!++
  tick.put('vector', row, text)
}

function release(world: World, job: number): void {
  const jobs = world.of(EmbedJob)
  jobs.effect_id[job] = 0
  jobs.next[job] = 0
}

/** A job that came back from a request for a model which is no longer asked for has no further use. */
function dropForeign(world: World, job: number): void {
  const { state, model } = world.of(EmbedJob)
  const embedding = world.of(Embedding)
  if (model[job] === embedding.model[1]) return
  if (state[job] !== EmbedState.poisoned) return moveTo(world, job, EmbedState.none)
  embedding.poisoned[1]!--
  state[job] = EmbedState.none
  world.kill(job)
}

function doubled(first_ms: number, times: number): number {
  let wait_ms = first_ms
  for (let n = 1; n < times && wait_ms < longest_ms; n++) wait_ms *= 2
  return Math.min(wait_ms, longest_ms)
}
