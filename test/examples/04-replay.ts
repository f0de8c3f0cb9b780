// A run is its journal: run it again and every tick gives the same digest, to the bit.
import { createEngine } from 'promethean'
import { lmdb } from 'promethean/stores/lmdb'
import { mind } from 'promethean/systems'

{
  await using engine = await createEngine({ ...mind(), store: lmdb('./replayed') })
  await engine.start()
  for (const text of ['The kettle is on.', 'The kettle whistles.', 'Tea is ready.']) {
    await engine.ingest({ type: 'note.written', payload: { text } })
  }
  console.log(`live digest ${engine.digest()}`)
}

await using engine = await createEngine({ ...mind(), store: lmdb('./replayed'), drive: 'manual' })
console.log(`kept digest ${engine.digest()}`)
const { identical, ticks, first_difference } = await engine.replay()
console.log(identical ? `identical over ${ticks} ticks` : `differs: ${JSON.stringify(first_difference)}`)
