import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LLMock } from '@copilotkit/aimock'
import { cliPath } from './command.ts'
import type { Finished } from './daemon.ts'

/** Runs a command with these lines as its standard input, to its end. */
export async function through(words: readonly string[], lines: readonly string[], cwd: string): Promise<Finished> {
  const child = spawn(process.execPath, [cliPath, ...words], { cwd, stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, out, err }
}

const folders: string[] = []
/** An empty folder that is somebody's working directory. */
export function emptyFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'promethean-chat-')))
  folders.push(folder)
  return folder
}

/** What a model is asked, as it came over the network. */
export type Asked = {
  readonly messages: readonly { readonly role: string; readonly content: unknown; readonly tool_calls?: unknown }[]
  readonly tools?: readonly { readonly function: { readonly name: string } }[]
}
/** What it answers: text, an error, or calls of tools by the names that it was told. */
export type Answering =
  | { readonly content: string }
  | { readonly error: { readonly message: string }; readonly status: number }
  | { readonly toolCalls: { name: string; arguments: string }[] }

const servers: LLMock[] = []
/** A server that answers every question by a function of it; what it was asked, and the config that names it. */
export async function mockModel(
  answer: (asked: Asked) => Answering,
  options: { readonly latency?: number } = {},
): Promise<{ readonly asked: Asked[]; readonly model: string }> {
  const server = new LLMock({ port: 0, host: '127.0.0.1', ...options })
  const asked: Asked[] = []
  server.on({ predicate: () => true }, (request) => {
    asked.push(request as unknown as Asked)
    return answer(request as unknown as Asked)
  })
  servers.push(server)
  await server.start()
  return { asked, model: `model: { adapter: openai, base_url: "${server.url}/v1", model: mock }` }
}

/** Ends all servers and removes all folders; for `afterEach`. */
export async function tidyUp(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
