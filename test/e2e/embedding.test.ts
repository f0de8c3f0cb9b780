import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { openai } from '../../adapters/openai.ts'
import type { Engine } from '../../engine/index.ts'
import { flat } from '../../stores/flat.ts'
import { ram } from '../../stores/ram.ts'
import { EmbedJob, Vector } from '../../systems/eidolon/columns.ts'
import { servingModel, vectorSource } from '../../systems/eidolon/vectors.ts'
import { Make, opened, policy, steps, vectorFor } from '../support/embedding.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

type Item = { index: number; embedding: (number | null)[] | string }
type Wrong = (good: Item[]) => unknown[]

/** What an endpoint may get wrong; after these it answers well, in another order. */
const wrongs: Wrong[] = [
  (good) => good.slice(1),
  (good) => good.map(({ index, embedding }) => ({ index, embedding: embedding.slice(0, 2) })).with(0, good[0]!),
  (good) => good.with(0, { index: 0, embedding: [null, 1, 1, 1, 1, 1, 1, 1] }),
  (good) => good.with(1, { index: 1, embedding: [0, 0, 0, 0, 0, 0, 0, 0] }),
  (good) => good.with(1, { index: 1, embedding: 'AACAPwAAgD8=' }),
  (good) => good.map(({ embedding }) => ({ index: 0, embedding })),
]

/** An embeddings endpoint that goes through its wrong answers first. */
async function endpoint(): Promise<{ base_url: string; asked: () => number }> {
  let asked = 0
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { input, model } = JSON.parse(Buffer.concat(parts).toString()) as { input: string[]; model: string }
      const good: Item[] = input.map((text, index) => ({ index, embedding: vectorFor(model, text) }))
      const data = (wrongs[asked++] ?? ((items: Item[]) => items.toReversed()))(good)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model, data }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked: () => asked }
}

/** Lets hours of world time pass until so many vectors rest in the record. */
async function untilVectors(engine: Engine, count: number): Promise<void> {
  for (let n = 0; n < 2_000 && engine.world.rows(Vector) < count; n++) {
    await steps(engine, 1, 600_000)
    await wait(1)
  }
  expect(engine.world.rows(Vector)).toBe(count)
}

test('wrong embeddings of an endpoint are refused and asked for again, and the index stays clean', async () => {
  const { base_url, asked } = await endpoint()
  const engine = await opened(ram(), [openai({ base_url, model: 'tiny', embed_model: 'm/one' })])
  engine.publish(policy('m/one'))
  const texts = ['the first', 'the second', 'the third']
  engine.publish({ type: Make.name, payload: { memories: texts.map((text) => ({ text })) } })
  await untilVectors(engine, 3)
  expect(asked()).toBeGreaterThan(wrongs.length)
  const model = servingModel(engine)!
  expect(model.dimensions).toBe(8)
  const index = flat({ model: model.key, dimensions: model.dimensions })
  const source = vectorSource(engine, model)
  for (const label of source.labels()) index.add(label, source.vector(label)!)
  for (const [at, text] of texts.entries()) {
    const hits = index.search(Float32Array.from(vectorFor('m/one', text)), 1)
    expect([hits.labels[0], hits.scores[0]! > 0.999]).toEqual([at + 1, true])
  }
  await steps(engine, 2)
  expect(engine.world.each(EmbedJob)).toHaveLength(0)
  expect((await engine.replay()).identical).toBe(true)
  await engine.stop()
})
