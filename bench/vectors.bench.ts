import { flat } from '../stores/flat.ts'
import { usearch } from '../stores/usearch.ts'
import { cloudOf, nearest } from './memory/cloud.ts'
import { type Concern, type Row, type Scale, statsFrom } from './support.ts'

const dimensions = 256
const hits = 10
const seed = 11

/** The two indexes of meaning: how long a search takes, what it misses, what a vector costs. */
export const vectors: Concern = {
  name: 'vectors',
  about: 'searches among 20,000 vectors of 256 dimensions, with --full 100,000 too, exact and by graph',
  run: measure,
}

type Index = Awaited<ReturnType<typeof usearch>> | ReturnType<typeof flat>

async function measure(scale: Scale): Promise<Row[]> {
  // The larger takes two minutes to build.
  const sizes = scale.full || scale.smoke ? [scale.rows(20_000), scale.rows(100_000)] : [20_000]
  const asked = scale.rows(300)
  const most = sizes.at(-1)!
  const cloud = cloudOf(most + asked, dimensions, seed)
  const options = { model: 'bench', dimensions }
  const exact = flat(options)
  const graph = await usearch({ ...options, graph_from: Math.min(...sizes) })
  const rows: Row[] = []
  let held = 0
  for (const size of sizes) {
    const began = performance.now()
    for (; held < size; held++) {
      // A label is the number of a memory, which is never 0.
      exact.add(held + 1, cloud.vector(held))
      graph.add(held + 1, cloud.vector(held))
    }
    while (graph.build(1000) > 0);
    const built_ms = (performance.now() - began) / size
    const questions = Array.from({ length: asked }, (_, at) => cloud.vector(most + at))
    const right = questions.slice(0, 100).map((question) => nearest(cloud, question, size, hits))
    rows.push(rowOf('flat', exact, { size, questions, right, more: '' }))
    rows.push(rowOf('usearch', graph, { size, questions, right, more: `; ${built_ms.toFixed(2)} ms to add one` }))
  }
  return rows
}

type Asking = {
  readonly size: number
  readonly questions: readonly Float32Array[]
  readonly right: readonly (readonly number[])[]
  readonly more: string
}

function rowOf(name: string, index: Index, { size, questions, right, more }: Asking): Row {
  for (const question of questions.slice(0, 20)) index.search(question, hits)
  const samples = questions.map((question) => {
    const began = performance.now()
    index.search(question, hits)
    return performance.now() - began
  })
  let found = 0
  for (const [at, labels] of right.entries()) {
    const named = new Set(index.search(questions[at]!, hits).labels)
    for (const label of labels) if (named.has(label + 1)) found++
  }
  const recall = found / right.reduce((sum, { length }) => sum + length, 0)
  const stats = statsFrom(samples)
  const detail = `recall@10 ${recall.toFixed(4)}, ${(index.bytes / size).toFixed(0)} bytes each (i8)${more}`
  return { name: `${name}, ${size}`, value: stats.p50, unit: 'ms p50', detail, stats }
}
