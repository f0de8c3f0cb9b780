// What is told becomes memories: each once, floods of programs as one with a count, everything with its keys.
import { createEngine } from 'promethean'
import { ram } from 'promethean/stores/ram'
import { mind, recall } from 'promethean/systems'

await using engine = await createEngine({ ...mind(), store: ram() })
await engine.start()
engine.on('memory.stored', ({ payload }) => console.log('memories', payload['first'], 'to', payload['last']))

const source = { kind: 'chat', channel: 'kitchen', author: 'Mina' }
await engine.ingest({ type: 'chat.message', id: '1', source, payload: { text: 'The sourdough needs eight hours.' } })
// The same delivery again changes nothing.
await engine.ingest({ type: 'chat.message', id: '1', source, payload: { text: 'The sourdough needs eight hours.' } })
const oven = { kind: 'chat', channel: 'kitchen', author: 'oven' }
for (let n = 0; n < 50; n++) {
  const payload = { text: `The oven has ${180 + n} degrees.`, bot: true }
  await engine.ingest({ type: 'chat.message', id: `oven ${n}`, source: oven, payload })
}
await engine.flushed()

const { hits } = recall(engine, 'how hot is the oven')
console.log(`found: ${hits[0]?.text}`)
