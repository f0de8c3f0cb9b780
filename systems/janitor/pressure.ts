import { ChannelPressure } from '../discord/columns.ts'
import type { PressureSteps } from './policy.ts'

/** How often a message counts at each step that the embedding queue is behind. */
const weights: readonly number[] = [1, 2, 4, 8]

/**
 * The next step (ChannelPressure) of a channel. It rises as soon as its rate (messages a minute) meets a threshold, and
 * falls once it is below half of that of its present step, so that it does not flicker. While the embedding queue
 * (`waiting` jobs) is behind, each message counts twice, four or eight times: what is quiet stays quiet even then.
 */
export function pressureOf(
  rate: number,
  present: number,
  waiting: number,
  { pressure, behind }: { readonly pressure: PressureSteps; readonly behind: PressureSteps },
): number {
  const felt = rate * weights[stepOf(waiting, behind)]!
  const risen = stepOf(felt, pressure)
  return risen >= present ? risen : Math.min(present, stepOf(felt * 2, pressure))
}

function stepOf(value: number, { medium, high, flood }: PressureSteps): number {
  if (value >= flood) return ChannelPressure.flood
  if (value >= high) return ChannelPressure.high
  return value >= medium ? ChannelPressure.medium : ChannelPressure.none
}
