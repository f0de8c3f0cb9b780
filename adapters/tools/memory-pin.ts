import { Memory } from '../../systems/recall.ts'
import { type IsPrivate, memoryFor } from './memories.ts'
import { memoryId, orderAbout } from './memory-order.ts'
import { type Tool, toolOf } from './tool.ts'

/** Keeps a memory always before the model, or no longer. */
export function memoryPin(isPrivate: IsPrivate): Tool {
  return toolOf<{ memory_id: number; pin: boolean }>(
    {
      name: 'memory.pin',
      description: 'Pins a memory, so that it stays in view in every turn, or with pin = false lets it go again.',
      parameters: {
        type: 'object',
        properties: { memory_id: memoryId, pin: { type: 'boolean' } },
        required: ['memory_id', 'pin'],
        additionalProperties: false,
      },
      risk: 'side_effect',
      retry: 'safe',
      deadline_ms: 30_000,
    },
    async ({ memory_id, pin }, context) => {
      const row = memoryFor(context, memory_id, isPrivate)
      const isDone = (): boolean => context.view.world.of(Memory).pinned[row] === (pin ? 1 : 0)
      await orderAbout(context, pin ? 'pin' : 'unpin', row, isDone)
      return { memory_id: row, pinned: pin }
    },
  )
}
