import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Concern, type Row, type Scale, withFolder, writeNotes } from './support.ts'

const cli = fileURLToPath(new URL('../adapters/cli.ts', import.meta.url))
/** As `npm start` runs it. */
const flags = ['--import', new URL('../.ci/cache.mjs', import.meta.url).href, '--max-semi-space-size=4']
const ticksPerSecond = 100 // USER_HZ, the unit of /proc/PID/stat

/** The real daemon with nothing to do, over notes that an earlier run has read. Needs /proc. */
export const idle: Concern = {
  name: 'idle',
  about: 'processor and memory of a daemon with nothing to do',
  run: (scale) =>
    process.platform === 'linux' ? withFolder((folder) => watchDaemon(folder, scale)) : Promise.resolve([]),
}

async function watchDaemon(folder: string, scale: Scale): Promise<Row[]> {
  const notes = join(folder, 'notes')
  mkdirSync(notes)
  writeNotes(notes, scale.rows(1000), 'valid')
  await once(spawn(process.execPath, [...flags, cli, 'run', notes, '--once'], { stdio: 'ignore' }), 'exit')
  const daemon = spawn(process.execPath, [...flags, cli, 'run', notes, '--port', '0'], { stdio: 'ignore' })
  const pid = daemon.pid ?? 0
  try {
    await sleep(scale.smoke ? 1500 : 4000)
    const [before, began] = [cpuSeconds(pid), performance.now()]
    await sleep(scale.smoke ? 1000 : scale.full ? 30_000 : 10_000)
    const share = ((cpuSeconds(pid) - before) / ((performance.now() - began) / 1000)) * 100
    const resident = residentMegabytes(pid)
    const detail = `20 ticks a second over ${scale.rows(1000)} watched notes`
    return [
      { name: 'idle daemon', value: share, unit: '% of a core', goal: '< 1', met: share < 1, detail },
      { name: 'idle daemon', value: resident, unit: 'MB resident', goal: '< 120', met: resident < 120, detail },
    ]
  } finally {
    daemon.kill('SIGKILL')
  }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function residentMegabytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('VmRSS'))
  return Number(line?.replace(/\D/g, '')) / 1000
}
