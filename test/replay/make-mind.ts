import { writeFile } from 'node:fs/promises'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { mind } from '../../systems/index.ts'
import { linesOf } from './golden.ts'
import { mindLines } from './mind-lines.ts'

/** Writes the golden journal of the memory anew: `node test/replay/make-mind.ts`. Only when a change of behaviour is meant. */
const store = ram()
let now_ms = 1_764_547_200_000
const open = async () => {
  const engine = await createEngine({
    ...mind(),
    store,
    clock: () => now_ms,
    seed: 7,
    drive: 'manual',
    limits: { stop_ms: 1 },
  })
  await engine.start()
  return engine
}
let engine = await open()
for (const [at, line] of mindLines(now_ms).entries()) {
  if (line === 'crash') {
    store.crash()
    now_ms += 3_600_000
    engine = await open()
    continue
  }
  engine.publish(line)
  now_ms += 50
  if (at % 3 !== 0) await engine.step()
}
await engine.step()
await engine.step()
await writeFile(new URL('mind.journal.jsonl', import.meta.url), linesOf(store, ['text', 'meta', 'key', 'sketch']))
const expected = { tick: engine.tick, digest: engine.digest(), mark: engine.mark() }
await writeFile(new URL('mind.expected.json', import.meta.url), `${JSON.stringify(expected, null, 2)}\n`)
store.crash()
