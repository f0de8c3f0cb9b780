// Recall without a model: by words, and along what memories share. Each hit says how it was found.
import { createEngine } from 'promethean'
import { ram } from 'promethean/stores/ram'
import { mind, recall } from 'promethean/systems'

await using engine = await createEngine({ ...mind(), store: ram() })
await engine.start()
const said = [
  ['Ada', 'The lighthouse at Cape Wrath was painted in May.'],
  ['Ada', 'Jonas Lindqvist wrote the report about Cape Wrath.'],
  ['Ben', 'Jonas Lindqvist moved to Bergen.'],
  ['Ben', 'We had soup for lunch.'],
] as const
for (const [author, text] of said) {
  await engine.ingest({ type: 'chat.message', source: { kind: 'chat', channel: 'crew', author }, payload: { text } })
}

const answer = recall(engine, 'who wrote about the lighthouse at Cape Wrath', { hits_max: 3, explain: true })
console.log(answer.answered ? 'answered' : 'not answered')
for (const { score, text, lanes, path } of answer.hits) {
  console.log(score.toFixed(2), text, `[${lanes.join(', ')}]`, path.join(' -> '))
}
const unknown = recall(engine, 'what does the dentist charge')
console.log(unknown.answered ? 'answered' : 'not answered')
