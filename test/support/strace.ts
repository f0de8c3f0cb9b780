import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cliPath } from './command.ts'
import { type Line, linesOf } from './daemon.ts'

/** One system call at which a process is killed: its name, and the how-manieth of its thread. */
export type KillPoint = { readonly call: string; readonly number: number }

/** What a traced command left: undefined as its code when it was killed, and the lines it had printed whole. */
export type Traced = { readonly code: number | null; readonly lines: readonly Line[]; readonly err: string }

async function traced(strace: readonly string[], command: readonly string[]): Promise<Traced> {
  // One thread for file work, and no cache of compiled code to fill: the calls are then nearly the same in every run.
  const child = spawn('strace', ['-f', '-qq', ...strace, process.execPath, cliPath, ...command], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  // What follows the last line break was cut off by the kill.
  return { code, lines: linesOf(out.slice(0, out.lastIndexOf('\n') + 1)), err }
}

/**
 * Runs a command of `promethean` to its end and counts its system calls.
 * @param output where the trace goes
 * @returns every point at which a later run of the same can be killed: for each call as many as its busiest thread made
 */
export async function killPoints(
  calls: readonly string[],
  command: readonly string[],
  output: string,
): Promise<KillPoint[]> {
  const { code, err } = await traced(['--seccomp-bpf', '-o', output, '-e', `trace=${calls.join(',')}`], command)
  if (code !== 0) throw new Error(`the counted run ended with ${code}: ${err}`)
  const threads = new Map<string, number>()
  for (const line of readFileSync(output, 'utf8').split('\n')) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? []
    if (thread !== undefined && call !== undefined)
      threads.set(`${call} ${thread}`, (threads.get(`${call} ${thread}`) ?? 0) + 1)
  }
  const most = new Map<string, number>()
  for (const [key, count] of threads) {
    const [call = ''] = key.split(' ')
    most.set(call, Math.max(most.get(call) ?? 0, count))
  }
  return calls.flatMap((call) =>
    Array.from({ length: most.get(call) ?? 0 }, (_, index) => ({ call, number: index + 1 })),
  )
}

/** Runs a command that is killed before a system call does anything; it may also end before it gets there. */
export async function killedAt({ call, number }: KillPoint, command: readonly string[]): Promise<Traced> {
  const inject = `inject=${call}:signal=SIGKILL:when=${number}`
  return traced(['-o', '/dev/null', '-e', `trace=${call}`, '-e', inject], command)
}

/** So many of the points, evenly spread over all; every one when `wanted` is `all`. */
export function spread(points: readonly KillPoint[], wanted: string): readonly KillPoint[] {
  const count = wanted === 'all' ? points.length : Math.min(Number(wanted), points.length)
  // The middle of each share: the first and the last calls are mostly those of opening and closing.
  return Array.from({ length: count }, (_, index) => points[Math.floor(((index + 0.5) * points.length) / count)]!)
}
