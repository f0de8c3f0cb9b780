/** Every code an `EngineError` can carry, with what it means. `engine/README.md` lists them for people; a test compares. */
export const errorCodes = {
  ARCHETYPE_UNKNOWN: 'a system asked for an archetype or table that was not given to createEngine',
  COLUMN_NAME: 'a column name is not snake_case or is reserved',
  TABLE_FULL: 'a table has reached its hard limit of rows',
  WORLD_FULL: 'the world has reached its hard limit of entities',
  ENTITY_DEAD: 'an entity id that is not alive was used',
  NAME_TOO_LONG: 'a text is too long to be interned',
  EVENT_TYPE_UNKNOWN: 'an event has a type nobody declared',
  EVENT_INVALID: 'an event does not match its schema',
  EVENT_TOO_LARGE: 'an event is larger than the limit',
  EFFECT_TYPE_UNKNOWN: 'a system requested an effect nobody declared',
  EFFECT_INVALID: 'a requested effect does not match its schema',
  EFFECT_UNHANDLED: 'no adapter performs this type of effect',
  LIMIT_INVALID: 'a limit is out of its range, or two limits contradict each other',
  SCHEMA_INVALID: 'a JSON Schema is itself wrong, or holds a pattern that can run away',
  TICK_GONE: 'a tick was asked for that lies outside what the record can replay',
  ENGINE_STATE: 'the engine is not in a state in which this call makes sense',
  INBOX_FULL: 'the ring is full: the caller keeps the event and offers it again',
  LISTENER_SLOW: 'more events wait for a reader than its buffer holds',
  SYSTEM_THREW: 'a system threw; its half-run tick was never committed',
  RECORD_DAMAGED: 'a stored record does not match its checksum',
  JOURNAL_DAMAGED: 'a journal entry does not match its checksum, or the chain of digests is broken',
  JOURNAL_VERSION: 'the journal was written by another version or runtime and does not replay alike here',
  SNAPSHOT_DAMAGED: 'a snapshot does not match its checksums',
  SEGMENT_DAMAGED: 'a file of the text index does not match its checksum or contradicts itself',
  STORE_LOCKED: 'another process owns this data directory',
  STORE_DAMAGED: 'the store cannot be opened safely',
  STORE_FULL: 'the disk is full; the same commit is tried again until there is room',
  STORE_IO: 'the disk failed; nothing more can be acknowledged',
  STORE_GONE: 'the data directory was removed or replaced under the running process',
  STORE_PERMISSION: 'the data directory cannot be written by this user',
  STORE_OPTION: 'a store option would make the record unsafe',
  STORE_KEY: 'a table, key or tick that a store cannot hold was used',
  ADAPTER_OPTION: 'an option of an adapter is wrong or out of its range',
  RECALL_OPTION: 'recall was asked with an option that it does not know',
  LISTEN_FAILED: 'an address to listen at cannot be had',
  DAEMON_FAILED: 'a daemon is there but did not answer as it should',
  VECTOR_INVALID: 'a vector, label or number of results that no vector index can use',
  INDEX_DAMAGED: 'a saved index does not match its checksums, or is of other vectors; it is made anew from the record',
  PACKAGE_MISSING: 'an optional package is not installed or does not run here',
  REPLAY_DIVERGED: 'replay computed something else than the record holds',
} as const

export type ErrorCode = keyof typeof errorCodes

/**
 * Wrong use or a failed promise of the engine. The code is stable, the message is not:
 * it names the value that was wrong and what to do about it.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: ErrorCode
  readonly value: unknown

  constructor(code: ErrorCode, message: string, options: { value?: unknown; cause?: unknown } = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.value = options.value
  }
}

/** Throws an `EngineError` when a condition that must hold does not. */
export function assert(condition: boolean, code: ErrorCode, message: string, value?: unknown): asserts condition {
  if (!condition) throw new EngineError(code, message, { value })
}

/** The message of whatever was thrown, for logs and `reason` fields. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
