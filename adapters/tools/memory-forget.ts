import { Memory } from '../../systems/recall.ts'
import { type IsPrivate, memoryFor } from './memories.ts'
import { memoryId, orderAbout } from './memory-order.ts'
import { type Tool, toolOf } from './tool.ts'

/**
 * Takes a memory out of service for good. Its text stays in the record: removing that too needs a snapshot first, which is
 * the operator's to order.
 */
export function memoryForget(isPrivate: IsPrivate): Tool {
  return toolOf<{ memory_id: number }>(
    {
      name: 'memory.forget',
      description: 'Hides a memory for good: it is never found or shown again. This cannot be taken back.',
      parameters: {
        type: 'object',
        properties: { memory_id: memoryId },
        required: ['memory_id'],
        additionalProperties: false,
      },
      risk: 'destructive',
      retry: 'safe',
      deadline_ms: 30_000,
    },
    async ({ memory_id }, context) => {
      const row = memoryFor(context, memory_id, isPrivate)
      await orderAbout(context, 'hide', row, () => context.view.world.of(Memory).deleted[row] !== 0)
      const left = `its text is still in the record; the operator removes it with: promethean memory forget ${row}`
      return { memory_id: row, hidden: true, left }
    },
  )
}
