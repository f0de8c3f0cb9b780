// A tool for agents: its risk and the permissions of the session decide whether it runs. The model here is a script.
import { type Adapter, createEngine } from 'promethean'
import { search } from 'promethean/adapters/search'
import { type Tool, toolSpecs, tools } from 'promethean/adapters/tools'
import { ram } from 'promethean/stores/ram'
import { defaultAgent, defaultSession, mind } from 'promethean/systems'

const weather: Tool = {
  name: 'weather.now',
  description: 'The weather at a place.',
  parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
  risk: 'read_only',
  retry: 'safe',
  deadline_ms: 1_000,
  run: async ({ place }) => ({ text: `It rains in ${place}.` }),
}

/** Asks for the tool, and then says what it gave. */
const model: Adapter = {
  name: 'script',
  effects: {
    'llm.chat': async ({ messages }) => {
      const last = (messages as { role: string; content: { text: string } }[]).at(-1)
      if (last?.role === 'tool') return { content: `I looked. ${last.content.text}`, finish: 'stop', model: 'script' }
      const tool_calls = [{ id: 'c1', name: 'weather.now', arguments: '{"place":"Bergen"}' }]
      return { content: '', finish: 'tool_calls', model: 'script', tool_calls }
    },
  },
}

const session = { ...defaultSession, name: 'chat', filters: [], tools: ['weather.*'] }
const policy = { agents: [{ ...defaultAgent, name: 'duck', sessions: [session] }], tools: toolSpecs([weather]) }
const memory = search()
const hands = tools({ tools: [weather], recall: (query, options) => memory.recall(query, options) })
const engine = await createEngine({ ...mind(), store: ram(), adapters: [model, memory, hands] })
const answered = new Promise<void>((resolve) => {
  engine.on('turn.returned', ({ payload }) => console.log(`${payload['tool']} ${payload['state']}`))
  engine.on('session.said', ({ payload }) => console.log(payload['text']))
  engine.on('turn.ended', () => resolve())
})
await engine.start()
engine.publish({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(policy)) } })
const source = { kind: 'operator', channel: 'duck/chat', author: 'operator' }
engine.publish({ type: 'chat.message', source, payload: { text: 'How is the weather in Bergen?' } })
await answered
await engine.stop()
