import { type ChildProcess, spawn } from 'node:child_process'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { CommandRunDone, CommandRunRequest } from '../../systems/events.ts'
import { Tail } from './tail.ts'

type Around = {
  readonly signal: AbortSignal
  readonly env: NodeJS.ProcessEnv
  readonly output_bytes_max: number
}

/** Between asking processes to end and ending them. */
const grace_ms = 2_000
/** How long output is awaited of what a command left behind. */
const linger_ms = 500

/**
 * Runs a program to its end, or until its deadline, when it and all that it began are ended.
 * @throws EffectFailure COMMAND_MISSING when there is no such program, COMMAND_CANCELLED once the signal is aborted
 */
export async function runToEnd(request: CommandRunRequest, around: Around): Promise<CommandRunDone> {
  const { command, directory, deadline_ms } = request
  const { signal, env, output_bytes_max } = around
  if (signal.aborted) throw cancelled()
  const [program = '', ...words] = command
  const began_ms = performance.now()
  const tail = new Tail(output_bytes_max)
  // A group of its own can be ended whole.
  const child = spawn(program, words, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => tail.add(chunk))
  let late = false
  const deadline = setTimeout(() => {
    late = true
    endGroup(child)
  }, deadline_ms)
  const abort = (): void => endGroup(child)
  signal.addEventListener('abort', abort)
  try {
    const exit_code = await ended(child, program)
    if (signal.aborted) throw cancelled()
    const how = late ? 'deadline' : exit_code === null ? 'signal' : 'exit'
    const took_ms = Math.round(performance.now() - began_ms)
    const exit = how === 'exit' ? (exit_code ?? -1) : -1
    return { exit_code: exit, ended: how, output: tail.text(), output_bytes: tail.total, took_ms }
  } finally {
    clearTimeout(deadline)
    signal.removeEventListener('abort', abort)
  }
}

/** The exit code, or null for a signal, once the program is gone and its output is read. */
async function ended(child: ChildProcess, program: string): Promise<number | null> {
  const gone = Promise.withResolvers<number | null>()
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.once('error', (thrown: NodeJS.ErrnoException) => {
    const why = thrown.code === 'ENOENT' ? 'there is no such program' : (thrown.code ?? 'it could not be started')
    gone.reject(new EffectFailure('COMMAND_MISSING', `${program}: ${why}`))
  })
  child.once('exit', (code) => gone.resolve(code))
  const code = await gone.promise
  // What the command left running holds its output open; nobody waits for that.
  const lingering = setTimeout(() => {
    signalGroup(child, 'SIGKILL')
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, linger_ms)
  await closed
  clearTimeout(lingering)
  return code
}

/** Asks the whole group to end; whoever has not when its first process has, or after a while, is ended. */
function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM')
  const force = (): void => signalGroup(child, 'SIGKILL')
  const forced = setTimeout(force, grace_ms)
  child.once('exit', () => {
    clearTimeout(forced)
    force()
  })
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (thrown) {
    // The group is gone: that is what was wanted.
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
  }
}

function cancelled(): EffectFailure {
  return new EffectFailure('COMMAND_CANCELLED', 'the engine stopped, or nobody waits for the command any more')
}
