/** How long a caller waits: until the work is done, or until it has changed its mind. */
export type Waiting = {
  /** Ends the waiting with the signal's reason. What was taken in by then stays taken in. */
  readonly signal?: AbortSignal
}

/** The work's outcome, or the signal's reason when that comes first; the work itself goes on. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Lets others have their turn, and ends the work with the signal's reason; nothing where there is no signal. */
export function turns(signal: AbortSignal | undefined): (() => Promise<void>) | undefined {
  if (signal === undefined) return undefined
  return async () => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
  }
}
