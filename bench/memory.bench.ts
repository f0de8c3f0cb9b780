import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Asked, corpusOf } from './corpus.ts'
import { type Child, type Said, start } from './memory/children.ts'
import type { Answered, EdgesRestored, Filled, Peer, Recalled } from './memory/reports.ts'
import type { Resident } from './memory/resident.ts'
import type { Walked } from './memory/walks.ts'
import { writeCorpus } from './memory/write-corpus.ts'
import { type Concern, type Row, type Scale, withFolder } from './support.ts'

const seed = 7
const resident_max = 1.2e9

/** Many memories: in through the whole pipeline, found again, walked, killed and found again, beside SQLite's FTS5. */
export const memory: Concern = {
  name: 'memory',
  about: 'memories of 300 bytes, 100,000 of them or with --full a million: ingest, size, recall, walks, kill -9',
  run: (scale) => withFolder((folder) => measure(folder, scale)),
}

type Place = { readonly folder: string; readonly events: string; readonly questions: string; readonly count: number }

async function measure(folder: string, scale: Scale): Promise<Row[]> {
  const count = scale.rows(scale.full || scale.smoke ? 1_000_000 : 100_000)
  const place = { folder, events: join(folder, 'events.jsonl'), questions: join(folder, 'questions.json'), count }
  writeCorpus(place.events, count, seed)
  const corpus = corpusOf(seed)
  const asked: Asked[] = Array.from({ length: scale.smoke ? 100 : 1050 }, () => corpus.ask(count))
  writeFileSync(place.questions, JSON.stringify(asked))
  const peer = scale.peers ? await peerOf('fts5.ts', [folder, place.events, place.questions]) : undefined
  const child = start('fill.ts', [folder, place.events, place.questions, String(count)], tell)
  try {
    const filled = await child.said<Filled>('filled')
    const recalled = await child.said<Recalled>('recalled')
    const walked = await child.said<Walked>('walked')
    const rows = [
      ...ingestRows(filled),
      ...sizeRows(filled, recalled),
      ...recallRows(recalled, walked),
      ...(peer === undefined ? [] : peerRows(filled, recalled, peer)),
      ...(scale.peers ? await miniRows(place, filled) : []),
      ...(await killRows(child, place, filled)),
    ]
    // What is promised is promised of a million.
    const said = scale.full ? rows : rows.map(({ goal: _, met: __, ...row }) => row)
    return [...said, await edgesRow(folder, scale)]
  } finally {
    await child.kill()
  }
}

/** How far the first process is, for whoever waits. */
function tell({
  about,
  memories,
  seconds,
  resident,
}: Said & { memories?: number; seconds?: number; resident?: Resident }): void {
  if (about !== 'progress' || resident === undefined) return
  process.stderr.write(`  ${memories} memories after ${seconds?.toFixed(1)} s, ${mb(resident.now)} resident\n`)
}

async function peerOf(file: string, words: readonly string[]): Promise<Peer> {
  const child = start(`../peers/${file}`, words)
  const peer = await child.said<Peer>('peer')
  await child.ended()
  return peer
}

/** A peer that is installed on its own; without it there is a reason instead of a row. */
async function miniRows({ events, questions }: Place, { first }: Filled): Promise<Row[]> {
  if (!existsSync(fileURLToPath(new URL('./peers/node_modules/minisearch', import.meta.url)))) {
    process.stderr.write('  minisearch is left out: npm ci --prefix bench/peers installs it\n')
    return []
  }
  const peer = await peerOf('minisearch.ts', [events, questions, '100000'])
  const ratio = first / peer.rate
  const detail = `it adds ${peer.rate.toFixed(0)}/s over its first ${peer.rows}, in memory only; its p50 there ${peer.p50_ms.toFixed(1)} ms`
  return [{ name: 'first / minisearch', value: ratio, unit: '× its rate', detail }]
}

function ingestRows({ first, last, window, seconds, memories, keys, edges }: Filled): Row[] {
  const began = `the first ${window}, until they are in memory`
  const ended = `the last ${window}, until all ${memories} are durable and in the index`
  return [
    { name: 'ingest, first', value: first, unit: 'events/s', goal: '>= 30000', met: first >= 30_000, detail: began },
    { name: 'ingest, last', value: last, unit: 'events/s', goal: '>= 20000', met: last >= 20_000, detail: ended },
    { name: 'ingest, all', value: seconds, unit: 's', detail: `${memories} memories, ${keys} keys, ${edges} edges` },
  ]
}

