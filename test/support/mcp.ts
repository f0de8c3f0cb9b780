import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { cliPath } from './command.ts'
import type { Place } from './daemon.ts'

/** An answer that a test looks into. */
export type Answer = {
  readonly isError?: boolean
  readonly structuredContent?: Record<string, unknown>
  readonly content: readonly { readonly text?: string }[]
}

/** A client of `promethean mcp` on a place, over its standard input and output. */
export class McpSession {
  readonly client = new Client({ name: 'test', version: '1' })
  readonly errors: Error[] = []
  /** Of the process that serves it. */
  pid = 0

  /** Starts the process and shakes hands. */
  static async open(place: Place, words: readonly string[] = []): Promise<McpSession> {
    const session = new McpSession()
    const args = [cliPath, 'mcp', ...words, ...place.words]
    const transport = new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' })
    // What is on standard output and is no message of the protocol comes as an error.
    session.client.onerror = (error) => session.errors.push(error)
    await session.client.connect(transport)
    session.pid = transport.pid ?? 0
    return session
  }

  /** Calls a tool. */
  async call(name: string, args: Record<string, unknown> = {}): Promise<Answer> {
    return (await this.client.callTool({ name, arguments: args })) as Answer
  }

  /** What a tool answered. @throws Error with what it said when it failed */
  async answer(name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const { isError, structuredContent, content } = await this.call(name, args)
    if (isError === true || structuredContent === undefined) throw new Error(content[0]?.text)
    return structuredContent
  }

  async close(): Promise<void> {
    await this.client.close()
  }
}
