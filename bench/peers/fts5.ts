import { readFileSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { EventInput } from '../../engine/index.ts'
import type { Asked } from '../corpus.ts'
import { say } from '../memory/children.ts'
import { batchesOf } from '../memory/lines.ts'
import type { Peer } from '../memory/reports.ts'
import { percentile } from '../support.ts'

/**
 * The peer that every Node has: SQLite's FTS5, full text only, WAL, synchronous=NORMAL, a thousand rows a transaction.
 * Reading and parsing the file is not counted. Arguments: the folder, the file of events, a file of questions.
 */
const [folder = '', file = '', questionsFile = ''] = process.argv.slice(2)
const path = `${folder}/fts5.sqlite`
const asking_ms_max = 20_000
const database = new DatabaseSync(path)
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
database.exec("CREATE VIRTUAL TABLE memory USING fts5(text, content='', tokenize='porter unicode61')")
const insert = database.prepare('INSERT INTO memory (rowid, text) VALUES (?, ?)')
let rows = 0
let inserting_ms = 0
for await (const batch of batchesOf<EventInput>(file, 1000)) {
  const began = performance.now()
  database.exec('BEGIN')
  for (const event of batch) insert.run(++rows, event.payload['text'] as string)
  database.exec('COMMIT')
  inserting_ms += performance.now() - began
}
const { user, system } = process.cpuUsage()
const questions = JSON.parse(readFileSync(questionsFile, 'utf8')) as Asked[]
const find = database.prepare('SELECT rowid FROM memory WHERE memory MATCH ? ORDER BY rank LIMIT 10')
const samples: number[] = []
const asking = performance.now()
for (const { text } of questions) {
  if (performance.now() - asking > asking_ms_max) break
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? []
  const began = performance.now()
  find.all(words.map((word) => `"${word}"`).join(' OR '))
  samples.push(performance.now() - began)
}
database.close()
say('peer', {
  rows,
  rate: rows / (inserting_ms / 1000),
  cpu_s: (user + system) / 1e6,
  queries: samples.length,
  p50_ms: percentile(samples, 0.5),
  p99_ms: percentile(samples, 0.99),
  bytes: statSync(path).size,
} satisfies Peer)
