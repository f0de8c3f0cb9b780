import { createEngine } from 'promethean'
import { offline } from 'promethean/adapters/offline'
import { lmdb } from 'promethean/stores/lmdb'
import { mind } from 'promethean/systems'

await using engine = await createEngine({ ...mind(), store: lmdb('./data'), adapters: [offline()] })
await engine.start()
const stored = new Promise((resolve) => engine.on('memory.stored', (event) => resolve(event.payload['memory_id'])))
await engine.ingest({ type: 'note.written', payload: { text: 'The arm64 build broke again.' } })
const id = Number(await stored)
console.log(`memory ${id}: ${engine.read('text', id)}`) // It is durable: the next run says "memory 2".
console.log(`tick ${engine.tick}, digest ${engine.digest()}`)
