import { readNote } from '../../../systems/sentinel/note.ts'
import { type PairScore, pairScore } from './metrics.ts'
import type { VersionedDocument, VersionSet } from './sets.ts'
import { TrialWorld } from './world.ts'

/** How well versions of one document are known to be one family, in several orders of arrival. */
export type MeasuredVersions = {
  readonly name: string
  readonly documents: number
  readonly runs: readonly (PairScore & { readonly seed: number })[]
}

const seeds = [1, 2, 3] as const

/** Takes the documents in as notes, in a shuffled order, and compares the families that were found with the paths. */
export async function measureVersions(set: VersionSet, tell: (what: string) => void): Promise<MeasuredVersions> {
  const runs: MeasuredVersions['runs'][number][] = []
  for (const seed of seeds) {
    tell(`${set.name}: ${set.documents.length} documents, order ${seed}`)
    const documents = shuffled(set.documents, seed)
    const lines = documents.map((document) => JSON.stringify(eventOf(document))).join('\n')
    const world = await TrialWorld.open(set.name, Buffer.from(lines))
    const families = world.families()
    await world.close()
    const said = documents.map((document) => families.get(idOf(document)) ?? idOf(document))
    runs.push({
      seed,
      ...pairScore(
        documents.map(({ path }) => path),
        said,
      ),
    })
  }
  return { name: set.name, documents: set.documents.length, runs }
}

function idOf({ version, path }: VersionedDocument): string {
  return `${version}/${path}`
}

function eventOf(document: VersionedDocument): object {
  const note = readNote(document.text)
  const body = note.ok ? note.text.slice(note.body_start) : document.text
  const named = note.ok ? note.data['title'] : undefined
  const title = typeof named === 'string' ? named : (/^#[ \t]+(.+)$/m.exec(body)?.[1]?.trim() ?? '')
  const source = { kind: 'note' }
  return { id: idOf(document), ts: 0, type: 'note.written', source, payload: { title, text: body } }
}

/** Always the same order for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const order = [...items]
  let state = seed
  for (let at = order.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const other = Math.floor((state / 4_294_967_296) * (at + 1))
    const kept = order[at]!
    order[at] = order[other]!
    order[other] = kept
  }
  return order
}
