/** The folder of notes, as tools may use it. Every path is relative to it and checked again behind this port. */

export type NoteRead = { readonly text: string; readonly hash: string; readonly modified_ms: number }
export type NoteListed = { readonly path: string; readonly size_bytes: number; readonly modified_ms: number }

export type NotesPort = {
  /** The whole text and the SHA-256 of its bytes, in hex. @throws EffectFailure OUTSIDE, GONE, NOT_REGULAR and others */
  read(path: string): Promise<NoteRead>
  /** All notes, by path in the order of code units; `complete` is false when something could not be looked at. */
  list(signal: AbortSignal): Promise<{ readonly notes: readonly NoteListed[]; readonly complete: boolean }>
  /**
   * Makes a new note, or replaces the one that has the hash. The same write again is done already.
   * @throws EffectFailure EXISTS, CHANGED, and those of `read`; the note is then as it was
   */
  write(path: string, text: string, signal: AbortSignal, expected_hash?: string): Promise<{ readonly created: boolean }>
  /** What the contract of a path has against a text, as sentences; empty when it may stand. */
  check(path: string, text: string): readonly string[]
}

/** JSON Schema of the path of a note. */
export const notePath = { type: 'string', minLength: 4, maxLength: 1_024 } as const
