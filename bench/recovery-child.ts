import { createEngine } from '../engine/index.ts'
import { system } from '../engine/system.ts'
import { lmdb } from '../stores/lmdb.ts'
import { Memory, MemoryKind } from '../systems/components.ts'
import { mind } from '../systems/index.ts'

/** Fills a world with memories, takes a snapshot, journals a tail behind it, and waits to be killed. */
const [folder = '', rows = '1'] = process.argv.slice(2)
const fill = system('fill', ({ world, tick, now_ms }) => {
  if (tick !== 1) return
  const memory = world.of(Memory)
  for (let index = 0; index < Number(rows); index++) {
    const id = world.append(Memory)
    memory.kind[id] = MemoryKind.note
    memory.stored_at_ms[id] = now_ms
    memory.text_bytes[id] = index % 5000
    memory.usage_decayed[id] = 1 / (1 + (index % 97))
    memory.source_high[id] = Math.imul(index, 0x9e3779b1)
    memory.source_low[id] = index
  }
})
const parts = mind()
const engine = await createEngine({ ...parts, systems: [fill, ...parts.systems], store: lmdb(folder) })
await engine.start()
await engine.ingest({ type: 'note.written', payload: { text: 'the first' } })
await engine.snapshot()
for (let index = 0; index < 2000; index++)
  await engine.ingest({ type: 'note.written', payload: { text: `note ${index}` } })
process.stdout.write('ready\n')
