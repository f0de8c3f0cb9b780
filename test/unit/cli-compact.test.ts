import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readArguments } from '../../adapters/cli/arguments.ts'
import { loadConfig } from '../../adapters/cli/config.ts'
import { answerOfCompact } from '../../adapters/cli/desk/compact.ts'
import { search } from '../../adapters/search.ts'
import { ram } from '../../stores/ram.ts'
import { compactPolicyOf, defaultCompact } from '../../systems/compact/policy.ts'
import { compacting, day_ms, pass, tellDays } from '../support/compact.ts'
import { noon_ms, remembering } from '../support/memory.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-compact-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function policyOf(...yaml: string[]) {
  const file = join(folder, 'promethean.yaml')
  writeFileSync(file, `${yaml.join('\n')}\n`)
  return loadConfig(readArguments(['config', 'print', '--config', file]), folder).policy.compact
}

describe('The config', () => {
  test('says nothing of compaction unless it is wanted', () => {
    expect(policyOf('memory: { eidolon: false }')).toBeUndefined()
    expect(policyOf('memory: { compact: false }')).toBeUndefined()
  })

  test('takes the defaults, or what it says instead', () => {
    expect(policyOf('memory: { compact: true }')).toEqual(defaultCompact)
    const given = policyOf('memory: { compact: { after: 30d, every: 12h, model: true, share: 0.5, fall_max: 0 } }')
    expect(given).toEqual({ after_ms: 30 * day_ms, every_ms: day_ms / 2, model: true, share: 0.5, fall_max: 0 })
  })

  test.each([
    ['after: 14', 'memory.compact'],
    ['every: 5s', 'memory.compact.every: must be at least 1m, not 5s'],
    ['share: 2', 'memory.compact'],
    ['fall: 0.1', 'memory.compact'],
  ])('refuses %s', (wrong, message) => {
    expect(() => policyOf(`memory: { compact: { ${wrong} } }`)).toThrow(message)
  })

  test('reaches the world as the policy that is in force', async () => {
    const engine = await remembering(ram())
    await compacting(engine, { share: 0.4 })
    expect(compactPolicyOf(engine)).toEqual({ ...defaultCompact, share: 0.4 })
    await engine.stop()
  })
})

describe('The desk', () => {
  test('shows what stands for what, and takes it back once', async () => {
    const engine = await remembering(ram(), { adapters: [search()] })
    await tellDays(engine, 2)
    await compacting(engine)
    await pass(engine, noon_ms + 60 * day_ms)
    /** Orders are answered once they are durable, so the world goes on meanwhile. */
    const ask = async (question: Parameters<typeof answerOfCompact>[1]): Promise<object> => {
      let answer: object | undefined
      const asked = answerOfCompact(engine, question).then((given) => {
        answer = given
      })
      while (answer === undefined) {
        await engine.step()
        await nextTurn()
      }
      await asked
      return answer
    }
    expect(await ask({ ask: 'compaction' })).toMatchObject({
      on: true,
      phase: 'resting',
      memories: 16,
      plans: { kept: 2 },
    })
    expect(await ask({ ask: 'plans', limit: 1 })).toMatchObject({ plans: [{ plan: 2, state: 'kept', members: 8 }] })
    const shown = await ask({ ask: 'plan', plan: 1 })
    expect(shown).toMatchObject({ plan: { line: 'thread:session 0', memories: [1, 2, 3, 4, 5, 6, 7, 8] } })
    expect(await ask({ ask: 'plan', plan: 9 })).toEqual({ plan: null })
    const undo = { ask: 'compact', order: 'undo', plan: 1 } as const
    expect(await ask(undo)).toMatchObject({ done: true })
    expect(await ask(undo)).toMatchObject({ done: false, reason: 'it was taken back before' })
    expect(await ask({ ...undo, plan: 9 })).toMatchObject({ done: false, reason: 'there is no such plan' })
    expect(await ask({ ask: 'compact', order: 'run' })).toMatchObject({ done: true })
    await compacting(engine)
    engine.publish({ type: 'config.set', payload: { policy: {} } })
    await engine.step()
    expect(await ask({ ask: 'compact', order: 'run' })).toMatchObject({ done: false })
    await engine.stop()
  })
})
