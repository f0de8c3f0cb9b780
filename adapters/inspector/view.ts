import type { Event } from '../../engine/flow/event.ts'

/** An order to the running daemon, as it came: `command` of the view checks both parts. */
export type Order = { readonly command: string; readonly path: string }

/** What the inspector and the control channel show of a running daemon. */
export type View = {
  status(): object
  /** The last events, oldest first. */
  events(): readonly Event[]
  timings(): object
  sentinels(): readonly object[]
  health(): { live: boolean; ready: boolean; health: string }
  /** Carries out an order; only the control channel takes one. */
  command(order: Order): Promise<object>
}
