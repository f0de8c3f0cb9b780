import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A process of the bench, which says what it found as lines of JSON, each with what it is about. */
export type Child = {
  /** Resolves with the first line about this. Rejects when the process ends without it. */
  said<T>(about: string): Promise<T>
  /** Milliseconds from the start of the process to that line. */
  after_ms(about: string): number
  /** Ends it without warning and resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves when it has ended well by itself. */
  ended(): Promise<void>
}

/** With the flag that the package's own scripts give, so that memory is counted as it is used. */
const flags = ['--max-semi-space-size=4']

/** Starts a file of this folder in a process of its own. @param heard called with every line, as it comes */
export function start(file: string, words: readonly string[], heard: (line: Said) => void = () => {}): Child {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const began = performance.now()
  const child = spawn(process.execPath, [...flags, path, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  const lines = new Map<string, Said & { after_ms: number }>()
  const waiting = new Map<string, () => void>()
  const reading = createInterface({ input: child.stdout })
  reading.on('line', (text) => {
    const line = JSON.parse(text) as Said
    if (!lines.has(line.about)) lines.set(line.about, { ...line, after_ms: performance.now() - began })
    heard(line)
    waiting.get(line.about)?.()
  })
  const closed = once(reading, 'close')
  return {
    async said<T>(about: string): Promise<T> {
      if (!lines.has(about)) await Promise.race([new Promise<void>((resolve) => waiting.set(about, resolve)), closed])
      const line = lines.get(about)
      if (line === undefined) throw new Error(`${file} ended before it said '${about}'`)
      return line as T
    },
    after_ms: (about) => lines.get(about)?.after_ms ?? Number.NaN,
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
    async ended() {
      const [code] = await exit
      await closed
      if (code !== 0) throw new Error(`${file} ended with ${code}`)
    },
  }
}

export type Said = { readonly about: string; readonly [name: string]: unknown }

/** Lives until it is killed, or until the process that started it is gone; for the child. */
export function waitForEnd(): void {
  process.stdin.once('end', () => process.exit(1)).resume()
}

/** Says one line; for the child. */
export function say(about: string, what: object): void {
  process.stdout.write(`${JSON.stringify({ about, ...what })}\n`)
}
