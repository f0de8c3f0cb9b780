import { defaultSession } from '../systems/agents/policy.ts'
import { choose } from '../systems/cephalon/context/choose.ts'
import type { Candidate, Parts } from '../systems/cephalon/context/types.ts'
import { headersOf } from '../systems/cephalon/prompts.ts'
import { estimate } from '../systems/cephalon/tokens.ts'
import { type Concern, type Row, statsFrom } from './support.ts'

const goal_ms = 3

/** Choosing what is put before a model: 400 memories, 200 messages, a window of 128,000 tokens. */
export const context: Concern = {
  name: 'context',
  about: 'from 400 candidates and a conversation to the messages of a question',
  run: async (scale) => [measured(scale.smoke ? 5 : 300)],
}

function measured(runs: number): Row {
  const parts = partsOf(400, 200)
  const { shares } = defaultSession
  const budget = { window_tokens: 128_000, answer_tokens: 4_096, shares, related_max: 400 }
  const times = new Float64Array(runs)
  let cold = 0
  let chosen = 0
  for (let run = -1; run < runs; run++) {
    const from = performance.now()
    chosen = choose(parts, budget, estimate).related.length
    const took = performance.now() - from
    if (run < 0) cold = took
    else times[run] = took
  }
  const stats = statsFrom(times)
  const detail = `first ${cold.toFixed(2)} ms, ${chosen} memories chosen`
  return {
    name: 'assemble p50',
    value: stats.p50,
    unit: 'ms',
    goal: `< ${goal_ms}`,
    met: stats.p50 < goal_ms,
    detail,
    stats,
  }
}

function partsOf(memories: number, messages: number): Parts {
  const prose = 'The heron stands in the shallow water and waits until the evening has gone quiet. '
  const related = Array.from({ length: memories }, (_, at): Candidate => {
    const memory_id = at + 1
    const data = {
      memory_id,
      id: `e${memory_id}`,
      title: `Note ${memory_id}`,
      when: '2026-11-22 14:05',
      source: 'note',
    }
    const text = `${memory_id}: ${prose.repeat(4 + (at % 13))}`
    return {
      memory_id,
      data,
      text,
      event: `fs ${at}`,
      trust: 3,
      score: 1 / memory_id,
      lanes: ['lexical'],
      path: [],
      why: '',
    }
  })
  const recent = Array.from({ length: messages }, (_, at) => [
    { message: { role: 'user', content: `${at} ${prose.repeat(3)}` } as const, trust: 5, event: `chat ${at}` },
  ])
  const session = { ...defaultSession, name: 'bench', filters: [] }
  const agent = { name: 'bench', instructions: '', window_tokens: 128_000, answer_tokens_max: 4_096 }
  const whole = { ...agent, tokens_day_max: 0, cost_day_max: 0, sessions: [] }
  const input = [
    { message: { role: 'user', content: 'Where does the heron wait?' } as const, trust: 5, event: 'chat now' },
  ]
  return {
    headers: headersOf(whole, session),
    related,
    persistent: related.slice(0, 8),
    recent,
    input,
    tools_tokens: 800,
  }
}
