import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fs } from '../adapters/fs.ts'
import { offline } from '../adapters/offline.ts'
import { createEngine } from '../engine/index.ts'
import { lmdb } from '../stores/lmdb.ts'
import { ConfigSet, FsRead } from '../systems/events.ts'
import { mind } from '../systems/index.ts'
import { gaugesOf } from '../systems/olympia/gauges.ts'
import { defaultPolicy, policyPayload } from '../systems/sentinel/policy.ts'
import { type Concern, type Row, type Scale, withFolder, writeNotes } from './support.ts'

/** The first job: notes that are fine are left alone, notes that are not are repaired. */
export const notes: Concern = {
  name: 'notes',
  about: 'valid notes scanned, a second start, broken notes repaired offline',
  run: async (scale) => [
    ...(await withFolder((folder) => valid(folder, scale))),
    await withFolder((folder) => broken(folder, scale)),
  ],
}

type Pass = { readonly seconds: number; readonly reads: number; readonly gauges: ReturnType<typeof gaugesOf> }

/** One start of an engine over a folder, until nothing is open any more. */
async function pass(folder: string, write: boolean): Promise<Pass> {
  const files = fs({ root: join(folder, 'notes'), watch: false })
  const store = lmdb(join(folder, 'data'))
  const began = performance.now()
  const engine = await createEngine({ ...mind(), store, adapters: [offline(), files] })
  let reads = 0
  engine.on(FsRead.done.name, () => {
    reads++
  })
  engine.publish({
    type: ConfigSet.name,
    payload: { policy: policyPayload({ ...defaultPolicy, write, chat_in_flight_max: 64 }) },
  })
  await engine.start()
  await files.scanned
  while (!engine.quiet) await sleep(2)
  const seconds = (performance.now() - began) / 1000
  const gauges = gaugesOf(engine.world)
  await engine.stop()
  return { seconds, reads, gauges }
}

async function valid(folder: string, scale: Scale): Promise<Row[]> {
  const count = scale.rows(5000)
  writeNotes(join(folder, 'notes'), count, 'valid')
  const baseline = await readAndHash(join(folder, 'notes'))
  const first = await pass(folder, true)
  const second = await pass(folder, true)
  expectAll('valid', first.gauges.sentinels_done, count)
  expectAll('repaired', first.gauges.repaired, 0)
  const most = 2 * baseline + 1
  const detail = `${count} notes; reading and hashing them takes ${baseline.toFixed(2)} s`
  return [
    {
      name: 'valid notes',
      value: first.seconds,
      unit: 's',
      goal: `<= ${most.toFixed(2)}`,
      met: first.seconds <= most,
      detail,
    },
    {
      name: 'second start',
      value: second.seconds,
      unit: 's',
      goal: '0 reads',
      met: second.reads === 0,
      detail: `${second.reads} notes read`,
    },
  ]
}

async function broken(folder: string, scale: Scale): Promise<Row> {
  const count = scale.rows(scale.full ? 5000 : 3000)
  writeNotes(join(folder, 'notes'), count, 'broken')
  const { seconds, gauges } = await pass(folder, true)
  expectAll('repaired', gauges.repaired, count)
  const rate = count / seconds
  const detail = `${count} notes in ${seconds.toFixed(2)} s, each synced to the disk`
  return { name: 'broken notes', value: rate, unit: 'repaired/s', goal: '>= 500', met: rate >= 500, detail }
}

function expectAll(what: string, found: number, count: number): void {
  if (found !== count) throw new Error(`${found} notes are ${what}, not ${count}`)
}

/** What any program must at least do: read every note and hash it, 32 at a time. */
async function readAndHash(folder: string): Promise<number> {
  const began = performance.now()
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < paths.length) hash('sha256', await readFile(paths[next++]!))
  }
  await Promise.all(Array.from({ length: 32 }, worker))
  return (performance.now() - began) / 1000
}
