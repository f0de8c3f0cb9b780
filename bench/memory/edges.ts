import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { readSnapshot } from '../../engine/record/read.ts'
import { restoreSnapshot } from '../../engine/record/recover.ts'
import { copyWorld, encodeSnapshot } from '../../engine/record/snapshot.ts'
import { Core } from '../../engine/tick.ts'
import { Edge } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { say } from './children.ts'
import type { EdgesRestored } from './reports.ts'

/** Saves a world of so many edges and nothing else as a snapshot, and restores it. Arguments: a folder, how many. */
const [folder = '', countText = ''] = process.argv.slice(2)
const count = Number(countText)
const path = join(folder, 'edges.snapshot')
const fresh = (): Core => new Core(mind(), { read: () => undefined, backoff_max_ms: 1000 })
await save(filled())
const core = fresh()
const file = await open(path)
const began = performance.now()
let bytes = 0
restoreSnapshot(
  core,
  await readSnapshot(core, async (at, into) => {
    const { bytesRead } = await file.read(into, 0, into.byteLength, at)
    bytes += bytesRead
    return bytesRead
  }),
)
const ms = performance.now() - began
await file.close()
const { key } = core.world.of(Edge)
if (core.world.rows(Edge) !== count || key[count] !== keyOf(count)) throw new Error('the edges did not come back')
say('edges', { edges: count, bytes, ms } satisfies EdgesRestored)

function filled(): Core {
  const full = fresh()
  for (let row = 1; row <= count; row++) full.world.append(Edge)
  const { memory_id, key, older, signature } = full.world.of(Edge)
  for (let row = 1; row <= count; row++) {
    memory_id[row] = row >> 3
    key[row] = keyOf(row)
    older[row] = row - 1
    signature[row] = Math.imul(row, 0x85ebca6b)
  }
  return full
}

function keyOf(row: number): number {
  return Math.imul(row, 0x9e3779b1) >>> 0
}

async function save(full: Core): Promise<void> {
  const to = await open(path, 'w')
  for (const chunk of encodeSnapshot(copyWorld(full, { version: 'bench', runtime: 'bench', journal_tick: 0 }))) {
    await to.writeFile(chunk)
  }
  await to.close()
}
