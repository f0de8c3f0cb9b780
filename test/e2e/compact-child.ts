import { search } from '../../adapters/search.ts'
import { createEngine, silent } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Compaction, CompactPhase } from '../../systems/compact/columns.ts'
import { CompactOrder, ConfigSet, MemoryUsed } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { conversation } from '../support/compact.ts'
import { line } from '../support/memory.ts'

/**
 * A mind that is to be killed while it compacts: `compact-child <data> <conversations>`. It is told conversations, each once, and every
 * one is old at once. It prints `told N` when the N-th is durable, `rests` when a pass is over, and ends when its input does.
 */

async function live(data: string, conversations: number): Promise<void> {
  const engine = await createEngine({ ...mind(), store: lmdb(data), adapters: [search()], log: silent })
  await engine.start()
  await engine.ingest({
    type: ConfigSet.name,
    payload: { policy: { compact: { after_ms: 0, every_ms: 60_000, fall_max: 1 } } },
  })
  process.stdout.write('open\n')
  process.stdin.once('end', () => void engine.stop()).resume()
  for (let n = 0; n < conversations; n++) {
    const said = conversation(`talk ${n}`, n).map((each, at) => line({ ...each, id: `talk-${n}-${at}` }))
    for (const each of said) await engine.ingest(each)
    if (n % 3 === 0)
      await engine.ingest({ type: MemoryUsed.name, payload: { memory_ids: [], query: `the loom number ${n}0` } })
    process.stdout.write(`told ${n}\n`)
    if (engine.world.of(Compaction).phase[1]! <= CompactPhase.resting) {
      await engine.ingest({ type: CompactOrder.name, source: { kind: 'operator' }, payload: { order: 'run' } })
    }
  }
  // A pass that began before the last was told has not seen it: one more, from beginning to end.
  const resting = async (): Promise<void> => {
    while (engine.world.of(Compaction).phase[1]! > CompactPhase.resting)
      await new Promise((next) => setTimeout(next, 20))
  }
  await resting()
  await engine.ingest({ type: CompactOrder.name, source: { kind: 'operator' }, payload: { order: 'run' } })
  await resting()
  process.stdout.write('rests\n')
}

const [data, conversations] = process.argv.slice(2)
if (conversations !== undefined) await live(data!, Number(conversations))
