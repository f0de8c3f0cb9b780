/** What is read of opencode's answers and events; all else in them is left alone. Nothing here is taken for granted. */

/** A message, of a person or of the model. Times are milliseconds since 1970. */
export type RawMessage = {
  readonly id?: unknown
  readonly sessionID?: unknown
  readonly role?: unknown
  /** Of an answer: the message that it answers. */
  readonly parentID?: unknown
  readonly finish?: unknown
  readonly cost?: unknown
  readonly tokens?: { readonly total?: unknown; readonly input?: unknown; readonly output?: unknown }
  /** Of a session. */
  readonly title?: unknown
  readonly time?: { readonly created?: unknown; readonly completed?: unknown }
  readonly error?: { readonly name?: unknown; readonly data?: { readonly message?: unknown } }
}

/** A part of a message: a text, a call of a tool, a change of files. */
export type RawPart = {
  readonly id?: unknown
  readonly sessionID?: unknown
  readonly messageID?: unknown
  readonly type?: unknown
  readonly text?: unknown
  readonly synthetic?: unknown
  readonly ignored?: unknown
  readonly time?: { readonly start?: unknown; readonly end?: unknown }
  readonly tool?: unknown
  readonly state?: {
    readonly status?: unknown
    readonly title?: unknown
    readonly output?: unknown
    readonly error?: unknown
    readonly input?: { readonly filePath?: unknown }
    readonly time?: { readonly end?: unknown }
  }
  readonly files?: unknown
}

/** A message with its parts, as the history of a session lists it. */
export type RawEntry = { readonly info: RawMessage; readonly parts: readonly RawPart[] }

/** A session, as opencode lists it. */
export type RawSession = {
  readonly id: string
  readonly title?: unknown
  readonly time: { readonly created?: unknown; readonly updated: number }
}

/** A request to be allowed something. */
export type RawPermission = {
  readonly id?: unknown
  readonly sessionID?: unknown
  readonly permission?: unknown
  readonly type?: unknown
  readonly patterns?: unknown
  readonly pattern?: unknown
  /** Of an answer: which request it answers, and how. */
  readonly requestID?: unknown
  readonly reply?: unknown
}

/** An event of the stream. */
export type RawEvent = {
  readonly id?: unknown
  readonly type?: unknown
  readonly properties?: RawPermission & { readonly info?: RawMessage; readonly part?: RawPart; readonly file?: unknown }
}
