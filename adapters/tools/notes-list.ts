import { meetsGlob } from './glob.ts'
import type { NotesPort } from './notes.ts'
import { type Tool, toolOf } from './tool.ts'

const pageNotes = 100

/** Lists notes by path, a hundred a page. */
export function notesList(notes: NotesPort): Tool {
  return toolOf<{ folder?: string; glob?: string; page?: number }>(
    {
      name: 'notes.list',
      description: 'Lists notes, a hundred a page, of one folder or by a glob such as projects/**/*.md.',
      parameters: {
        type: 'object',
        properties: {
          folder: { type: 'string', minLength: 1, maxLength: 1_024 },
          glob: { type: 'string', minLength: 1, maxLength: 256 },
          page: { type: 'integer', minimum: 1, maximum: 100_000 },
        },
        additionalProperties: false,
      },
      risk: 'read_only',
      retry: 'safe',
      deadline_ms: 60_000,
    },
    async ({ folder, glob, page = 1 }, { signal }) => {
      const listed = await notes.list(signal)
      const within = folder === undefined ? '' : `${folder.replace(/\/+$/, '')}/`
      const found = listed.notes.filter(
        ({ path }) => path.startsWith(within) && (glob === undefined || meetsGlob(path, glob)),
      )
      const pages = Math.ceil(found.length / pageNotes)
      const shown = found.slice((page - 1) * pageNotes, page * pageNotes)
      const told = shown.map(({ path, size_bytes, modified_ms }) => {
        return { path, size_bytes, modified: new Date(modified_ms).toISOString() }
      })
      return { notes: told, page, pages, count: found.length, complete: listed.complete }
    },
  )
}
