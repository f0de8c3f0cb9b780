import { EffectFailure } from '../../engine/flow/adapter.ts'
import { MemoryOrder } from '../../systems/events.ts'
import type { ToolContext } from './tool.ts'

/** JSON Schema of the number of a memory. */
export const memoryId = { type: 'integer', minimum: 1, maximum: 0xffff_ffff } as const

/** Orders something about a memory and looks whether it was done. @throws EffectFailure TOOL_UNVERIFIED */
export async function orderAbout(
  context: ToolContext,
  order: MemoryOrder['order'],
  memory_id: number,
  isDone: () => boolean,
): Promise<void> {
  await context.ingest({ type: MemoryOrder.name, payload: { order, memory_id } })
  if (!isDone()) throw new EffectFailure('TOOL_UNVERIFIED', `the order to ${order} was given but is not in force`)
}
