import { objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { type McpScope, type McpTrust, type ToolName, toolNames, trusts } from '../mcp.ts'

/** What the config says of one client, or of all that it does not name. */
export type McpClientConfig = {
  readonly tools?: readonly ToolName[]
  readonly trust?: McpTrust
  /** Where what it says is kept. */
  readonly channel?: string
  /** Whether other clients see nothing of what it says. */
  readonly private?: boolean
}
export type McpConfig = {
  readonly clients?: readonly (McpClientConfig & { readonly name: string })[]
  readonly default?: McpClientConfig
}

/** What a client may be called: its name is an author's in the record, and stands before its ids. */
export const clientName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const name: JsonSchema = { type: 'string', pattern: clientName.source }
const client = {
  'tools?': { type: 'array', items: { enum: [...toolNames] } },
  'trust?': { enum: [...trusts] },
  'channel?': { type: 'string', minLength: 1, maxLength: 200 },
  'private?': { type: 'boolean' },
}

/** The part of `promethean.yaml` about MCP clients. */
export const mcpSchema: JsonSchema = objectOf({
  'clients?': { type: 'array', items: objectOf({ name, ...client }), maxItems: 100 },
  'default?': objectOf(client),
})

/**
 * The scope of a client. A name proves nothing, so it is the operator's word (`--client`), never the client's own. Who is
 * not named in the config gets the default: every tool, and believed least.
 */
export function scopeOf({ clients = [], default: usual = {} }: McpConfig, client: string): McpScope {
  const own: McpClientConfig = clients.find((each) => each.name === client) ?? usual
  const hidden = clients.filter((each) => each.private === true && each.name !== client)
  return {
    client,
    tools: own.tools ?? toolNames,
    trust: own.trust ?? 'unknown',
    channel: own.channel ?? '',
    hidden: hidden.map((each) => each.name),
  }
}
