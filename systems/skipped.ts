import type { Event } from '../engine/flow/event.ts'

/**
 * Events of a tick that the systems behind do not look at: messages that were delivered before, and floods that a rule of the
 * operator's keeps away. Said once in the tick, by who knows, before memory and routing; nothing in here outlives its events.
 */
const skipped = new WeakSet<Event>()

export function skip(event: Event): void {
  skipped.add(event)
}

/** Only messages from Discord are ever skipped: for all others this costs one comparison. */
export function isSkipped(event: Event): boolean {
  return event.source.kind === 'discord' && skipped.has(event)
}
