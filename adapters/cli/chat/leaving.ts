import type { EventEmitter } from 'node:events'

/** What leaving needs to hear and say; `quit` ends the process at once. */
export type LeavingMeans = {
  readonly input: NodeJS.ReadableStream
  readonly signals: EventEmitter
  readonly err: NodeJS.WritableStream
  readonly quit: () => void
  /** How long nothing is said, in milliseconds. */
  readonly quiet_ms?: number
}

/**
 * Closes a conversation. Where that takes a moment it says what is waited for, and from the first moment Ctrl-C or Ctrl-D
 * quits at once: what was said is in the record already, and an answer that never came is asked for at the next start.
 */
export async function leave(close: () => Promise<void>, means: LeavingMeans): Promise<void> {
  const { input, signals, err, quit, quiet_ms = 300 } = means
  const timer = setTimeout(() => {
    err.write(
      'Waiting for what the model or a tool is still doing; Ctrl-C or Ctrl-D quits at once, nothing said is lost.\n',
    )
  }, quiet_ms)
  // The end of an input that has ended before is not heard again: only another Ctrl-D is.
  input.once('end', quit)
  input.resume()
  signals.once('SIGINT', quit)
  try {
    await close()
  } finally {
    clearTimeout(timer)
    input.off('end', quit)
    signals.off('SIGINT', quit)
  }
}
