/** Milliseconds since 1970 as ISO 8601 in UTC, to the second: `2026-11-22T15:04:05Z`. A pure function of its argument. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** The wall clock, read only where time enters the world. */
export function wallClock(): number {
  return Date.now()
}
