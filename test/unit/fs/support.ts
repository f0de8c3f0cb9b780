import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, vi } from 'vitest'
import { EffectFailure, type Log, type Outside, type View } from '../../../engine/flow/adapter.ts'
import type { EventInput } from '../../../engine/flow/event.ts'
import { compileSchema } from '../../../engine/schema.ts'
import { events } from '../../../systems/events.ts'

/** What the tests of the file adapter share: folders that clean up after themselves and a world that only listens. */

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A fresh folder, removed after the test, with its links resolved. */
export function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'promethean-fs-')))
  folders.push(path)
  return path
}

/** Writes a file below a folder, with the folders above it. */
export function put(root: string, path: string, text: string | Buffer = 'text\n'): string {
  const at = join(root, path)
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, text)
  return at
}

const checks = new Map(events.map((type) => [type.name, compileSchema(type.schema, type.name)]))

/** A world that keeps what it hears, after checking it as the engine would. */
export class Listener implements Outside {
  readonly heard: EventInput[] = []
  readonly lines: { level: string; fields: object; message: string }[] = []
  readonly #abort = new AbortController()
  /** While true, `publish` refuses and `ingest` waits for `open`. */
  full = false
  #room = Promise.withResolvers<void>()
  readonly log: Log = {
    debug: (fields, message) => this.#line('debug', fields, message),
    info: (fields, message) => this.#line('info', fields, message),
    warn: (fields, message) => this.#line('warn', fields, message),
    error: (fields, message) => this.#line('error', fields, message),
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  publish(event: EventInput): boolean {
    if (this.full) return false
    this.#hear(event)
    return true
  }

  async ingest(event: EventInput): Promise<number> {
    if (this.full) await this.#room.promise
    this.#hear(event)
    return 1
  }

  async room(): Promise<void> {
    if (this.full) await this.#room.promise
  }

  async flushed(): Promise<void> {
    if (this.full) await this.#room.promise
  }

  /** It has no world to look at. */
  get view(): View {
    throw new Error('the listener has no world')
  }

  committed(): () => void {
    return () => undefined
  }

  open(): void {
    this.full = false
    this.#room.resolve()
    this.#room = Promise.withResolvers()
  }

  abort(): void {
    this.#abort.abort()
  }

  /** Every event after the pages of the first scan, as `created a.md`. */
  changes(): string[] {
    return this.heard
      .filter((event) => event.type !== 'fs.scanned')
      .map((event) => `${event.type.slice('fs.file.'.length)} ${String(event.payload['path'])}`)
  }

  /** Waits until one more event like this has come. */
  async until(change: string): Promise<void> {
    await vi.waitFor(() => expect(this.changes()).toContain(change), { timeout: 20_000, interval: 10 })
  }

  /** Waits for a line of the log. */
  async untilLogged(part: string): Promise<void> {
    const logged = () => this.lines.map(({ fields, message }) => message + JSON.stringify(fields)).join('\n')
    await vi.waitFor(() => expect(logged()).toContain(part), { timeout: 20_000, interval: 10 })
  }

  #hear(event: EventInput): void {
    const problems = checks.get(event.type)?.(event.payload)
    expect(problems, JSON.stringify(event)).toEqual([])
    this.heard.push(event)
  }

  #line(level: string, fields: object, message: string): void {
    this.lines.push({ level, fields, message })
  }
}

/** The code with which a promise fails. */
export async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
  } catch (thrown) {
    if (thrown instanceof EffectFailure) return thrown.code
    throw thrown
  }
  return 'DONE'
}

/** Runs a part of a test without root's power to read everything, where the tests run as root. */
export async function asNobody<T>(part: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return part()
  process.seteuid?.(65_534)
  try {
    return await part()
  } finally {
    process.seteuid?.(0)
  }
}

const swapping = `
const { renameSync } = require('node:fs')
process.chdir(process.argv[1])
const swap = () => {
  for (let round = 0; round < 64; round++) {
    renameSync('sub', 'aside')
    renameSync('evil', 'sub')
    renameSync('sub', 'evil')
    renameSync('aside', 'sub')
  }
  setImmediate(swap)
}
process.stdin.on('end', () => process.exit(0)).resume()
process.stdout.write('ready')
swap()
`

/**
 * Runs a part while another process swaps the folder `sub` for the link `evil` and back, as fast as it can. Afterwards
 * both are in place again.
 */
export async function whileSwapping(root: string, part: () => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ['-e', swapping, root], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  try {
    await part()
  } finally {
    child.stdin.end()
    await ended
  }
}
