import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askDaemon } from '../../adapters/control.ts'
import { cliPath } from './command.ts'

/** What a finished command left behind. */
export type Finished = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}
export type Line = { readonly type: string; readonly path?: string; readonly [key: string]: unknown }
export type Status = {
  readonly tick: number
  readonly digest: string
  readonly memories: number
  readonly files: number
  readonly repaired: number
  readonly skipped: number
  readonly sentinels: {
    readonly pending: number
    readonly done: number
    readonly failed: number
    readonly held: number
  }
  readonly outbox: { readonly pending: number; readonly oldest_ms: number }
  readonly [key: string]: unknown
}
/** Where and with what a command runs; `program` takes the place of `cliPath`. */
type Settings = { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly program?: string }

const places = new Set<string>()
const running = new Set<Daemon>()

/** A folder of notes in a folder of its own, so that whatever is written beside the notes can be seen. */
export class Place {
  readonly folder: string
  readonly notes: string
  readonly data: string

  /** @param like a place whose notes and record are copied, while no daemon holds them */
  constructor(like?: Place) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'promethean-e2e-')))
    places.add(this.folder)
    this.notes = join(this.folder, 'notes')
    this.data = join(this.folder, 'data')
    if (like === undefined) mkdirSync(this.notes)
    else cpSync(like.folder, this.folder, { recursive: true, preserveTimestamps: true })
  }

  /** Keeps it from `cleanUp`, for the tests of a file to copy; whoever keeps it ends it with `remove`. */
  keep(): this {
    places.delete(this.folder)
    return this
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Writes a note, with the folders above it. */
  note(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.notes, path)), { recursive: true })
    writeFileSync(join(this.notes, path), content)
  }

  bytes(path: string): Buffer {
    return readFileSync(join(this.notes, path))
  }

  text(path: string): string {
    return this.bytes(path).toString()
  }

  /** Writes a config beside the notes and gives the words that name it. */
  config(yaml: string): string[] {
    const file = join(this.folder, 'promethean.yaml')
    writeFileSync(file, yaml)
    return ['--config', file]
  }

  /** The words that every command on this place ends with. */
  get words(): string[] {
    return ['--notes', this.notes, '--data', this.data]
  }

  /** Runs one command to its end. */
  run(command: readonly string[], settings: Settings = {}): Promise<Finished> {
    return promethean([...command, ...this.words], settings)
  }

  /** Runs one command that must succeed and prints one JSON object. */
  async json(command: readonly string[], settings: Settings = {}): Promise<Record<string, unknown>> {
    const done = await this.run([...command, '--json'], settings)
    if (done.code !== 0) throw new Error(`${command.join(' ')} ended with ${done.code}: ${done.err || done.out}`)
    return JSON.parse(done.out) as Record<string, unknown>
  }

  /** One pass over the notes; the JSON lines it printed. */
  async once(command: readonly string[] = [], settings: Settings = {}): Promise<Line[]> {
    const done = await this.run(['run', '--once', '--json', ...command], settings)
    if (done.code !== 0) throw new Error(`the pass ended with ${done.code}: ${done.err}`)
    return linesOf(done.out)
  }

  /** Starts the daemon; it is ready to be asked when this resolves. */
  async start(command: readonly string[] = [], settings: Settings = {}): Promise<Daemon> {
    const daemon = new Daemon(this, ['run', '--json', '--port', '0', ...command, ...this.words], settings)
    running.add(daemon)
    await daemon.until('the daemon answers', async () => (await daemon.ask('/api/status')) !== undefined)
    return daemon
  }

  /** A daemon that is expected to end by itself. */
  launch(command: readonly string[] = [], settings: Settings = {}): Daemon {
    const daemon = new Daemon(this, ['run', '--json', '--port', '0', ...command, ...this.words], settings)
    running.add(daemon)
    return daemon
  }
}

/** A daemon in a process of its own. */
export class Daemon {
  readonly #place: Place
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  out = ''
  err = ''
  ended: Finished | undefined

  constructor(place: Place, command: readonly string[], settings: Settings) {
    this.#place = place
    this.child = launch(command, settings)
    this.finished = collect(this.child, (name, chunk) => {
      this[name] += chunk
    }).then((finished) => {
      running.delete(this)
      this.ended = finished
      return finished
    })
  }

  get lines(): Line[] {
    return linesOf(this.out.slice(0, this.out.lastIndexOf('\n') + 1))
  }

  /** Asks over the control channel; undefined while nobody answers. A daemon that dies over a question says how. */
  async ask(path: string): Promise<object | undefined> {
    try {
      return await askDaemon(this.#place.data, path)
    } catch (thrown) {
      await Promise.race([this.finished, sleep(1000)])
      if (this.ended === undefined) throw thrown
      throw new Error(`the daemon ended when asked for ${path}: ${JSON.stringify({ ...this.ended, out: '' })}`, {
        cause: thrown,
      })
    }
  }

  async status(): Promise<Status> {
    const status = (await this.ask('/api/status')) as Status | undefined
    if (status === undefined) throw new Error(`the daemon does not answer: ${this.err}`)
    return status
  }

  /** Waits for something to become true; fails after `deadline_ms`, or at once when the daemon has ended. */
  async until(what: string, isSo: () => boolean | Promise<boolean>, deadline_ms = 20_000): Promise<void> {
    const end_ms = performance.now() + deadline_ms
    while (!(await isSo())) {
      if (this.ended !== undefined) throw new Error(`the daemon ended before ${what}: ${JSON.stringify(this.ended)}`)
      if (performance.now() > end_ms) throw new Error(`${what}: not within ${deadline_ms} ms\n${this.out}\n${this.err}`)
      await sleep(10)
    }
  }

  /** Waits until a sentinel is at work on nothing and a status has been reached. */
  async settled(isSo: (status: Status) => boolean): Promise<Status> {
    let status = await this.status()
    await this.until('the notes are settled', async () => {
      status = await this.status()
      return status.sentinels.pending === 0 && status.outbox.pending === 0 && isSo(status)
    })
    return status
  }

  /** Waits for a line on standard output. */
  async line(isIt: (line: Line) => boolean): Promise<Line> {
    let found: Line | undefined
    await this.until('the line is printed', () => {
      found = this.lines.find(isIt)
      return found !== undefined
    })
    return found!
  }

  /** Ends the daemon by a signal and gives what it left. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.child.kill(signal)
    return this.finished
  }
}

/** Runs a command of `promethean` to its end. */
export async function promethean(command: readonly string[], settings: Settings = {}): Promise<Finished> {
  return collect(launch(command, settings), () => undefined)
}

/** Ends every daemon that is left and removes every folder; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((daemon) => daemon.stop('SIGKILL')))
  for (const folder of places) rmSync(folder, { recursive: true, force: true })
  places.clear()
}

/** The JSON lines of an output. */
export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

function launch(command: readonly string[], { cwd, env = {}, program = cliPath }: Settings): ChildProcess {
  const child = spawn(process.execPath, [program, ...command], {
    cwd: cwd ?? tmpdir(),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return child
}

async function collect(child: ChildProcess, onText: (name: 'out' | 'err', text: string) => void): Promise<Finished> {
  const texts = { out: '', err: '' }
  const take = (name: 'out' | 'err', text: string): void => {
    texts[name] += text
    onText(name, text)
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => take('out', text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => take('err', text))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, ...texts }
}
