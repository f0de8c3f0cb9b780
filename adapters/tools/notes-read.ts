import { type NotesPort, notePath } from './notes.ts'
import { type Tool, toolOf } from './tool.ts'

const unitsMax = 50_000

/** Reads a note, page by page when it is long. */
export function notesRead(notes: NotesPort): Tool {
  return toolOf<{ path: string; offset?: number }>(
    {
      name: 'notes.read',
      description: 'Reads a note by its path in the folder of notes. A long note is read on from the offset next.',
      parameters: {
        type: 'object',
        properties: { path: notePath, offset: { type: 'integer', minimum: 0, maximum: 100_000_000 } },
        required: ['path'],
        additionalProperties: false,
      },
      risk: 'read_only',
      retry: 'safe',
      deadline_ms: 20_000,
    },
    async ({ path, offset = 0 }) => {
      const { text, hash, modified_ms } = await notes.read(path)
      const end = offset + unitsMax
      const modified = new Date(modified_ms).toISOString()
      const page = text.slice(offset, end).toWellFormed()
      return { path, hash, modified, text: page, ...(end < text.length ? { next: end, length: text.length } : {}) }
    },
  )
}
