import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import type { LlmChatRequest, ToolCallAsked } from '../../systems/events.ts'
import type { Dice } from './dice.ts'
import type { Faults } from './faults.ts'
import type { Settle } from './neighbour.ts'

/** What the model says in a turn: words, calls of tools, and under faults whatever models have ever come up with. */

const things = ['heron', 'otter', 'mill', 'bridge', 'pond', 'reed', 'valve', 'pump', 'frost', 'seed']
const failures = ['SERVER', 'NETWORK', 'RATE_LIMITED', 'TRUNCATED'] as const
const finalFailures = ['AUTH', 'BAD_REQUEST', 'CONTEXT_TOO_LONG', 'REFUSED'] as const

/** Answers one question of a turn, this late. */
export function speak(settle: Settle, request: LlmChatRequest, delay_ms: number, { dice, faults }: Nature): void {
  if (faults.strikes('transient', dice, 0.15)) {
    const code = dice.pick(failures)
    return settle.fail(delay_ms, new EffectFailure(code, `the model says ${code}`, { transient: true }))
  }
  if (faults.strikes('wrong_answers', dice, 0.05)) {
    const code = dice.pick(finalFailures)
    return settle.fail(delay_ms, new EffectFailure(code, `the model says ${code}`))
  }
  settle.answer(delay_ms, answerTo(request, { dice, faults }))
}

type Nature = { readonly dice: Dice; readonly faults: Faults }

function answerTo({ messages, tools = [] }: LlmChatRequest, { dice, faults }: Nature): Payload {
  const results = messages.length - 1 - messages.findLastIndex(({ role }) => role === 'user')
  const tokens = { tokens_in: dice.whole(10, 400), tokens_out: dice.whole(1, 60) }
  const wrong = faults.strikes('wrong_answers', dice, 0.35)
  const calls = tools.length > 0 && dice.chance(results > 0 ? 0.3 : 0.6)
  if (!calls) return { content: words(dice, wrong), model: 'simulated', finish: wrong ? 'length' : 'stop', ...tokens }
  const count = dice.whole(1, wrong ? 6 : 3)
  const tool_calls = Array.from({ length: count }, (_, at) => call(dice, wrong, dice.pick(tools).name, at))
  return { content: '', model: 'simulated', finish: 'tool_calls', tool_calls, ...tokens }
}

function words(dice: Dice, wrong: boolean): string {
  if (wrong && dice.chance(0.3)) return ''
  const line = `The ${dice.pick(things)} is by the ${dice.pick(things)}, as far as a duck can tell (${dice.whole(1, 999)}). `
  return dice.chance(0.1) ? line.repeat(30) : line
}

/** A call as it should be; or of no tool, with arguments that are none, or under an id that is taken. */
function call(dice: Dice, wrong: boolean, name: string, at: number): ToolCallAsked {
  const good = {
    id: `c${dice.whole(1, 1_000_000)}-${at}`,
    name,
    arguments: JSON.stringify({ what: dice.pick(things) }),
  }
  if (!wrong) return good
  switch (dice.whole(0, 5)) {
    case 0:
      return { ...good, name: 'rm_rf' }
    case 1:
      return { ...good, arguments: '{"what": ' }
    case 2:
      return { ...good, arguments: '{"what": 7, "__proto__": {"x": 1}}' }
    case 3:
      return { ...good, id: 'same' }
    case 4:
      return { ...good, id: '' }
    default:
      return { ...good, arguments: JSON.stringify(JSON.stringify({ what: 'twice wrapped' })) }
  }
}
