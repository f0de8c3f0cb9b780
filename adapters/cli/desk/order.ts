import type { Engine } from '../../../engine/engine.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { MemoryOrder } from '../../../systems/events.ts'
import { stateOf } from './memory.ts'

/** What an order needs of an engine. */
export type Desk = View & Pick<Engine, 'ingest' | 'snapshot' | 'dropPast'>

/** What came of an order about a memory. */
export type OrderAnswer = {
  readonly order: string
  readonly memory_id: number
  readonly done: boolean
  readonly reason: string
}

/**
 * Carries out an order of the operator's about one memory; it is durable when this resolves. Forgetting leaves nothing of
 * the text in the record or its past, and a crash at any moment leaves a record that recovers.
 */
export async function carryOut(engine: Desk, order: MemoryOrder['order'], memory_id: number): Promise<OrderAnswer> {
  if (memory_id === 0) return { order, memory_id, done: false, reason: 'there is no such memory' }
  if (stateOf(engine, memory_id) === 'forgotten' && !engine.read('text', memory_id)) {
    // Whoever forgot it may have been killed before the past was dropped in which it was said.
    if (order === 'forget') await engine.dropPast()
    return { order, memory_id, done: false, reason: 'it was forgotten before' }
  }
  const say = (said: MemoryOrder['order'], more: Pick<MemoryOrder, 'quotes' | 'hidden_tick'> = {}): Promise<number> => {
    const payload = { order: said, memory_id, ...more }
    return engine.ingest({ type: MemoryOrder.name, source: { kind: 'admin' }, payload })
  }
  if (order === 'forget') {
    const hidden_tick = await say('hide', { quotes: true })
    await engine.snapshot()
    await say('forget', { hidden_tick })
    await engine.dropPast()
  } else await say(order)
  return { order, memory_id, done: true, reason: '' }
}
