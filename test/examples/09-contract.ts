// A contract holds the front matter of notes to a schema. Bodies and what the author wrote stay as they are.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createEngine } from 'promethean'
import { fs } from 'promethean/adapters/fs'
import { offline } from 'promethean/adapters/offline'
import { ram } from 'promethean/stores/ram'
import { type Contract, defaultPolicy, mind } from 'promethean/systems'

const recipe: Contract = {
  name: 'recipe/v1',
  about: 'Say what the recipe is called and how many it feeds.',
  schema: {
    type: 'object',
    required: ['title', 'serves'],
    properties: { title: { type: 'string', minLength: 1 }, serves: { type: 'integer', minimum: 1 } },
  },
  order: ['title', 'serves'],
  attempts_max: 3,
  // What the offline proposer gives where the note says nothing.
  defaults: { serves: 4 },
}

mkdirSync('recipes', { recursive: true })
writeFileSync('recipes/soup.md', '---\nauthor: Mina # keeps its comment\n---\n# Potato soup\n\nPeel, boil, wait.\n')

const files = fs({ root: 'recipes', watch: false })
const engine = await createEngine({ ...mind(), store: ram(), adapters: [offline(), files] })
const met = new Promise<void>((resolve) => {
  engine.on('sentinel.done', ({ payload }) => {
    console.log(`${payload['path']} meets ${payload['contract']}`)
    resolve()
  })
})
const policy = { ...defaultPolicy, write: true, contract: recipe.name, contracts: [recipe] }
engine.publish({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(policy)) } })
await engine.start()
await met
await engine.stop()
console.log(readFileSync('recipes/soup.md', 'utf8'))
