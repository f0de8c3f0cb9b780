import { largerIsBetter, type NamedRow } from './compare.ts'
import { figureOf } from './lines.ts'

/**
 * Rows as github-action-benchmark takes them under `customSmallerIsBetter`: rates become the time of one, ratios that are
 * better when larger their inverse. https://github.com/benchmark-action/github-action-benchmark
 */
export function gabOf(rows: readonly NamedRow[]): object[] {
  return rows.map((row) => {
    const inverse = largerIsBetter(row)
    const rate = inverse && row.unit.includes('/s')
    const value = rate ? 1e6 / row.value : inverse ? 1 / row.value : row.value
    const unit = rate ? 'µs each' : inverse ? `1 / (${row.unit})` : row.unit
    const { stats } = row
    return {
      name: `${row.concern}: ${row.name}`,
      unit,
      value,
      ...(stats === undefined ? {} : { range: `± ${figureOf(stats.mad)}` }),
      extra: [row.goal, row.detail, stats && `${stats.samples} samples`].filter((part) => part).join('\n'),
    }
  })
}
