import { EffectFailure } from '../../engine/flow/adapter.ts'
import { NoteWritten } from '../../systems/events.ts'
import { Memory } from '../../systems/recall.ts'
import { metaOf } from './memories.ts'
import { type Tool, type ToolContext, ToolProblem, toolOf } from './tool.ts'

type Arguments = { text: string; title?: string; tags?: string[] }

/** Remembers a text. The event's id is the call's key, so the same call again is known and changes nothing. */
export function memoryRemember(): Tool {
  return toolOf<Arguments>(
    {
      name: 'memory.remember',
      description: 'Remembers a text for later, in its own words, so that it can be found again by them.',
      parameters: {
        type: 'object',
        properties: {
          text: { type: 'string', minLength: 1, maxLength: 32_000 },
          title: { type: 'string', minLength: 1, maxLength: 200 },
          tags: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 64 }, maxItems: 16 },
        },
        required: ['text'],
        additionalProperties: false,
      },
      risk: 'side_effect',
      retry: 'safe',
      deadline_ms: 30_000,
    },
    async (args, context) => {
      if (args.text.trim() === '') throw new ToolProblem('the text is empty')
      const before = context.view.world.rows(Memory)
      await context.ingest({ type: NoteWritten.name, payload: { ...args } })
      const memory_id = made(context, before) || known(context, args.text) || (await alike(context, args.text))
      if (memory_id === 0) throw new EffectFailure('TOOL_UNVERIFIED', 'the text was taken in but cannot be read back')
      return { memory_id, remembered: true, known_before: memory_id <= before }
    },
  )
}

/** The memory that the event became; 0 when it became none of its own. O(memories made meanwhile). */
function made({ view, key }: ToolContext, before: number): number {
  const { world } = view
  const { parent } = world.of(Memory)
  for (let row = world.rows(Memory); row > before; row--) {
    if (parent[row] === 0 && metaOf(view, row)?.id === key) return row
  }
  return 0
}

/** A memory that says these very words; or 0. O(memories), of a column each; only where nothing was made. */
function known({ view }: ToolContext, text: string): number {
  const { world } = view
  const { text_bytes, deleted, replaced_by, parent } = world.of(Memory)
  const bytes = Buffer.byteLength(text)
  for (let row = world.rows(Memory); row > 0; row--) {
    if (text_bytes[row] !== bytes || parent[row] !== 0 || deleted[row] !== 0) continue
    if (view.read('text', row) === text) return replaced_by[row]! || row
  }
  return 0
}

/** A memory that says the same but for its blanks; or 0. */
async function alike({ recall }: ToolContext, text: string): Promise<number> {
  const words = blankless(text)
  const { hits } = await recall(text.slice(0, 2_000).toWellFormed(), { hits_max: 20 })
  return hits.find((hit) => blankless(hit.text) === words)?.memory_id ?? 0
}

function blankless(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
