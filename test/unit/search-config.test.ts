import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { modelAdapters } from '../../adapters/cli/compose.ts'
import { type Config, loadConfig } from '../../adapters/cli/config.ts'
import { offlineModel } from '../../adapters/offline.ts'
import { LlmChat, LlmEmbed } from '../../systems/events.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function load(yaml: string): Config {
  const folder = mkdtempSync(join(tmpdir(), 'config-'))
  folders.push(folder)
  const file = join(folder, 'promethean.yaml')
  writeFileSync(file, yaml)
  return loadConfig(readArguments(['run', '--config', file]), undefined)
}

/** Who answers which effect, by name. */
async function answered(config: Config): Promise<Record<string, string>> {
  const adapters = await modelAdapters(config)
  return Object.fromEntries(
    adapters.flatMap(({ name, effects }) => Object.keys(effects ?? {}).map((each) => [each, name])),
  )
}

const endpoint = 'model:\n  base_url: http://127.0.0.1:1/v1\n  model: m\n'

test('nothing is embedded unless the config says so', async () => {
  for (const yaml of ['', 'memory: {}\n', 'memory:\n  embedding: off\n', endpoint]) {
    expect(load(yaml).policy.embedding).toBeUndefined()
  }
  expect(load(`${endpoint}  embed_model: e\nmemory:\n  embedding: off\n`).policy.embedding).toBeUndefined()
})

test('vectors are made here, or by the model that is named', async () => {
  const here = load('memory:\n  embedding: offline\n  eidolon: true\n')
  expect(here.policy.embedding).toEqual({ model: offlineModel, eidolon: true })
  expect(await answered(here)).toEqual({ [LlmChat.name]: 'offline', [LlmEmbed.name]: 'offline' })
  const there = load(`${endpoint}  embed_model: e\n  embed_dimensions: 64\n`)
  expect(there.policy.embedding).toEqual({ model: 'e', eidolon: false, dimensions: 64 })
  expect(await answered(there)).toEqual({ [LlmChat.name]: 'openai', [LlmEmbed.name]: 'openai' })
  const mixed = load(`${endpoint}  embed_model: e\nmemory:\n  embedding: offline\n`)
  expect(mixed.policy.embedding?.model).toBe(offlineModel)
  for (const config of [mixed, load(endpoint)]) {
    expect(await answered(config)).toEqual({ [LlmChat.name]: 'openai', [LlmEmbed.name]: 'offline-embedder' })
  }
})

test.each([
  ['memory:\n  embedding: model\n', ':2: memory.embedding: model needs model.embed_model'],
  ['memory:\n  embedding: yes\n', ':2: memory.embedding: '],
  ['memory:\n  eidolon: true\n', ':2: memory.eidolon: needs memory.embedding'],
  ['memory:\n  embeding: offline\n', ':2: memory.embeding: is not a known key; did you mean embedding?'],
  ['model:\n  embed_model: e\n', ':2: model.embed_model: needs base_url'],
  [`${endpoint}  embed_dimensions: 64\n`, ':4: model.embed_dimensions: needs embed_model'],
  [`${endpoint}  embed_model: e\n  embed_dimensions: 0\n`, ':5: model.embed_dimensions: '],
])('what contradicts itself is refused with its line: %j', (yaml, message) => {
  expect(() => load(yaml)).toThrow(message)
})
