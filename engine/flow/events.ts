import { assert, EngineError } from '../errors.ts'
import type { Event } from './event.ts'
import type { Listener } from './listeners.ts'

export type EventsOptions = {
  /** Ends the events, without an error. */
  readonly signal?: AbortSignal
  /** Events that may wait to be read; one more ends them with LISTENER_SLOW. Default 10,000. */
  readonly buffer_max?: number
}

/**
 * Events as they become durable, for `for await`. They are kept from the call on; a reader that leaves the loop ends it, and so
 * does the engine when it stops. None is left out in silence.
 * @param listen adds a listener and gives the way to remove it @param ended resolves when the engine has ended
 * @throws EngineError LIMIT_INVALID for a buffer that holds nothing; LISTENER_SLOW when more wait than the buffer holds, and the engine's own error when it failed
 */
export function eventsOf(
  listen: (listener: Listener) => () => void,
  ended: Promise<EngineError | undefined>,
  { signal, buffer_max = 10_000 }: EventsOptions,
): AsyncGenerator<Event, void, undefined> {
  const whole = Number.isInteger(buffer_max) && buffer_max >= 1
  assert(whole, 'LIMIT_INVALID', `buffer_max must be a whole number from 1 on, not ${buffer_max}`, buffer_max)
  const waiting: Event[] = []
  let failure: EngineError | undefined
  let over = signal?.aborted === true
  let wake: () => void = () => undefined
  let deaf: () => void = () => undefined
  const onAbort = (): void => end()
  // Here and not in the generator alone: one that is never read never reaches its `finally`.
  const end = (error?: EngineError): void => {
    failure ??= error
    over = true
    deaf()
    signal?.removeEventListener('abort', onAbort)
    wake()
  }
  deaf = listen((event) => {
    if (over) return
    if (waiting.length < buffer_max) waiting.push(event)
    else
      end(
        new EngineError(
          'LISTENER_SLOW',
          `${buffer_max} events wait to be read; read faster, or give a larger buffer_max`,
        ),
      )
    wake()
  })
  if (over) end()
  else signal?.addEventListener('abort', onAbort, { once: true })
  void ended.then((error) => end(error))

  async function* read(): AsyncGenerator<Event, void, undefined> {
    try {
      for (;;) {
        const event = waiting.shift()
        if (event !== undefined) yield event
        else if (failure !== undefined) throw failure
        else if (over) return
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      end()
    }
  }
  return read()
}
