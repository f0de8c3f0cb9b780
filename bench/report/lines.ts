import type { Row } from '../support.ts'

/** Rows as a person reads them. */

/** One line of a report. */
export function lineOf({ name, value, unit, goal, met, detail, stats }: Row): string {
  const verdict = met === undefined ? '' : met ? 'met' : 'NOT met'
  const figure = `  ${name.padEnd(20)} ${figureOf(value).padStart(10)} ${unit.padEnd(14)}`
  if (stats === undefined) return `${figure} ${`${goal ?? ''} ${verdict}`.padEnd(18)} ${detail ?? ''}`.trimEnd()
  const { p75, p99, samples } = stats
  const more = `p75 ${figureOf(p75).padStart(9)}  p99 ${figureOf(p99).padStart(9)}  ${String(samples).padStart(6)} samples`
  return `${figure} ${more} ${goal ?? ''} ${verdict} ${detail ?? ''}`.trimEnd()
}

/** Three digits or so. */
export function figureOf(value: number): string {
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4)
}
