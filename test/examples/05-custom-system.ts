// A system beside the mind's own: it counts in a table who says how much, and says so as an event.
import { createEngine, eventType, objectOf, system, table } from 'promethean'
import { ram } from 'promethean/stores/ram'
import { mind } from 'promethean/systems'

const Talkative = eventType<{ author: string; messages: number }>(
  'talkative',
  objectOf({ author: { type: 'string' }, messages: { type: 'integer' } }),
)
/** Keyed by the author's name. */
const Author = table('Author', { messages: 'u32', last_at_ms: 'f64' })

const count = system('count', ({ world, events, now_ms, emit }) => {
  for (const { type, source } of events) {
    if (type !== 'chat.message' || source.author === undefined) continue
    const row = world.appendKeyed(Author, source.author)
    const { messages, last_at_ms } = world.of(Author)
    messages[row]! += 1
    last_at_ms[row] = now_ms
    if (messages[row] === 3) emit(Talkative, { author: source.author, messages: 3 })
  }
})

const base = mind()
const engine = await createEngine({
  ...base,
  archetypes: [...base.archetypes, Author],
  systems: [count, ...base.systems],
  events: [...base.events, Talkative],
  store: ram(),
})
await engine.start()
engine.on('talkative', ({ payload }) => console.log(`${payload['author']} has said ${payload['messages']} things`))
for (const [n, author] of ['Ada', 'Ben', 'Ada', 'Ada'].entries()) {
  const payload = { text: `Thought number ${n} of a long day.` }
  await engine.ingest({ type: 'chat.message', source: { kind: 'chat', channel: 'c', author }, payload })
}
await engine.stop()
