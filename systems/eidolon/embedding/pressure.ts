import { EmbedLane } from '../columns.ts'
import { Priority } from './priority.ts'

/** What back-pressure lets in, the mildest step first. */
export const Pressure = { none: 0, no_eidolon: 1, no_bots: 2, essential: 3, full: 4 } as const

/** Waiting jobs from which each step holds. The last bounds the queue. */
export const pressureSteps: readonly number[] = [512, 2_048, 8_192, 16_384]

/** The step for a queue of this length. */
export function pressureOf(waiting: number): number {
  return pressureSteps.filter((step) => waiting >= step).length
}

/** Whether a job may enter the queue. */
export function letsIn(pressure: number, lane: number, priority: number): boolean {
  if (pressure >= Pressure.full) return false
  if (pressure >= Pressure.essential) return lane === EmbedLane.canonical && priority <= Priority.aggregate
  if (pressure >= Pressure.no_bots) return lane === EmbedLane.canonical && priority < Priority.bot
  return pressure < Pressure.no_eidolon || lane === EmbedLane.canonical
}
