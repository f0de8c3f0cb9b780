import { readFileSync } from 'node:fs'
import { lmdb } from '../../stores/lmdb.ts'
import { Edge, Memory } from '../../systems/components.ts'
import type { Asked } from '../corpus.ts'
import { say } from './children.ts'
import { openMind, placesOf } from './mind.ts'
import type { Answered } from './reports.ts'

/**
 * Starts on a folder whose process was killed, and says when it has answered its first question. Arguments: the folder,
 * a file of questions.
 */
const [folder = '', questionsFile = ''] = process.argv.slice(2)
const started_ms = performance.now()
const store = lmdb(placesOf(folder).data)
const read = store.readSnapshot.bind(store)
let firstRead = 0
let lastRead = 0
let columns_bytes = 0
store.readSnapshot = async (tick, at, into) => {
  firstRead ||= performance.now()
  const count = await read(tick, at, into)
  lastRead = performance.now()
  columns_bytes += count ?? 0
  return count
}
const { engine, search } = await openMind(folder, store)
const recovered_ms = performance.now()
const replayed = engine.tick - engine.status().snapshot_tick
await engine.start()
const opened_ms = performance.now()
const behind = search.pending().lexical
await search.complete()
const complete_ms = performance.now()
const [question] = JSON.parse(readFileSync(questionsFile, 'utf8')) as Asked[]
const { hits } = await search.recall(question!.text)
const answered: Answered = {
  started_ms,
  columns_ms: lastRead - firstRead,
  columns_bytes,
  recovered_ms,
  opened_ms,
  complete_ms,
  answered_ms: performance.now(),
  memories: engine.world.rows(Memory),
  edges: engine.world.rows(Edge),
  replayed,
  behind,
}
if (hits.length === 0) throw new Error('the first question after the restart found nothing')
say('answered', answered)
await engine.stop()
