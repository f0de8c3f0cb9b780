import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readAheadBlocks } from '../../adapters/cli/ingest/ahead.ts'
import { blocksOf, chunk_bytes } from '../../adapters/cli/ingest/blocks.ts'
import { load } from '../../adapters/cli/ingest/loader.ts'
import { rulesOf } from '../../adapters/cli/ingest/rules.ts'
import { defaultLimits } from '../../engine/index.ts'
import { Edge, Key, Memory } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { lanesOf } from '../../systems/recall.ts'
import type { Asked } from '../corpus.ts'
import { percentile, statsFrom } from '../support.ts'
import { say, waitForEnd } from './children.ts'
import { openMind, placesOf } from './mind.ts'
import type { Filled, Recalled } from './reports.ts'
import { resident } from './resident.ts'
import { timeWalks } from './walks.ts'

/**
 * Takes a file of events into a new folder as `promethean ingest` does, then recalls, then walks; then it waits to be
 * killed, with an open record. Arguments: the folder, the file of events, a file of questions, how many events it has.
 */
waitForEnd()
const [folder = '', file = '', questionsFile = '', countText = ''] = process.argv.slice(2)
const count = Number(countText)
const window = Math.min(50_000, Math.floor(count / 4))
const questions = JSON.parse(readFileSync(questionsFile, 'utf8')) as Asked[]
const { engine, search } = await openMind(folder)
await engine.start()

await fill()
await askAll()
say(
  'walked',
  timeWalks(
    engine,
    questions.map(({ text }) => text),
    count >= 1_000_000 ? 10_000 : 500,
  ),
)

/** All rates are of memories in the world; the last window ends when all is durable and in the index. */
async function fill(): Promise<void> {
  const rules = rulesOf(mind(), defaultLimits.event_bytes_max)
  const began = performance.now()
  const seconds = (): number => (performance.now() - began) / 1000
  const rows = (): number => engine.world.rows(Memory)
  let first = 0
  let lastFrom: { rows: number; seconds: number } | undefined
  let told = 0
  let refused = 0
  const blocks = blocksOf(createReadStream(file, { highWaterMark: chunk_bytes }), defaultLimits.event_bytes_max)
  for await (const { block, ...ahead } of readAheadBlocks(blocks, rules)) {
    if (block.lines !== undefined) refused += (await load(engine, block.lines, rules, ahead)).refused.count
    if (first === 0 && rows() >= window) first = rows() / seconds()
    if (lastFrom === undefined && rows() >= count - window) lastFrom = { rows: rows(), seconds: seconds() }
    if (rows() - told < count / 10) continue
    told = rows()
    say('progress', { memories: told, seconds: seconds(), behind: search.pending().lexical, resident: resident() })
  }
  await engine.flushed()
  await search.complete()
  const end = seconds()
  if (refused > 0 || rows() !== count) throw new Error(`${rows()} of ${count} events are in memory, ${refused} refused`)
  const { rows: before, seconds: since } = lastFrom ?? { rows: 0, seconds: 0 }
  const filled: Filled = {
    memories: count,
    keys: engine.world.rows(Key),
    edges: engine.world.rows(Edge),
    seconds: end,
    cpu_s: cpuSeconds(),
    first,
    last: (count - before) / (end - since),
    rate: count / end,
    window,
    resident: resident(),
    index_bytes: lanesOf(engine.world).text.bytes,
    world_bytes: [...engine.world.bytes()].reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    record_bytes: engine.status().data_bytes,
    index_files_bytes: bytesIn(placesOf(folder).index),
    snapshot_pause_ms: engine.timings().snapshot_pause_ms,
  }
  say('filled', filled)
}

async function askAll(): Promise<void> {
  // The compiler learns on questions that are not counted.
  for (const { text } of questions.slice(0, 50)) await search.recall(text)
  const samples: number[] = []
  let found = 0
  for (const { text, index } of questions.slice(50)) {
    const began = performance.now()
    const { hits } = await search.recall(text)
    samples.push(performance.now() - began)
    if (hits.some(({ id }) => id === `m${index}`)) found++
  }
  const recalled: Recalled = {
    queries: samples.length,
    stats: statsFrom(samples),
    p90_ms: percentile(samples, 0.9),
    found: found / samples.length,
    resident: resident(),
  }
  say('recalled', recalled)
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function bytesIn(inside: string): number {
  return readdirSync(inside).reduce((sum, name) => sum + statSync(join(inside, name)).size, 0)
}
