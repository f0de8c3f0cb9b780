import { writeFile } from 'node:fs/promises'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { linesOf } from './golden.ts'
import { liveMonths } from './neighbours-day.ts'

/** Writes the golden journal of neighbours anew: `node test/replay/make-neighbours.ts`. Only when a change of behaviour is meant. */
const store = ram()
const expected = await liveMonths(store)
const tables = mind().records
await store.open([...tables, 'outbox', 'dead'])
await writeFile(new URL('neighbours.journal.jsonl', import.meta.url), linesOf(store, tables))
await writeFile(new URL('neighbours.expected.json', import.meta.url), `${JSON.stringify(expected, null, 2)}\n`)
await store.close()
