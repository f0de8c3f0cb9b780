import type { Arguments } from './arguments.ts'
import { type MeasuredCompaction, measureCompaction } from './eval/compaction.ts'
import { type Calibration, type Measured, type MeasuredSet, measureSet, together } from './eval/corpora.ts'
import { depths, type Quality } from './eval/metrics.ts'
import { findSets } from './eval/sets.ts'
import { type MeasuredVersions, measureVersions } from './eval/versions.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { Progress } from './progress.ts'
import { columns, percent } from './words.ts'

/** `promethean eval`: how well recall finds what answers, on corpora with questions, each in a world of its own. */
export async function evaluate(args: Arguments): Promise<ExitCode> {
  if (args.words.length === 0) {
    throw new CliError(
      exitCodes.usage,
      'eval needs a folder that holds corpus.jsonl and queries.jsonl, or such folders',
    )
  }
  const found = findSets(args.words)
  const progress = new Progress({ out: process.stderr, bytes_all: 0, shown: !args.json })
  const tell = (what: string): void => progress.say(what)
  const sets: MeasuredSet[] = []
  const versions: MeasuredVersions[] = []
  const compactions: MeasuredCompaction[] = []
  try {
    if (args.compact) for (const set of found.corpora) compactions.push(await measureCompaction(set, tell))
    else {
      for (const set of found.corpora) sets.push(await measureSet(set, tell))
      for (const set of found.versions) versions.push(await measureVersions(set, tell))
    }
  } finally {
    progress.end()
  }
  if (args.compact) {
    process.stdout.write(`${args.json ? JSON.stringify({ compaction: compactions }) : compactionWords(compactions)}\n`)
    return exitCodes.ok
  }
  const all = sets.length === 0 ? undefined : together(sets)
  const text = args.json ? JSON.stringify({ sets, duplicates: versions, all }) : evalWords(sets, versions, all)
  process.stdout.write(`${text}\n`)
  return exitCodes.ok
}

function evalWords(
  sets: readonly MeasuredSet[],
  versions: readonly MeasuredVersions[],
  all: Measured | undefined,
): string {
  const parts = sets.map(setWords)
  if (all !== undefined && sets.length > 1) parts.push(`all sets\n${columns([head, ...measuredRows(all)])}`)
  parts.push(...versions.map(versionWords))
  return parts.join('\n\n')
}

function compactionWords(measured: readonly MeasuredCompaction[]): string {
  const heading = ['', 'questions', 'memories', 'bytes left', 'R@5', 'after', 'R@10', 'after', 'quoted']
  const rows = measured.map(({ name, questions, memories, bytes_left, before, after, quoted_at_10 }) => [
    name,
    String(questions),
    String(memories),
    percent(bytes_left),
    ...[before.at_5, after.at_5, before.at_10, after.at_10, quoted_at_10].map((share) => (share * 100).toFixed(1)),
  ])
  return columns([heading, ...rows])
}

const head = ['', 'questions', ...depths.map((k) => `R@${k}`), 'nDCG@10', 'p50 ms', 'p99 ms', 'answered']

function setWords({ name, corpora, all, calibration }: MeasuredSet): string {
  const each = corpora.length > 1 ? corpora.flatMap(measuredRows) : []
  const only = corpora.length === 1 ? { ...all, name: corpora[0]!.name } : all
  const table = columns([head, ...each, ...measuredRows(only)])
  return [name, table, ...(calibration === undefined ? [] : [calibrationWords(calibration)])].join('\n')
}

function measuredRows(measured: Measured): string[][] {
  const { name, questions, p50_ms, p99_ms, answered, words_only } = measured
  const times = [p50_ms.toFixed(2), p99_ms.toFixed(2), percent(answered)]
  return [
    [name, String(questions), ...qualityCells(measured), ...times],
    ['  words only', '', ...qualityCells(words_only)],
  ]
}

function qualityCells({ recall, ndcg_10 }: Quality): string[] {
  return [...depths.map((k) => (recall[k] * 100).toFixed(1)), (ndcg_10 * 100).toFixed(1)]
}

function calibrationWords({ right, wrong, by_itself, at_95, words_only, texts_only }: Calibration): string {
  const words = `words only ${percent(words_only.at_95.wrong)}, of the texts alone ${percent(texts_only.at_95.wrong)}`
  return [
    `questions asked of the wrong corpus (${wrong}, beside ${right} right ones), answered anyway:`,
    `  where 95 % of the right ones are: ${percent(at_95.wrong)} (confidence ${at_95.threshold.toFixed(3)}); ${words}`,
    `  as recall itself decides: ${percent(by_itself.wrong)}, with ${percent(by_itself.right)} of the right ones`,
  ].join('\n')
}

function versionWords({ name, documents, runs }: MeasuredVersions): string {
  const rows = runs.map(({ seed, recall, precision, pairs, said }) => [
    `  order ${seed}`,
    percent(recall),
    percent(precision),
    String(pairs),
    String(said),
  ])
  const heading = ['  families', 'recall', 'precision', 'pairs', 'said']
  return `${name}: ${documents} documents in versions\n${columns([heading, ...rows])}`
}
