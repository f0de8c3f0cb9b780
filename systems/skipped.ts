import type { Event } from '../engine/flow/event.ts'

/**
 * Events of a tick that the systems behind do not look at: messages that were delivered before, and floods that a rule of the
 * operator's keeps away. Said once in the tick, by who knows, before memory and routing; nothing in here outlives its events.
 */
const skipped = new WeakSet<Event>()

export function skip(event: Event): void {
  skipped.add(event)
}

/** Only what comes from Discord and from opencode is ever skipped: for all else this costs two comparisons. */
export function isSkipped(event: Event): boolean {
  const { kind } = event.source
  return (kind === 'discord' || kind === 'opencode') && skipped.has(event)
}
