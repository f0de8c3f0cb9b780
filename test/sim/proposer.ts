import { propose, questionOf } from '../../adapters/offline/propose.ts'
import { type Adapter, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmChat, type LlmChatRequest } from '../../systems/events.ts'
import type { Dice } from './dice.ts'
import { delayOf, type Faults } from './faults.ts'
import { speak } from './mouth.ts'
import type { Calls, Settle } from './neighbour.ts'

const patience_ms = 15_000

export type ProposerOptions = {
  readonly calls: Calls
  readonly faults: Faults
  readonly dice: Dice
  /** A planted bug: some questions are never answered. */
  readonly mute: boolean
}

/** A model that knows the offline rules, answers when it likes, and is sometimes wrong. */
export function proposer(options: ProposerOptions): Adapter {
  const { calls } = options
  return {
    name: 'proposer',
    effects: {
      [LlmChat.name]: calls.handler((request, settle) => conduct(options, request as LlmChatRequest, settle)),
    },
  }
}

function conduct({ faults, dice, mute }: ProposerOptions, request: LlmChatRequest, settle: Settle): void {
  const delay_ms = delayOf(faults, dice)
  if (mute && dice.chance(0.2)) return
  if (delay_ms > patience_ms) {
    return settle.fail(patience_ms, new EffectFailure('TIMEOUT', 'no answer in time', { transient: true }))
  }
  if (!request.task.startsWith('contract:')) return speak(settle, request, delay_ms, { dice, faults })
  if (faults.strikes('transient', dice, 0.2)) return settle.fail(delay_ms, passing(dice))
  const right = rightAnswer(request)
  if (right === undefined) return settle.fail(delay_ms, new EffectFailure('NO_PROPOSAL', 'no rule covers a key'))
  const wrong = faults.strikes('wrong_answers', dice, 0.4)
  const answer = wrong ? wrongAnswer(dice, right) : answerOf(JSON.stringify(right))
  settle.answer(delay_ms, answer)
}

function passing(dice: Dice): EffectFailure {
  if (dice.chance(0.5)) return new EffectFailure('SERVER', 'the server is ill', { transient: true })
  return new EffectFailure('RATE_LIMITED', 'too many questions', { transient: true, retry_after_ms: 1_500 })
}

/** The note is the newest user message that is data. */
function rightAnswer({ messages }: LlmChatRequest): Payload | undefined {
  const asked = messages.findLast(({ role, content }) => role === 'user' && typeof content === 'object')
  if (asked === undefined || typeof asked.content === 'string') return undefined
  const proposal = propose(questionOf(asked.content))
  return proposal.ok ? (proposal.values as Payload) : undefined
}

function answerOf(content: string): Payload {
  return { content, model: 'simulated', finish: 'stop' }
}

/** Prose, a rewritten body, values that break the contract, garbage, and an answer that breaks its own schema. */
function wrongAnswer(dice: Dice, right: Payload): Payload {
  switch (dice.whole(0, 7)) {
    case 0:
      return answerOf('Certainly! Here is what I think about your lovely note.')
    case 1:
      return answerOf(`---\ntitle: mine\n---\n\n# I rewrote the body\n`)
    case 2:
      return answerOf(JSON.stringify({ ...right, slug: 'Not A Slug!' }))
    case 3:
      return answerOf(JSON.stringify({ ...right, title: 'two\nlines', tags: ['a b', 7] }))
    case 4:
      return answerOf(JSON.stringify({ ...right, body: 'replaced', owner: 'the model' }))
    case 5:
      return answerOf('\u0000{{{"title": ')
    case 6:
      return answerOf('[]')
    default:
      return { content: '{}', model: 'simulated', finish: 'weird' }
  }
}
