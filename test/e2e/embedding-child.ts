import { vectorStore } from '../../adapters/cli/vector-store.ts'
import { offline, offlineModel } from '../../adapters/offline.ts'
import { search } from '../../adapters/search.ts'
import { createEngine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { segments } from '../../stores/segments.ts'
import { ConfigSet } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { lanesOf } from '../../systems/recall.ts'

/**
 * A process to be killed while it saves its indexes: `embedding-child <data folder> <folder of indexes>`. It remembers and
 * embeds for ever, and prints `saving` each time a file is about to be written.
 */
const [data, indexes] = process.argv.slice(2)
const say = (): void => void process.stdout.write('saving\n')
const kept = vectorStore(`${indexes}/vectors`)
const files = segments(`${indexes}/search`)
const adapter = search({
  files: {
    ...files,
    save: (name, chunks) => {
      say()
      return files.save(name, chunks)
    },
  },
  vectors: {
    ...kept,
    open: async (path, options) => {
      const index = await kept.open(path, options)
      const save = index.save.bind(index)
      index.save = (to) => {
        say()
        return save(to)
      }
      return index
    },
  },
})
const engine = await createEngine({ ...mind(), store: lmdb(String(data)), adapters: [adapter, offline()] })
await engine.start()
engine.publish({
  type: ConfigSet.name,
  payload: { policy: { embedding: { model: offlineModel, eidolon: false } } },
})
for (let n = 0; ; n++) {
  const text = `Lighthouse ${n * 31} was seen by ${['Mina', 'Juno', 'Otto'][n % 3]} at tick ${engine.tick}.`
  while (!engine.publish({ type: 'note.written', payload: { text } })) await engine.room()
  if (n % 300 !== 299) continue
  await engine.flushed()
  await adapter.complete()
  lanesOf(engine.world).text.seal()
}
