import { readFileSync } from 'node:fs'
import MiniSearch from 'minisearch'
import type { EventInput } from '../../engine/index.ts'
import type { Asked } from '../corpus.ts'
import { say } from '../memory/children.ts'
import { batchesOf } from '../memory/lines.ts'
import type { Peer } from '../memory/reports.ts'
import { percentile } from '../support.ts'

/**
 * A well-known full-text index in plain JavaScript, in memory and nowhere else, with its defaults. Arguments: the file of
 * events, a file of questions, how many events to take: a million do not fit into its heap.
 */
const [file = '', questionsFile = '', countText = ''] = process.argv.slice(2)
const count = Number(countText)
const index = new MiniSearch<{ id: number; text: string }>({ fields: ['text'] })
let rows = 0
let adding_ms = 0
for await (const batch of batchesOf<EventInput>(file, 1000)) {
  const began = performance.now()
  for (const event of batch) index.add({ id: ++rows, text: event.payload['text'] as string })
  adding_ms += performance.now() - began
  if (rows >= count) break
}
const { user, system } = process.cpuUsage()
const questions = (JSON.parse(readFileSync(questionsFile, 'utf8')) as Asked[]).slice(0, 100)
const samples = questions.map(({ text }) => {
  const began = performance.now()
  index.search(text).slice(0, 10)
  return performance.now() - began
})
say('peer', {
  rows,
  rate: rows / (adding_ms / 1000),
  cpu_s: (user + system) / 1e6,
  queries: samples.length,
  p50_ms: percentile(samples, 0.5),
  p99_ms: percentile(samples, 0.99),
  bytes: process.memoryUsage().heapUsed,
} satisfies Peer)
