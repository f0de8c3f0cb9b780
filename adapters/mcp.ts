import type { Log } from '../engine/flow/adapter.ts'
import type { McpDoor, McpScope } from './mcp/scope.ts'
import type { NodeHandler } from './mcp/sdk.ts'

export {
  type McpDoor,
  type McpPlace,
  type McpQuestion,
  type McpScope,
  type McpTrust,
  type ToolName,
  toolNames,
  trusts,
} from './mcp/scope.ts'

type Options = { readonly door: McpDoor; readonly scope: McpScope; readonly log: Log }

/**
 * Offers the memory to one client on standard input and output.
 * @param ended hears once that the client has gone
 */
export async function mcpOnStdio(options: Options, ended: () => void): Promise<{ close(): Promise<void> }> {
  const { onStdio } = await import('./mcp/sdk.ts')
  return onStdio(options, ended)
}

/** A handler for the daemon's port, after its checks. What it needs is loaded with the first request. */
export function mcpOnHttp(options: Options): { readonly handle: NodeHandler; close(): Promise<void> } {
  let loading: Promise<{ readonly handle: NodeHandler; close(): Promise<void> }> | undefined
  return {
    handle: async (request, response) => {
      loading ??= import('./mcp/http.ts').then(({ httpHandler }) => httpHandler(options))
      await (await loading).handle(request, response)
    },
    close: async () => (await loading)?.close(),
  }
}
