import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine } from '../../engine/index.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { records } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { Dice } from '../sim/dice.ts'
import { recordChild } from '../support/recordchild.ts'

const entries = 80
const notesEach = 60
/** More entries than there are: the child is then killed while it drops the torn one. */
const beyond = 1_000_000

/** A long journal without any snapshot; the digests by tick. */
async function lived(folder: string): Promise<string[]> {
  const digests: string[] = []
  const engine = await createEngine({ ...mind(), store: lmdb(folder), drive: 'manual', clock: () => 1_000_000 })
  for (let entry = 1; entry <= entries; entry++) {
    for (let index = 0; index < notesEach; index++) {
      engine.publish({ type: 'note.written', payload: { text: `note ${index} of tick ${entry}` } })
    }
    await engine.step()
    digests[engine.tick] = engine.digest()
  }
  await engine.stop()
  expect(readdirSync(folder).filter((name) => name.startsWith('snapshot-'))).toEqual([])
  return digests
}

test('A4: killed five times in a row while it recovers, also from a torn entry, it ends the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'record-recovery-'))
  try {
    const digests = await lived(folder)
    const store = lmdb(folder)
    const { tick } = await store.open([ownTables.outbox, ownTables.dead, ...records])
    const [last] = [...store.journal(tick)]
    await store.commit({ tick, entry: last!.bytes.slice(0, -1), puts: [] })
    await store.close()
    const dice = new Dice(4)
    const kills = [dice.whole(1, entries), dice.whole(1, entries), beyond, dice.whole(1, entries - 1), 1]
    for (const kill of kills) {
      expect(await recordChild(['recover', folder, String(kill)])).toMatchObject({ signal: 'SIGKILL', lines: [] })
    }
    for (let start = 0; start < 2; start++) {
      const clean = await recordChild(['recover', folder, '0'])
      expect(clean).toMatchObject({ code: 0, lines: [`open ${tick - 1} ${digests[tick - 1]} true`] })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)
