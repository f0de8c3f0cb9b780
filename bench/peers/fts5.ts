import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { EventInput } from '../../engine/index.ts'
import { batchesOf } from '../memory/lines.ts'
import { percentile } from '../support.ts'

/**
 * The peer that every Node has: SQLite's FTS5, full text only, WAL, synchronous=NORMAL, a thousand rows a transaction.
 * Arguments: the folder, the file of events, a file of queries (JSON array). Says one line of JSON.
 */
const [folder = '', file = '', queriesFile = ''] = process.argv.slice(2)
const database = new DatabaseSync(`${folder}/fts5.sqlite`)
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
const queries = JSON.parse(readFileSync(queriesFile, 'utf8')) as string[]
const find = database.prepare('SELECT rowid FROM memory WHERE memory MATCH ? ORDER BY rank LIMIT 10')
const samples: number[] = []
for (const query of queries.slice(0, 200)) {
  const words = query.match(/[\p{L}\p{N}]+/gu) ?? []
  const began = performance.now()
  find.all(words.map((word) => `"${word}"`).join(' OR '))
  samples.push(performance.now() - began)
}
database.close()
process.stdout.write(
  `${JSON.stringify({ rows, rate: rows / (inserting_ms / 1000), p50_ms: percentile(samples, 0.5), p99_ms: percentile(samples, 0.99) })}\n`,
)
