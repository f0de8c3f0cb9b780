import type { Log } from '../../../engine/flow/adapter.ts'
import { mcpOnHttp } from '../../mcp.ts'
import { type McpConfig, scopeOf } from '../config-mcp.ts'
import type { Desk } from '../desk.ts'

/** What the author of what is remembered over the daemon's port is called. */
const overHttp = 'http'

/**
 * Serves MCP at `/mcp` on the daemon's port, after its checks of Host, Origin and token. Whoever holds the token has the
 * default scope: a name is no proof of who asks.
 */
export function mcpHandler(desk: Pick<Desk, 'answer'>, config: McpConfig, log: Log): ReturnType<typeof mcpOnHttp> {
  return mcpOnHttp({ door: (question) => desk.answer(question), scope: scopeOf(config, overHttp), log })
}
