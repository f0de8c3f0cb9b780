import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { programAt } from './command.ts'

const program = programAt('test/e2e/record-child.ts')

/** What a finished `record-child` left behind. */
export type ChildEnd = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly string[]
  readonly err: string
}

/** Runs `record-child` to its end, or until it is killed. @param under a command that starts it, such as strace */
export async function recordChild(words: readonly string[], under: readonly string[] = []): Promise<ChildEnd> {
  const [command = process.execPath, ...args] = [...under, process.execPath, program, ...words]
  // One thread for file work: the order of system calls is then the same in every run.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  // What follows the last line break was cut off by the kill.
  return { code, signal, lines: out.split('\n').slice(0, -1), err }
}

/** The ticks that were acknowledged in an output, each with its digest. */
export function acknowledged(lines: readonly string[]): [tick: number, digest: string][] {
  return lines
    .map((line) => line.split(' '))
    .filter(([word]) => word === 'durable')
    .map(([, tick, digest]) => [Number(tick), String(digest)])
}

/** Answers of `check` and `texts`, in the order in which the folders were named. */
export function states<T>(lines: readonly string[]): T[] {
  return lines.filter((line) => line.startsWith('state ')).map((line) => JSON.parse(line.slice(line.indexOf('{'))) as T)
}

/** Whether system calls can be traced and made to kill here. */
export function canTrace(): boolean {
  const tried = spawnSync('strace', ['-f', '-e', 'inject=getppid:signal=SIGKILL', '-o', '/dev/null', 'true'])
  return tried.status === 0
}
