import { expect, it, vi } from 'vitest'
import { openai } from '../../adapters/openai.ts'
import { LlmChat } from '../../systems/events.ts'

vi.mock('openai', () => {
  throw new Error('Cannot find package')
})

it('names the package when it is not installed', async () => {
  const adapter = openai({ base_url: 'http://127.0.0.1:1/v1', model: 'tiny' })
  const request = { task: 'test', messages: [{ role: 'user', content: 'hello' }] }
  const asked = adapter.effects![LlmChat.name]!(request, {
    effect_id: 1,
    attempt: 1,
    signal: new AbortController().signal,
  })
  await expect(asked).rejects.toMatchObject({ code: 'PACKAGE_MISSING', transient: false })
  await expect(asked).rejects.toThrow('npm install openai')
})
