import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createEngine } from '../engine/index.ts'
import { lmdb } from '../stores/lmdb.ts'
import { Memory } from '../systems/components.ts'
import { mind } from '../systems/index.ts'
import { type Concern, type Row, type Scale, withFolder } from './support.ts'

const child = fileURLToPath(new URL('./recovery-child.ts', import.meta.url))

/** A world of a million memories whose process is killed: how long until it ticks again. */
export const recovery: Concern = {
  name: 'recovery',
  about: 'kill -9 over a large world, then start again',
  run: (scale) => withFolder((folder) => killAndRecover(folder, scale)),
}

async function killAndRecover(folder: string, scale: Scale): Promise<Row[]> {
  const rows = scale.rows(1_000_000)
  await runUntilReady(folder, rows)
  const began = performance.now()
  const engine = await createEngine({ ...mind(), store: lmdb(folder) })
  const opened = performance.now() - began
  await engine.start()
  await engine.ingest({ type: 'note.written', payload: { text: 'ticking again' } })
  const seconds = (performance.now() - began) / 1000
  const found = engine.world.rows(Memory)
  const { tick } = engine
  await engine.stop()
  if (found < rows) throw new Error(`only ${found} of ${rows} memories came back`)
  const detail = `${found} rows, tick ${tick}, world back after ${(opened / 1000).toFixed(2)} s`
  return [{ name: 'recovery', value: seconds, unit: 's', goal: '< 1', met: seconds < 1, detail }]
}

/** Fills a world in another process and kills it without warning once it says that it is ready. */
function runUntilReady(folder: string, rows: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, folder, String(rows)], { stdio: ['ignore', 'pipe', 'inherit'] })
    process_.stdout.once('data', () => process_.kill('SIGKILL'))
    process_.once('exit', (_code, signal) => {
      if (signal === 'SIGKILL') resolve()
      else reject(new Error('the process that fills the world ended by itself'))
    })
  })
}
