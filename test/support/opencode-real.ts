import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isProgram } from './program.ts'

/** The real opencode, in a scratch home of its own, with a model on loopback. */

export const password = 'a-password-of-the-tests'

/** Where opencode is: OPENCODE_BIN, node_modules/.bin or PATH; undefined where it is not installed. */
export function opencodeBinary(): string | undefined {
  const places = ['node_modules/.bin', ...(process.env['PATH'] ?? '').split(delimiter)]
  const named = process.env['OPENCODE_BIN']
  return [...(named === undefined ? [] : [named]), ...places.map((place) => join(place, 'opencode'))].find(isProgram)
}

export class RealOpencode {
  /** Holds its home and the project. */
  readonly folder: string
  readonly project: string
  readonly port: number
  readonly #binary: string
  #child: ChildProcess | undefined
  said = ''

  private constructor(binary: string, port: number, model_url: string) {
    this.#binary = binary
    this.port = port
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'opencode-real-')))
    this.project = join(this.folder, 'project')
    for (const name of ['home', 'project']) mkdirSync(join(this.folder, name))
    writeFileSync(join(this.project, 'opencode.json'), JSON.stringify(configOf(model_url)))
    execFileSync('git', ['init', '-q'], { cwd: this.project })
  }

  /** Starts it on a free port, in a project whose model is at `model_url`, where edits are asked for. */
  static async start(binary: string, model_url: string): Promise<RealOpencode> {
    const opencode = new RealOpencode(binary, await freePort(), model_url)
    await opencode.begin()
    return opencode
  }

  /** Starts it, or starts it again with all that it knows. */
  async begin(): Promise<void> {
    const home = join(this.folder, 'home')
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_DATA_HOME: join(home, 'data'),
      XDG_STATE_HOME: join(home, 'state'),
      XDG_CACHE_HOME: join(home, 'cache'),
      OPENCODE_SERVER_PASSWORD: password,
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    }
    const words = ['serve', '--port', String(this.port), '--hostname', '127.0.0.1']
    const child = spawn(this.#binary, words, {
      cwd: this.project,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.said += text
      })
    }
    this.said = ''
    // What is asked while it starts may never be answered.
    await this.until('it listens', async () => this.said.includes('listening on'))
    await this.until('it answers', async () => (await this.ask('GET', '/session')).status === 200)
  }

  /** Asks it over HTTP; status 0 while it does not answer. */
  async ask(method: string, path: string, body?: object): Promise<{ status: number; data: unknown }> {
    const url = new URL(path, `http://127.0.0.1:${this.port}`)
    url.searchParams.set('directory', this.project)
    const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString('base64')}`
    const headers = { authorization, 'content-type': 'application/json' }
    try {
      const response = await fetch(url, {
        method,
        headers,
        signal: AbortSignal.timeout(10_000),
        ...(body && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, data: text === '' ? undefined : JSON.parse(text) }
    } catch (thrown) {
      return { status: 0, data: String(thrown) }
    }
  }

  /** Opens a session and gives it a prompt, without waiting for the answer; the session's id. */
  async prompt(text: string): Promise<string> {
    const { data } = await this.ask('POST', '/session', { title: text.slice(0, 40) })
    const { id } = data as { id: string }
    await this.ask('POST', `/session/${id}/prompt_async`, { parts: [{ type: 'text', text }] })
    return id
  }

  /** Ids of the permissions that it waits for. */
  async permissions(): Promise<string[]> {
    return ((await this.ask('GET', '/permission')).data as { id: string }[]).map(({ id }) => id)
  }

  /** Whether no session of the project is at work. */
  async idle(): Promise<boolean> {
    return Object.keys((await this.ask('GET', '/session/status')).data as object).length === 0
  }

  async until(what: string, isSo: () => Promise<boolean>, deadline_ms = 30_000): Promise<void> {
    const end_ms = performance.now() + deadline_ms
    while (!(await isSo())) {
      if (performance.now() > end_ms) throw new Error(`opencode: ${what}: not within ${deadline_ms} ms\n${this.said}`)
      await sleep(25)
    }
  }

  /** Ends it at once, with all that it began. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    process.kill(-child.pid, 'SIGKILL')
    await gone
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A project's opencode.json: one model on loopback, no other provider, edits are asked for. */
function configOf(base_url: string): object {
  const models = { heron: { name: 'Heron', limit: { context: 64_000, output: 4_000 } } }
  const options = { baseURL: base_url, apiKey: 'none' }
  return {
    autoupdate: false,
    share: 'disabled',
    model: 'mock/heron',
    small_model: 'mock/heron',
    enabled_providers: ['mock'],
    provider: { mock: { npm: '@ai-sdk/openai-compatible', name: 'Mock', options, models } },
    permission: { edit: 'ask' },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
