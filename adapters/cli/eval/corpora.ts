import { Memory } from '../../../systems/components.ts'
import { WordsOnly } from './bm25.ts'
import { type CurvePoint, curveShares, pointAt, type Quality, qualityOf, quantile } from './metrics.ts'
import type { Corpus, CorpusSet } from './sets.ts'
import { type Asked, TrialWorld } from './world.ts'

/** What was measured over some questions. Times in milliseconds. */
export type Measured = Quality & {
  readonly name: string
  readonly questions: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Share of the questions that recall itself says it has answered. */
  readonly answered: number
  /** The same by plain BM25 over the same words. */
  readonly words_only: Quality
}

/** Shares at the threshold where 95 % of the right ones are answered, and at others. */
export type Curve = { readonly at_95: CurvePoint; readonly curve: readonly CurvePoint[] }

/** How well what is known is told from what is not: the questions of one corpus are asked of others of its set. */
export type Calibration = Curve & {
  /** Questions asked of their own corpus, and of others. */
  readonly right: number
  readonly wrong: number
  /** At recall's own threshold: the shares that are answered. */
  readonly by_itself: { readonly right: number; readonly wrong: number }
  /** The same by BM25's best score divided by the query's best possible: with authors and days, and of the texts alone. */
  readonly words_only: Curve
  readonly texts_only: Curve
}

export type MeasuredSet = {
  readonly name: string
  readonly corpora: readonly (Measured & { readonly memories: number })[]
  readonly all: Measured
  /** Undefined where a set has one corpus only. */
  readonly calibration: Calibration | undefined
}

/** Corpora that a question is asked of beside its own. */
const othersMax = 10

type Open = {
  readonly corpus: Corpus
  readonly world: TrialWorld
  readonly words: WordsOnly
  readonly texts: WordsOnly
}
type Ranked = { readonly found: readonly string[]; readonly gold: readonly string[]; readonly confidence: number }
type Course = {
  readonly corpus: Corpus
  readonly memories: number
  readonly asked: readonly (Ranked & { readonly took_ms: number; readonly answered: boolean })[]
  readonly words: readonly Ranked[]
}

/** Measures every corpus of a set, each in a world of its own. @param tell hears what is done next */
export async function measureSet(set: CorpusSet, tell: (what: string) => void): Promise<MeasuredSet> {
  const open: Open[] = []
  try {
    for (const corpus of set.corpora) {
      tell(`${set.name}/${corpus.name}: reading`)
      const world = await TrialWorld.open(`${set.name}/${corpus.name}`, corpus.bytes)
      const words = new WordsOnly(corpus.bytes, 'everything')
      open.push({ corpus, world, words, texts: new WordsOnly(corpus.bytes, 'texts') })
    }
    const courses: Course[] = []
    for (const each of open) {
      tell(`${set.name}/${each.corpus.name}: ${each.corpus.questions.length} questions`)
      courses.push(await courseOf(each))
    }
    tell(`${set.name}: questions asked of the wrong corpus`)
    const calibration = open.length < 2 ? undefined : await calibrate(open, courses)
    const corpora = courses.map((course) => ({ ...measured(course.corpus.name, [course]), memories: course.memories }))
    return { name: set.name, corpora, all: measured('all', courses), calibration }
  } finally {
    for (const { world } of open) await world.close()
  }
}

/** Puts sets together: every question counts alike. */
export function together(sets: readonly MeasuredSet[]): Measured {
  const corpora = sets.flatMap((set) => set.corpora)
  const questions = corpora.reduce((sum, each) => sum + each.questions, 0)
  const mean = (of: (each: Measured) => number): number =>
    corpora.reduce((sum, each) => sum + of(each) * each.questions, 0) / Math.max(1, questions)
  const quality = (of: (each: Measured) => Quality): Quality => ({
    recall: {
      1: mean((each) => of(each).recall[1]),
      2: mean((each) => of(each).recall[2]),
      5: mean((each) => of(each).recall[5]),
      10: mean((each) => of(each).recall[10]),
      20: mean((each) => of(each).recall[20]),
    },
    ndcg_10: mean((each) => of(each).ndcg_10),
  })
  return {
    name: 'all',
    questions,
    ...quality((each) => each),
    p50_ms: mean(({ p50_ms }) => p50_ms),
    p99_ms: Math.max(0, ...corpora.map(({ p99_ms }) => p99_ms)),
    answered: mean(({ answered }) => answered),
    words_only: quality(({ words_only }) => words_only),
  }
}

async function courseOf({ corpus, world, words }: Open): Promise<Course> {
  const { questions } = corpus
  await world.warm(questions.map(({ query }) => query))
  const asked: Course['asked'][number][] = []
  for (const { query, gold } of questions) asked.push({ ...rankedOf(await world.ask(query)), gold })
  const plain = questions.map(({ query, gold }) => ({ ...words.ask(query), gold }))
  const { world: columns } = world.engine
  let memories = 0
  const { parent } = columns.of(Memory)
  for (let row = 1; row <= columns.rows(Memory); row++) if (parent[row] === 0) memories++
  return { corpus, memories, asked, words: plain }
}

function rankedOf({ found, recall, took_ms }: Asked): Omit<Course['asked'][number], 'gold'> {
  return { found, confidence: recall.confidence, answered: recall.answered, took_ms }
}

function measured(name: string, courses: readonly Course[]): Measured {
  const asked = courses.flatMap((course) => course.asked)
  const times = asked.map(({ took_ms }) => took_ms)
  return {
    name,
    questions: asked.length,
    ...qualityOf(asked),
    p50_ms: quantile(times, 0.5),
    p99_ms: quantile(times, 0.99),
    answered: asked.filter(({ answered }) => answered).length / Math.max(1, asked.length),
    words_only: qualityOf(courses.flatMap((course) => course.words)),
  }
}

/** Each question is also asked of the next corpora of its set, ten at most. */
async function calibrate(open: readonly Open[], courses: readonly Course[]): Promise<Calibration> {
  const wrong: { confidence: number; answered: boolean; words: number; texts: number }[] = []
  for (const [at, { corpus }] of open.entries()) {
    for (let step = 1; step <= Math.min(othersMax, open.length - 1); step++) {
      const other = open[(at + step) % open.length]!
      for (const { query } of corpus.questions) {
        const { confidence, answered } = (await other.world.ask(query)).recall
        const [words, texts] = [other.words.ask(query).confidence, other.texts.ask(query).confidence]
        wrong.push({ confidence, answered, words, texts })
      }
    }
  }
  const right = courses.flatMap(({ asked }) => asked)
  const share = (of: readonly { answered: boolean }[]): number => of.filter((each) => each.answered).length / of.length
  const confidences = right.map(({ confidence }) => confidence)
  const words = courses.flatMap((course) => course.words.map(({ confidence }) => confidence))
  const texts = open.flatMap((each) => each.corpus.questions.map(({ query }) => each.texts.ask(query).confidence))
  return {
    right: right.length,
    wrong: wrong.length,
    by_itself: { right: share(right), wrong: share(wrong) },
    ...curveOf(
      confidences,
      wrong.map(({ confidence }) => confidence),
    ),
    words_only: curveOf(
      words,
      wrong.map((each) => each.words),
    ),
    texts_only: curveOf(
      texts,
      wrong.map((each) => each.texts),
    ),
  }
}

function curveOf(right: readonly number[], wrong: readonly number[]): Curve {
  return { at_95: pointAt(0.95, right, wrong), curve: curveShares.map((share) => pointAt(share, right, wrong)) }
}
