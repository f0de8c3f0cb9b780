import { hash } from 'node:crypto'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { type NotesPort, notePath } from './notes.ts'
import { type Tool, ToolProblem, toolOf } from './tool.ts'

type Arguments = { path: string; text: string; expected_hash?: string }

const problemsShown = 20
/** No control and no formatting characters, so that such a name is refused before anybody is asked for a yes. */
const printing =
  '^[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]*$'

/** Writes a note that meets its contract: a new one, or in place of the one that was read. */
export function notesWrite(notes: NotesPort): Tool {
  return toolOf<Arguments>(
    {
      name: 'notes.write',
      description:
        'Writes a whole note. Without expected_hash only where there is none yet; else expected_hash is the hash that notes.read gave.',
      parameters: {
        type: 'object',
        properties: {
          path: { ...notePath, pattern: printing },
          text: { type: 'string', minLength: 1, maxLength: 200_000 },
          expected_hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        },
        required: ['path', 'text'],
        additionalProperties: false,
      },
      risk: 'side_effect',
      retry: 'safe',
      deadline_ms: 30_000,
    },
    async ({ path, text, expected_hash }, { signal }) => {
      if (text.includes('\0')) throw new ToolProblem('the text holds a NUL, which no note has')
      const problems = notes.check(path, text)
      if (problems.length > 0) {
        throw new ToolProblem(`the note does not meet its contract: ${problems.slice(0, problemsShown).join('; ')}`)
      }
      const { created } = await notes.write(path, text, signal, expected_hash)
      const wanted = hash('sha256', text)
      if ((await notes.read(path)).hash !== wanted) {
        throw new EffectFailure('TOOL_UNVERIFIED', 'the note was written but does not read back as it was written')
      }
      return { path, hash: wanted, created }
    },
  )
}
