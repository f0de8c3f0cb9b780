/** Names of the tools, in the order in which they are listed. */
export const toolNames = [
  'recall',
  'remember',
  'explain',
  'related',
  'pin',
  'forget',
  'status',
  'run_contract',
] as const
export type ToolName = (typeof toolNames)[number]

/** How far a client's words may be believed. */
export const trusts = ['person', 'bot', 'unknown'] as const
export type McpTrust = (typeof trusts)[number]

/** What one client may do, and how what it says is kept. */
export type McpScope = {
  /** Its name: the author of what it remembers. */
  readonly client: string
  readonly tools: readonly ToolName[]
  readonly trust: McpTrust
  /** Where what it says is kept; empty = in no channel. */
  readonly channel: string
  /** Clients whose memories this one never sees. */
  readonly hidden: readonly string[]
}

/** What a client may ask: a tool, a resource, or the list of resources. */
export type McpPlace = ToolName | 'memory' | 'note' | 'newest'

/** One question of a client's, as it is put to whoever holds the memory. */
export type McpQuestion = {
  readonly ask: 'mcp'
  readonly place: McpPlace
  readonly args: { readonly [name: string]: unknown }
  readonly scope: McpScope
}

/** Answers a question; when the signal is aborted nobody waits for the answer any more. */
export type McpDoor = (question: McpQuestion, signal: AbortSignal) => Promise<object>
