import { assert } from '../../engine/errors.ts'

/** How an LMDB store is kept. Nothing here can make a commit less durable. */
export type LmdbOptions = {
  /** How long the check before opening may read entries, in milliseconds; 0 checks the structure alone. */
  readonly preflight_ms?: number
  /** Address space reserved for the data file, in bytes; it costs no disk and grows when it is used up. */
  readonly map_bytes?: number
  /** How long a commit may take before the disk counts as failed, in milliseconds. */
  readonly commit_deadline_ms?: number
}

/** What is used where nothing is said. */
export const defaults: Required<LmdbOptions> = {
  preflight_ms: 300,
  map_bytes: 64 * 1024 * 1024 * 1024,
  commit_deadline_ms: 60_000,
}

/** Refuses options that do not exist and those that would let a power loss destroy the store. @throws EngineError STORE_OPTION */
export function checkOptions(options: LmdbOptions): LmdbOptions {
  for (const name of Object.keys(options)) {
    const unsafe = name === 'noSync' || name === 'noMetaSync' || name === 'mapAsync'
    const reason = unsafe ? 'a power loss would then destroy the whole store' : 'no such option exists'
    assert(Object.hasOwn(defaults, name), 'STORE_OPTION', `the lmdb store refuses ${name}: ${reason}`, name)
  }
  return options
}
