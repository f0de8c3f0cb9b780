import { qualityOf } from '../../adapters/cli/eval/metrics.ts'
import { type CorpusSet, findSets } from '../../adapters/cli/eval/sets.ts'
import { TrialWorld } from '../../adapters/cli/eval/world.ts'
import { KeyKind } from '../../systems/components.ts'
import { type Settings, settings } from '../../systems/recall/settings.ts'
import { recall } from '../../systems/recall.ts'

/**
 * What each signal of recall is worth: every one is switched off alone, over folders of corpora with questions.
 * `node bench/memory/ablation.ts FOLDER…` prints a table in Markdown.
 */

const kind = (name: keyof typeof KeyKind): { without: number[] } => ({ without: [KeyKind[name]] })
const everything = Number.MAX_SAFE_INTEGER

/** Names of signals, and the numbers that switch them off. */
const variants: readonly (readonly [string, Partial<Settings>])[] = [
  ['all on', {}],
  ['without what the question before lends', { asked: 0 }],
  ['without what the same person said before', { said: 0 }],
  ['without what the thread speaks of', { thread: 0 }],
  ['without all three', { asked: 0, said: 0, thread: 0 }],
  ['words do not saturate', { saturation: 1000, own: 1 }],
  ['without the author', { author: 0 }],
  ['without the length of turns', { length: 0, alone: 0 }],
  ['without turns that ask', { asking: 0 }],
  ['without words of time', { when: 0 }],
  ['without the date', { date: 0, dated_max: 0 }],
  ['without titles that the query names', { titled: 0 }],
  ['without mentions of what it names', { mentioned: 0 }],
  ['without the walk', { walkers_max: 0 }],
  ['one walker', { walkers_max: 1 }],
  ['one hop', { hops_max: 1 }],
  ['not conditioned on the query', { conditioned: 0 }],
  ['as far for every query', { open: everything }],
  ['without what only the target has', { rest: 0 }],
  ['without what both have', { overlap: 0 }],
  ['over what it came from', { below: everything }],
  ['into texts as into titles', { intoText: 1 }],
  ['without anchors', { anchor: 0 }],
  ['no named things to walk along', kind('entity')],
  ['no authors', kind('author')],
  ['no threads', kind('thread')],
  ['no days and years', { without: [KeyKind.day, KeyKind.year] }],
]

type Opened = { readonly set: CorpusSet; readonly worlds: readonly TrialWorld[] }

async function open(set: CorpusSet): Promise<Opened> {
  const worlds: TrialWorld[] = []
  for (const { name, bytes } of set.corpora) worlds.push(await TrialWorld.open(name, bytes))
  return { set, worlds }
}

/** Recall at 1, 2, 5 and 10 of one set, in percent. */
function measure({ set, worlds }: Opened, changed: Partial<Settings>): string[] {
  const asked = set.corpora.flatMap(({ questions }, at) =>
    questions.map(({ query, gold }) => {
      const { hits } = recall(worlds[at]!.engine, query, { hits_max: 20 }, { ...settings, ...changed })
      return { found: hits.map(({ id }) => id), gold }
    }),
  )
  const quality = qualityOf(asked)
  return ([1, 2, 5, 10] as const).map((depth) => (quality.recall[depth] * 100).toFixed(1))
}

async function main(folders: readonly string[]): Promise<void> {
  const opened: Opened[] = []
  for (const set of findSets(folders).corpora) opened.push(await open(set))
  const heads = opened.flatMap(({ set }) => [1, 2, 5, 10].map((depth) => `${set.name} R@${depth}`))
  const rows = variants.map(([name, changed]) => [name, ...opened.flatMap((each) => measure(each, changed))])
  const marks = ['---', ...heads.map(() => '---:')]
  const lines = [['', ...heads], marks, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  process.stdout.write(`${lines.join('\n')}\n`)
  for (const { worlds } of opened) for (const world of worlds) await world.close()
}

await main(process.argv.slice(2))
