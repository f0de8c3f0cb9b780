import { assert } from './errors.ts'

/** Every bound of the engine, in one place. Counts, bytes and milliseconds of world or wall time. */
export type Limits = {
  /** Length of an idle tick. */
  readonly tick_ms: number
  /** Shortest distance between two ticks when pushes wake them. */
  readonly tick_min_ms: number
  /** Most events one tick takes in. */
  readonly batch_max: number
  /** Most bytes of events one tick takes in. */
  readonly batch_bytes_max: number
  /** Bytes of events after which a tick of the engine's own takes in no more: of large events it takes few, so that none lasts long. */
  readonly batch_bytes_usual: number
  /** Slots of each ring. What waits long is moved about by the collector of garbage, so a ring holds two batches and no more. */
  readonly inbox_max: number
  /** Most bytes of JSON one event may have. */
  readonly event_bytes_max: number
  /** Ticks to run at once when the timer was late; beyond that the clock jumps. */
  readonly catch_up_max: number
  /** Bytes of journal after which a snapshot is taken. */
  readonly snapshot_bytes: number
  /** How often the place where the store rests is checked. */
  readonly verify_ms: number
  /** How long a stop waits for effects that are out before it parks them. */
  readonly stop_ms: number
  /** Longest wait between attempts of an effect. */
  readonly backoff_max_ms: number
  /** Recent events kept for people to look at. */
  readonly trace_max: number
}

export const defaultLimits: Limits = {
  tick_ms: 50,
  tick_min_ms: 1,
  batch_max: 1024,
  batch_bytes_max: 16_777_216,
  batch_bytes_usual: 262_144,
  inbox_max: 2048,
  event_bytes_max: 8_388_608,
  catch_up_max: 8,
  snapshot_bytes: 33_554_432,
  verify_ms: 5_000,
  stop_ms: 10_000,
  backoff_max_ms: 120_000,
  trace_max: 256,
}

/** The longest a timer can wait. */
const longest_ms = 2_147_483_647

/** The defaults with what the caller changed, checked against each other. @throws EngineError LIMIT_INVALID */
export function limitsOf(changed: Partial<Limits> = {}): Limits {
  const limits = { ...defaultLimits, ...changed }
  for (const [name, value] of Object.entries(limits)) {
    assert(name in defaultLimits, 'LIMIT_INVALID', `there is no limit ${name}`, name)
    assert(
      Number.isFinite(value) && value > 0,
      'LIMIT_INVALID',
      `${name} must be a positive number, not ${value}`,
      value,
    )
    assert(!name.endsWith('_ms') || value <= longest_ms, 'LIMIT_INVALID', `${name} may be ${longest_ms} at most`, value)
    const whole = name.endsWith('_ms') || Number.isInteger(value)
    assert(whole, 'LIMIT_INVALID', `${name} counts something and must be a whole number, not ${value}`, value)
  }
  const { tick_min_ms, tick_ms, batch_max, inbox_max, event_bytes_max, batch_bytes_max } = limits
  assert(tick_min_ms <= tick_ms, 'LIMIT_INVALID', `tick_min_ms ${tick_min_ms} must not exceed tick_ms ${tick_ms}`)
  assert(batch_max <= inbox_max, 'LIMIT_INVALID', `batch_max ${batch_max} must not exceed inbox_max ${inbox_max}`)
  assert(
    event_bytes_max <= batch_bytes_max,
    'LIMIT_INVALID',
    `event_bytes_max ${event_bytes_max} must not exceed batch_bytes_max ${batch_bytes_max}`,
  )
  return limits
}
