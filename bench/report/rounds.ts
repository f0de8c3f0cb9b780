import { percentile, type Row } from '../support.ts'

/**
 * The rows of a concern that was run several times: of each the round in the middle, with the figures of all. One run alone
 * knows what its samples stray, and not what another hour of the same machine would say.
 */
export function merged(rounds: readonly (readonly Row[])[]): Row[] {
  const [first = []] = rounds
  if (rounds.length === 1) return [...first]
  return first.map((row) => {
    const same = rounds.flatMap((rows) => rows.filter(({ name, unit }) => name === row.name && unit === row.unit))
    const values = same.map(({ value }) => value)
    const middle = percentile(values, 0.5)
    return { ...(same.find(({ value }) => value === middle) ?? row), rounds: values }
  })
}