function peerRows({ rate, cpu_s }: Filled, { stats }: Recalled, peer: Peer): Row[] {
  const ratio = rate / peer.rate
  const beside = `${rate.toFixed(0)}/s over all, against ${peer.rate.toFixed(0)}/s for the insertion alone; ${cpu_s.toFixed(0)} s of processor against ${peer.cpu_s.toFixed(0)} s`
  const asked = `FTS5 p50 ${peer.p50_ms.toFixed(1)} ms, p99 ${peer.p99_ms.toFixed(1)} ms over ${peer.queries} of them`
  return [
    { name: 'ingest / FTS5', value: ratio, unit: '× its rate', goal: '> 1', met: ratio > 1, detail: beside },
    { name: 'FTS5 / recall', value: peer.p50_ms / stats.p50, unit: '× faster', detail: asked },
  ]
}

function sizeRows(filled: Filled, recalled: Recalled): Row[] {
  const { now, anonymous, file, peak } = recalled.resident
  const record = filled.record_bytes / filled.memories
  const parts = `${mb(anonymous)} its own, ${mb(file)} of mapped files; at most ${mb(peak)}`
  const held = `world ${mb(filled.world_bytes)}, index ${mb(filled.index_bytes)}`
  const met = now <= resident_max
  return [
    { name: 'resident', value: now / 1e6, unit: 'MB', goal: '<= 1200', met, detail: `${parts}; ${held}` },
    {
      name: 'on disk',
      value: record + filled.index_files_bytes / filled.memories,
      unit: 'bytes/memory',
      detail: `record and snapshots ${mb(filled.record_bytes)}, files of the index ${mb(filled.index_files_bytes)}`,
    },
  ]
}

function recallRows({ stats, p90_ms, queries, found }: Recalled, walked: Walked): Row[] {
  const { p50, p99 } = stats
  const asked = `${queries} questions of six words, p90 ${p90_ms.toFixed(2)} ms, ${(found * 100).toFixed(0)} % of the messages meant among ten hits`
  const { stats: walks, reached } = walked
  const walkDetail = `8 walkers and 2 hops, ${reached.toFixed(0)} memories reached`
  return [
    { name: 'recall p50', value: p50, unit: 'ms', goal: '<= 5', met: p50 <= 5, detail: asked, stats },
    { name: 'recall p99', value: p99, unit: 'ms', goal: '<= 25', met: p99 <= 25 },
    {
      name: 'walk',
      value: walks.p50,
      unit: 'µs p50',
      goal: '<= 200',
      met: walks.p50 <= 200,
      detail: walkDetail,
      stats: walks,
    },
  ]
}

/** Kills the process without warning, starts another on what is left and asks it. */
async function killRows(child: Child, { folder, questions }: Place, { memories }: Filled): Promise<Row[]> {
  await child.kill()
  const again = start('again.ts', [folder, questions])
  const found = await again.said<Answered>('answered')
  const seconds = again.after_ms('answered') / 1000
  await again.ended()
  if (found.memories !== memories) throw new Error(`${found.memories} of ${memories} memories came back`)
  const steps = [
    `code loaded ${found.started_ms.toFixed(0)} ms`,
    `columns (${mb(found.columns_bytes)}) ${found.columns_ms.toFixed(0)} ms`,
    `all of the world ${(found.recovered_ms - found.started_ms).toFixed(0)} ms with ${found.replayed} ticks run again`,
    `files of the index ${(found.opened_ms - found.recovered_ms).toFixed(0)} ms`,
    `${found.behind} memories added ${(found.complete_ms - found.opened_ms).toFixed(0)} ms`,
    `recall ${(found.answered_ms - found.complete_ms).toFixed(0)} ms`,
  ]
  return [
    { name: 'kill to answer', value: seconds, unit: 's', goal: '<= 3', met: seconds <= 3, detail: steps.join(', ') },
  ]
}

async function edgesRow(folder: string, scale: Scale): Promise<Row> {
  const child = start('edges.ts', [folder, String(scale.rows(8_000_000))])
  const { edges, bytes, ms } = await child.said<EdgesRestored>('edges')
  await child.ended()
  const detail = `${edges} edges, ${mb(bytes)}, every checksum checked`
  return { name: 'edges restored', value: ms / 1000, unit: 's', goal: '<= 0.5', met: ms <= 500, detail }
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
