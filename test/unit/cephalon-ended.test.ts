import { expect, test } from 'vitest'
import { Call, CallState, OpenCall } from '../../systems/agents/columns.ts'
import { LlmChat, MemoryRecall } from '../../systems/events.ts'
import { duckPolicy, spec } from '../support/agents.ts'
import { Stage } from '../support/turns.ts'

/** Found by the simulator: a turn was cancelled in the very tick in which its model asked for a call. */
test('a call that ends in the tick in which it began does not stay open', () => {
  const stage = new Stage(duckPolicy([spec('wipe', { risk: 'destructive', retry: 'once' })]))
  stage.tell('duck/chat', 'Wipe it.')
  stage.done(MemoryRecall, { answered: false, confidence: 0, hits: [] })
  const { effect_id } = stage.open(LlmChat)!
  const tool_calls = [{ id: 'one', name: 'wipe', arguments: '{}' }]
  stage.answered.add(effect_id)
  stage.tick(
    { type: LlmChat.done.name, payload: { effect_id, content: '', model: 'm', finish: 'tool_calls', tool_calls } },
    { type: 'session.cancel', source: { kind: 'operator' }, payload: { session: 'duck/chat' } },
  )
  expect(stage.state()).toBe('cancelled')
  expect(stage.core.world.of(Call).state[1]).toBe(CallState.denied)
  stage.tick()
  expect(stage.core.world.each(OpenCall)).toHaveLength(0)
  const [lived, again] = stage.replayed()
  expect(again).toEqual(lived)
})
