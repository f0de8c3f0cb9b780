import type { Engine } from '../../../engine/engine.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { type Archived, archive } from '../archive/journal.ts'

/** An order about the journal: what it holds is archived in a folder of this machine, by its absolute path, and dropped. */
export type ArchiveQuestion = { readonly ask: 'archive'; readonly folder: string }

/** The form of the question. */
export const archiveSchemas: { readonly archive: JsonSchema } = {
  archive: objectOf({ ask: { const: 'archive' }, folder: { type: 'string', minLength: 1, maxLength: 4096 } }),
}

export type ArchiveAnswer = { readonly archived: Archived | null; readonly first_tick: number }

/**
 * Archives the journal up to a snapshot that is taken now, and lets what can be replayed begin there. When it is killed in between, the journal is
 * archived once more the next time, and nothing is missing.
 */
export async function answerOfArchive(engine: Engine, { folder }: ArchiveQuestion): Promise<ArchiveAnswer> {
  let archived: Archived | undefined
  const first_tick = await engine.dropPast(async (entries) => {
    archived = await archive(entries, folder)
  })
  return { archived: archived ?? null, first_tick }
}
