import { existsSync, readFileSync } from 'node:fs'

/** Memory of this process, in bytes. `file` is what it sees of mapped files, which the system may take back at any time. */
export type Resident = {
  readonly now: number
  readonly peak: number
  readonly anonymous: number
  readonly file: number
}

const status = '/proc/self/status'

/** What the system says of this process; where it has no `/proc`, all is counted as anonymous. */
export function resident(): Resident {
  if (!existsSync(status)) {
    const { rss } = process.memoryUsage()
    return { now: rss, peak: process.resourceUsage().maxRSS * 1024, anonymous: rss, file: 0 }
  }
  const text = readFileSync(status, 'utf8')
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
  return { now: bytes('VmRSS'), peak: bytes('VmHWM'), anonymous: bytes('RssAnon'), file: bytes('RssFile') }
}
