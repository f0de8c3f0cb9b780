import type { Tick } from '../../../engine/system.ts'
import type { World } from '../../../engine/world/world.ts'
import { Mark, Memory } from '../../components.ts'
import { LlmEmbed } from '../../events.ts'
import { Texts } from '../../memory/text-of.ts'
import { secretsIn } from '../../text/secrets.ts'
import { Embedding, EmbedJob, EmbedLane, EmbedModel, EmbedState } from '../columns.ts'
import { phraseOf } from '../field.ts'
import { presentField } from '../present.ts'
import { isServed, moveTo, vectorRow } from './queue.ts'

/** Bounds of one request. */
export const textsMax = 64
export const textsBytesMax = 65_536
/** What of one text is embedded, in UTF-16 units; models read no more of it, or less. */
export const textUnitsMax = 8_000

/** Asks for vectors while there is something due and room for another request. */
export function requestDue(tick: Tick): void {
  const embedding = tick.world.of(Embedding)
  if (embedding.paused_until_ms[1]! > tick.now_ms) return
  for (;;) {
    if (embedding.waiting[1] === 0 || embedding.asleep_until_ms[1]! > tick.now_ms) return
    // After a failure one request tries whether the far side is well again.
    const requestsMax = embedding.failures[1] === 0 ? LlmEmbed.in_flight_max : 1
    if (embedding.requests[1]! >= requestsMax) return
    const jobs = due(tick.world, tick.now_ms)
    if (jobs.length === 0) return
    ask(tick, jobs)
  }
}

/**
 * The jobs of the next request: the first by priority, then content before what is seen under a field, then the older
 * memory. One that is asked for alone is a request by itself. When none is due, it is noted when one will be.
 */
function due(world: World, now_ms: number): number[] {
  const { state, retry_at_ms, alone, priority, lane, memory_id } = world.of(EmbedJob)
  const first: number[] = []
  const keys: number[] = []
  let single = 0
  let singleKey = Number.POSITIVE_INFINITY
  let next_ms = Number.POSITIVE_INFINITY
  for (const job of world.each(EmbedJob)) {
    if (state[job] !== EmbedState.waiting && state[job] !== EmbedState.retry) continue
    if (state[job] === EmbedState.retry && retry_at_ms[job]! > now_ms) {
      next_ms = Math.min(next_ms, retry_at_ms[job]!)
      continue
    }
    const key = (priority[job]! * 2 + lane[job]!) * 4_294_967_296 + memory_id[job]!
    if (alone[job] === 1) {
      if (key < singleKey) [single, singleKey] = [job, key]
    } else if (keys.length < textsMax || key < keys.at(-1)!) insert(first, keys, job, key)
  }
  if (single === 0 && first.length === 0) world.of(Embedding).asleep_until_ms[1] = next_ms
  return single !== 0 && singleKey <= (keys[0] ?? singleKey) ? [single] : first
}

/** Keeps the smallest keys in order. */
function insert(jobs: number[], keys: number[], job: number, key: number): void {
  let at = keys.length
  while (at > 0 && keys[at - 1]! > key) at--
  jobs.splice(at, 0, job)
  keys.splice(at, 0, key)
  if (keys.length <= textsMax) return
  jobs.pop()
  keys.pop()
}

/** Asks for the texts of as many of these jobs as fit; those that need no vector any more are dropped. */
function ask(tick: Tick, among: readonly number[]): void {
  const { world } = tick
  const jobs = world.of(EmbedJob)
  const texts: string[] = []
  const taken: number[] = []
  const records = new Texts(tick)
  let bytes = 0
  for (const job of among) {
    const text = textToEmbed(tick, records, job)
    if (text === '') {
      moveTo(world, job, EmbedState.none)
      continue
    }
    bytes += Buffer.byteLength(text)
    if (bytes > textsBytesMax && taken.length > 0) break
    texts.push(text)
    taken.push(job)
  }
  const head = taken[0]
  if (head === undefined) return
  const embedding = world.of(Embedding)
  const model = world.names.text(world.of(EmbedModel).name[embedding.model[1]!]!)
  const effect_id = tick.request(LlmEmbed, { model, texts }, head)
  for (const [at, job] of taken.entries()) {
    moveTo(world, job, EmbedState.running)
    jobs.effect_id[job] = effect_id
    jobs.next[job] = taken[at + 1] ?? 0
  }
  embedding.requests[1]!++
}

/** What is embedded for a job; empty when nothing is to be. */
function textToEmbed(tick: Tick, records: Texts, job: number): string {
  const { world } = tick
  const { memory_id, lane, model } = world.of(EmbedJob)
  const row = memory_id[job]!
  if (!isServed(world, row) || vectorRow(world, row, model[job]!, lane[job]!) !== 0) return ''
  const content = records.text(row).trim()
  const title = content === '' ? '' : (records.meta(row).title ?? '')
  // A title says what the words after it are about, above all those of a chunk.
  const titled = title === '' || content.startsWith(title) ? content : `${title}\n${content}`
  if (secretsIn(titled).length > 0) {
    // Looked for here and not at every entry: what is never embedded goes nowhere.
    world.of(Memory).marks[row]! |= Mark.secret
    return ''
  }
  const text = titled.slice(0, textUnitsMax).toWellFormed().trim()
  if (text === '' || lane[job] === EmbedLane.canonical) return text
  return `${phraseOf(presentField(tick).classes)}\n${text}`
}
