/** What is told of one message on its way through a session: each line has exactly one of these members. */
export type ChatLine =
  /** It waits in the session's queue, and what for. */
  | {
      readonly queued: {
        readonly session: string
        readonly why: string
        /** When a spent budget is whole again. */
        readonly until_ms?: number
      }
    }
  | { readonly started: { readonly turn: number; readonly inputs: number } }
  /** A piece of the answer as it comes. */
  | { readonly delta: string }
  /** The model broke off and is asked once more: the pieces so far are void, and the answer comes from its beginning. */
  | { readonly again: { readonly attempt: number } }
  /** The model was asked; these memories lie before it. */
  | { readonly asked: { readonly round: number; readonly tokens: number; readonly memories: readonly MemoryName[] } }
  | { readonly called: CalledLine }
  | {
      readonly returned: { readonly call: number; readonly tool: string; readonly state: string; readonly text: string }
    }
  | { readonly approval: ApprovalLine }
  /** An approval was given or refused, here or elsewhere. */
  | { readonly answered: { readonly hash: string; readonly allow: boolean } }
  | { readonly waiting: { readonly why: string; readonly reason: string; readonly until_ms: number } }
  | { readonly said: { readonly text: string; readonly trust: string } }
  /** The last line. */
  | { readonly ended: EndedLine }

export type MemoryName = { readonly memory_id: number; readonly name: string }
export type CalledLine = {
  readonly call: number
  readonly tool: string
  readonly arguments: string
  readonly verdict: string
  readonly reason: string
}
export type ApprovalLine = {
  readonly call: number
  readonly hash: string
  readonly session: string
  readonly tool: string
  readonly arguments: string
  readonly risk: string
  readonly why: string
  readonly expires_ms: number
}
export type EndedLine = {
  readonly turn: number
  readonly state: string
  readonly code: string
  readonly reason: string
  readonly rounds: number
  readonly calls: number
  readonly tokens_in: number
  readonly tokens_out: number
}

/** What came of an answer to an approval: false when no such call waits any more. */
export type Approved = {
  readonly hash: string
  readonly allow: boolean
  readonly done: boolean
  readonly reason: string
}

/** A message of the past, for people. Times in milliseconds since 1970. */
export type PastMessage = {
  readonly role: string
  readonly text: string
  readonly turn: number
  readonly at_ms: number
}

/** A tool as a session has it. */
export type ToolView = { readonly name: string; readonly risk: string; readonly description: string }

/** One session, talked to by a person: here in this process, or through the daemon. */
export type Conversation = {
  readonly session: string
  /** The newest messages, oldest first. */
  past(count: number): Promise<readonly PastMessage[]>
  /** Says something and tells all that comes of it, to the end of the turn that answers it. */
  say(text: string): AsyncIterable<ChatLine>
  /** Tells what comes of the turn that is under way, for instance one that has waited for a yes since last time. */
  follow(): AsyncIterable<ChatLine>
  approve(hash: string, allow: boolean): Promise<Approved>
  /** Ends the turn under way; resolves when it has been ordered. */
  cancel(): Promise<void>
  tools(): Promise<readonly ToolView[]>
  close(): Promise<void>
}
