import { writeFile } from 'node:fs/promises'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { liveDay } from './agents-day.ts'
import { linesOf } from './golden.ts'

/** Writes the golden journal of agents anew: `node test/replay/make-agents.ts`. Only when a change of behaviour is meant. */
const store = ram()
const { tick, digest, mark, said } = await liveDay(store)
const tables = mind().records
await store.open([...tables, 'outbox', 'dead'])
await writeFile(new URL('agents.journal.jsonl', import.meta.url), linesOf(store, tables))
const expected = { tick, digest, said, mark }
await writeFile(new URL('agents.expected.json', import.meta.url), `${JSON.stringify(expected, null, 2)}\n`)
store.crash()
