import { createEngine } from 'promethean'
import { offline } from 'promethean/adapters/offline'
import { lmdb } from 'promethean/stores/lmdb'
import { mind, recall } from 'promethean/systems'

await using engine = await createEngine({ ...mind(), store: lmdb('./data'), adapters: [offline()] })
await engine.start()
await engine.ingest({ type: 'note.written', payload: { title: 'Builds', text: 'The arm64 build broke again.' } })
for (const hit of recall(engine, 'why does the build break?', { hits_max: 8 })) {
  console.log(hit.score.toFixed(2), hit.text, `(${hit.path.join(' -> ')})`)
}
console.log(`tick ${engine.tick}, digest ${engine.digest()}`)
