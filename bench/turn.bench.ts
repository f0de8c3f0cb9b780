import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Adapter } from '../engine/flow/adapter.ts'
import type { Payload } from '../engine/flow/event.ts'
import { createEngine, type Engine } from '../engine/index.ts'
import { ram } from '../stores/ram.ts'
import { defaultAgent, defaultScheduler, defaultSession } from '../systems/agents/policy.ts'
import { ConfigSet, LlmChat, type LlmChatRequest, MemoryRecall, SessionSaid, ToolSafe } from '../systems/events.ts'
import { mind } from '../systems/index.ts'
import { type Concern, percentile, type Row, type Scale } from './support.ts'

/** Whole turns of an agent whose memory, model and tools answer at once. */
export const turn: Concern = {
  name: 'turn',
  about: 'turns with a model and a tool that answer at once: ticks to the first question, and processor time',
  run: turns,
}

const session = 'duck/chat'
const goal_ms = 5
const goalTicks = 2

type Mock = Adapter & { asked_tick: number; view: Engine | undefined; withTool: boolean }

/** Answers everything at once; with `withTool` every turn calls one tool before it speaks. */
function mock(): Mock {
  const made: Mock = {
    name: 'mock',
    asked_tick: 0,
    view: undefined,
    withTool: false,
    effects: {
      [MemoryRecall.name]: async () => ({ answered: false, confidence: 0, hits: [] }),
      [ToolSafe.name]: async () => ({ text: 'It is seven.', cut: false, failed: false }),
      [LlmChat.name]: async (payload): Promise<Payload> => {
        if (made.asked_tick === 0) made.asked_tick = made.view?.tick ?? 0
        const { messages } = payload as LlmChatRequest
        const spent = { model: 'mock', tokens_in: 1000, tokens_out: 20 }
        if (!made.withTool || messages.at(-1)?.role === 'tool') {
          return { content: 'The heron waits until the evening has gone quiet.', finish: 'stop', ...spent }
        }
        return {
          content: '',
          finish: 'tool_calls',
          tool_calls: [{ id: 'one', name: 'time.now', arguments: '{}' }],
          ...spent,
        }
      },
    },
  }
  return made
}

async function turns(scale: Scale): Promise<Row[]> {
  const adapter = mock()
  const engine = await createEngine({ ...mind(), store: ram(), adapters: [adapter], drive: 'manual', seed: 1 })
  adapter.view = engine
  let said = 0
  engine.on(SessionSaid.name, () => void said++)
  await engine.start()
  engine.publish({ type: ConfigSet.name, payload: { policy: policy() } })
  await engine.step()
  const measure = async (count: number): Promise<{ each: number; ticks: number[] }> => {
    const ticks: number[] = []
    const before = process.cpuUsage()
    for (let at = 0; at < count; at++) {
      adapter.asked_tick = 0
      const [begun, heard] = [engine.tick, said]
      const source = { kind: 'operator', channel: session, author: 'operator' }
      engine.publish({ type: 'chat.message', source, payload: { text: `What does heron ${at} do in the evening?` } })
      for (let steps = 0; said === heard; steps++) {
        if (steps > 1000) throw new Error('a turn does not end')
        await engine.step()
        await nextTurn()
      }
      ticks.push(adapter.asked_tick - begun)
    }
    const { user, system } = process.cpuUsage(before)
    return { each: (user + system) / 1000 / count, ticks }
  }
  const count = scale.rows(1000)
  await measure(Math.min(200, count))
  const plain = await measure(count)
  adapter.withTool = true
  await measure(Math.min(50, count))
  const calling = await measure(count)
  await engine.stop()
  const ticks = percentile(plain.ticks, 1)
  const detail = `${count} turns of one session, its conversation in the context`
  return [
    {
      name: 'event to question',
      value: ticks,
      unit: 'ticks at most',
      goal: `<= ${goalTicks}`,
      met: ticks <= goalTicks,
    },
    row('turn', plain.each, detail),
    row('turn with a tool', calling.each, `${detail}; two questions and one call each`),
  ]
}

function row(name: string, value: number, detail: string): Row {
  return { name, value, unit: 'ms processor', goal: `<= ${goal_ms}`, met: value <= goal_ms, detail }
}

/** One agent with one session and one tool that reads, within budgets that do not bind. */
function policy(): Payload {
  const many = 1_000_000_000
  const free = { turns_minute_max: many, tokens_minute_max: many, calls_minute_max: many }
  const lane = { ...free, reserved: 1 }
  const tool = {
    name: 'time.now',
    description: 'What time it is.',
    parameters: { type: 'object', properties: {} },
    risk: 'read_only',
    retry: 'safe',
    deadline_ms: 1000,
  }
  const lanes = { interactive: lane, operational: lane, maintenance: lane }
  const agent = { ...defaultAgent, name: 'duck', sessions: [{ ...defaultSession, ...free, name: 'chat', filters: [] }] }
  return JSON.parse(
    JSON.stringify({ agents: [agent], tools: [tool], scheduler: { ...defaultScheduler, lanes } }),
  ) as Payload
}
