import { EngineError } from '../../../engine/errors.ts'
import { chain, decodeEntry } from '../../../engine/record/journal.ts'
import type { Store } from '../../../engine/record/store.ts'

/** Where a journal stops being whole, and why. */
export type BadEntry = { readonly tick: number; readonly reason: string }

/** The first entry that is not whole, or does not follow on the one before it. O(bytes of the journal). */
export function firstBadEntry(store: Store): BadEntry | undefined {
  let digest: string | undefined
  for (const { tick, bytes } of store.journal(1)) {
    try {
      const { head, batchText } = decodeEntry(bytes, tick)
      // Where the past was dropped, the first entry follows on what is gone: it is taken at its word, which its checksum keeps.
      const begins = digest === undefined && tick > 1
      digest = begins ? head.digest : chain(digest ?? '0'.repeat(32), tick, batchText, head.outputs)
      if (digest !== head.digest) return { tick, reason: `entry ${tick} does not follow on the one before it` }
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown
      return { tick, reason: thrown.message }
    }
  }
  return undefined
}
