import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Verdict } from './preflight.ts'

/** The sources run as they are and the package runs built; the compiler does not rewrite names in strings. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const program = fileURLToPath(new URL(`./preflight.${extension}`, import.meta.url))
/** A walk in a damaged file may run in circles; this is how long it may take beyond its budget, in milliseconds. */
const graceMs = 120_000

type Ending = {
  readonly code: number | null
  readonly signal: string | null
  readonly said: string
  readonly complained: string
}

/**
 * Lets another process read the data file first: a damaged one can kill its reader.
 * @param budget_ms how long to go through the entries, newest first
 * @returns a warning when the time was not enough to read everything
 * @throws EngineError STORE_DAMAGED, or STORE_IO when no examination could be made
 */
export async function examine(path: string, budget_ms: number): Promise<string | undefined> {
  const ending = await run([program, path, String(budget_ms)], budget_ms + graceMs)
  const verdict = verdictOf(ending)
  if (verdict === undefined) {
    const last = ending.complained.trim().split('\n').at(-1) ?? ''
    throw new EngineError('STORE_IO', `${path} could not be examined before opening it: ${last}`, { value: path })
  }
  if (!verdict.ok) throw damaged(path, verdict.reason)
  if (verdict.complete) return undefined
  return `the check before opening read the newest ${verdict.entries_read} of ${verdict.entries} entries in its ${budget_ms} ms; \`promethean doctor\` reads all`
}

/** The error for a store that must not be opened, with what can be done about it. */
export function damaged(path: string, diagnosis: string): EngineError {
  const advice = 'restore a backup, or run `promethean doctor --repair` on a copy'
  return new EngineError('STORE_DAMAGED', `${path} cannot be opened safely: ${diagnosis}; ${advice}`, {
    value: diagnosis,
  })
}

function verdictOf(ending: Ending): Verdict | undefined {
  const { code, signal, said } = ending
  if (signal !== null) return { ok: false, reason: `reading it ends a process with ${signal}` }
  // Without signals, a crash is a large exit code.
  if (code === null || code >= 128) return { ok: false, reason: `reading it ends a process with code ${code}` }
  const line = said.trim().split('\n').at(-1) ?? ''
  if (!line.startsWith('{"ok":')) return undefined
  return JSON.parse(line) as Verdict
}

function run(args: readonly string[], timeout_ms: number): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeout_ms,
      killSignal: 'SIGKILL',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    let said = ''
    let complained = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complained = (complained + text).slice(-4096)
    })
    child.on('error', (thrown) => {
      reject(
        new EngineError('STORE_IO', `no process can be started to examine the store: ${reasonOf(thrown)}`, {
          cause: thrown,
        }),
      )
    })
    child.on('close', (code, signal) => resolve({ code, signal, said, complained }))
  })
}
