import { join } from 'node:path'
import { type SearchAdapter, search } from '../../adapters/search.ts'
import { createEngine, type Engine, type Store, silent } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { segments } from '../../stores/segments.ts'
import { mind } from '../../systems/index.ts'

/** The mind on a folder as the daemon keeps it: record in LMDB, lexical lane with files of its own. */
export type Opened = { readonly engine: Engine; readonly search: SearchAdapter; readonly store: Store }

/** Where the record of a bench's folder rests, and where the files of its index. */
export function placesOf(folder: string): { readonly data: string; readonly index: string } {
  return { data: join(folder, 'data'), index: join(folder, 'data', 'search') }
}

/** What the engine warns of is said aloud: it may explain a figure. */
const log = {
  ...silent,
  warn: (about: object, message: string) => complain(message, about),
  error: (about: object, message: string) => complain(message, about),
}

/** Recovers what the folder holds; `start()` is the caller's. */
export async function openMind(folder: string, store: Store = lmdb(placesOf(folder).data)): Promise<Opened> {
  const memory = search({ files: segments(placesOf(folder).index) })
  const engine = await createEngine({ ...mind(), store, adapters: [memory], log })
  return { engine, search: memory, store }
}

function complain(message: string, about: object): void {
  process.stderr.write(`  ${message} ${JSON.stringify(about)}\n`)
}
