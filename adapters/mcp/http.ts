import { toNodeHandler } from '@modelcontextprotocol/node'
import { reasonOf } from '../../engine/errors.ts'
import { type McpOptions, type NodeHandler, onRequests } from './sdk.ts'

/** The handler that the daemon's port serves MCP with. Who may ask has been checked before it is reached. */
export function httpHandler(options: McpOptions): { readonly handle: NodeHandler; close(): Promise<void> } {
  const requests = onRequests(options)
  const onerror = (error: Error): void => options.log.warn({ reason: reasonOf(error) }, 'MCP: a request failed')
  const handler = toNodeHandler(requests, { onerror })
  return {
    // Node's own type says of members that may be missing that they may be undefined, which the package's does not.
    handle: (request, response) => handler(request as Parameters<typeof handler>[0], response),
    close: () => requests.close(),
  }
}
