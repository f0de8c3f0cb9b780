import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fs } from '../adapters/fs.ts'
import { offline } from '../adapters/offline.ts'
import { createEngine } from '../engine/index.ts'
import { lmdb } from '../stores/lmdb.ts'
import { ConfigSet } from '../systems/events.ts'
import { mind } from '../systems/index.ts'
import { defaultPolicy, policyPayload } from '../systems/sentinel/policy.ts'
import { type Concern, type Row, type Scale, withFolder, writeNotes } from './support.ts'

/** Notes repaired live, then the same run again from its journal. */
export const replay: Concern = {
  name: 'replay',
  about: 'the journal of a busy run against the busy time of that run',
  run: (scale) => withFolder((folder) => liveThenReplay(folder, scale)),
}

async function liveThenReplay(folder: string, scale: Scale): Promise<Row[]> {
  const notes = join(folder, 'notes')
  writeNotes(notes, scale.rows(2000), 'broken')
  const files = fs({ root: notes, watch: false })
  const store = lmdb(join(folder, 'data'))
  const engine = await createEngine({ ...mind(), store, adapters: [offline(), files] })
  engine.publish({
    type: ConfigSet.name,
    payload: { policy: policyPayload({ ...defaultPolicy, write: true, chat_in_flight_max: 64 }) },
  })
  const began = performance.now()
  await engine.start()
  await files.scanned
  while (!engine.quiet) await sleep(2)
  const live = performance.now() - began
  const again = performance.now()
  const report = await engine.replay()
  const replayed = performance.now() - again
  await engine.snapshot()
  const [from = 0] = engine.snapshots()
  const late = await engine.replay({ from })
  await engine.stop()
  if (!report.identical || !late.identical)
    throw new Error(`replay differs: ${JSON.stringify(report.first_difference)}`)
  const ratio = live / replayed
  const detail = `live ${live.toFixed(0)} ms without a pause, replay ${replayed.toFixed(0)} ms, ${report.ticks} ticks identical`
  return [{ name: 'replay', value: ratio, unit: '× faster', goal: '>= 3', met: ratio >= 3, detail }]
}
