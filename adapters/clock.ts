import { assert } from '../engine/errors.ts'
import { wallClock } from '../engine/flow/clock.ts'

/** Where an engine's time comes from: milliseconds since 1970. The engine's driver lets it enter as `clock.set`. */
export type Clock = () => number

/** The machine's clock. World time follows it, but never turns back when it does. */
export function wall(): Clock {
  return wallClock
}

export type VirtualClock = Clock & {
  /** Moves on. @throws EngineError ADAPTER_OPTION when it would move back */
  advance(ms: number): void
}

/** A clock that moves only when it is told to: for tests, simulations, and runs faster than life. */
export function virtual(start_ms: number): VirtualClock {
  let now_ms = start_ms
  const advance = (ms: number): void => {
    assert(Number.isFinite(ms) && ms >= 0, 'ADAPTER_OPTION', `a clock moves forward, not by ${ms} ms`, ms)
    now_ms += ms
  }
  return Object.assign(() => now_ms, { advance })
}
