import { silent } from '../../engine/flow/adapter.ts'
import type { ReplayReport } from '../../engine/record/replay.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import type { Arguments } from './arguments.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { openAtRest } from './open.ts'

type Run = { from: number; report: ReplayReport }

/** `promethean replay`: the journal again from genesis, and with `--verify` from each snapshot too; with `--at` the world as it was. */
export async function replay(args: Arguments): Promise<ExitCode> {
  if (args.travel.at !== undefined) return (await import('./replay-at.ts')).replayAt(args, args.travel.at)
  const config = configOf(args, args.words[0])
  const engine = await openAtRest(config, silent)
  try {
    const until = args.until === undefined ? {} : { until: args.until }
    const runs: Run[] = [{ from: 0, report: await engine.replay(until) }]
    if (args.verify) {
      for (const from of engine.snapshots().filter((tick) => tick <= (args.until ?? tick))) {
        runs.push({ from, report: await engine.replay({ ...until, from }) })
      }
    }
    const first = runs.find(({ report }) => !report.identical) ?? runs[0]!
    const differs = args.until === undefined && first.report.identical && first.report.digest !== engine.digest()
    const answer = {
      ticks: runs[0]!.report.ticks,
      entries: runs[0]!.report.entries,
      identical: first.report.identical && !differs,
      first_difference: first.report.first_difference,
      digest: first.report.digest,
      from: runs.map(({ from, report }) => ({ snapshot: from, ticks: report.ticks, identical: report.identical })),
      memories: gaugesOf(runs[0]!.report.core.world).memories,
    }
    process.stdout.write(args.json ? `${JSON.stringify(answer)}\n` : `${words(answer)}\n`)
    return answer.identical ? exitCodes.ok : exitCodes.data
  } finally {
    await engine.stop()
  }
}

function words(answer: {
  ticks: number
  entries: number
  identical: boolean
  first_difference: object | null
  from: object[]
}): string {
  const { ticks, entries, identical, first_difference, from } = answer
  const verdict = identical ? 'identical on every tick' : `differs first at ${JSON.stringify(first_difference)}`
  return `replayed ${ticks} ticks (${entries} journaled) from ${from.length} beginnings: ${verdict}`
}
