import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { createEngine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Plan, PlanState } from '../../systems/compact/columns.ts'
import { Memory, MemoryKind } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { programAt } from '../support/command.ts'
import { conversation } from '../support/compact.ts'

const child = programAt('test/e2e/compact-child.ts')
const conversations = 30
const patience_ms = 60_000
/** KILLS=100 takes some minutes; a few are enough for every run. */
const kills = Number(process.env['KILLS'] ?? 3)

let folder = ''
afterEach(() => rm(folder, { recursive: true, force: true }))

/** One life. @returns the last conversation that was durable, and whether a pass was over before it died */
async function live(kill_ms: number | undefined): Promise<{ told: number; rests: boolean }> {
  const life = spawn(process.execPath, [child, folder, String(conversations)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(life, 'exit')
  const late = setTimeout(() => life.kill('SIGABRT'), patience_ms)
  let [told, rests] = [-1, false]
  for await (const said of createInterface(life.stdout)) {
    if (said === 'open' && kill_ms !== undefined) setTimeout(() => life.kill('SIGKILL'), kill_ms)
    if (said.startsWith('told ')) told = Number(said.slice(5))
    if (said !== 'rests') continue
    rests = true
    life.stdin.end()
  }
  const [, signal] = await gone
  clearTimeout(late)
  expect(signal).not.toBe('SIGABRT')
  return { told, rests }
}

test('killed at many moments of a compaction, every text is there once, served by itself or by its summary', async () => {
  folder = await mkdtemp(join(tmpdir(), 'compact-kill-'))
  let killed = 0
  let told = -1
  while (killed < kills) {
    const life = await live(randomInt(20, 1_500))
    told = Math.max(told, life.told)
    if (!life.rests) killed++
  }
  expect((await live(undefined)).rests).toBe(true)

  const engine = await createEngine({ ...mind(), store: lmdb(folder), drive: 'manual' })
  const { deleted, kind, parent, replaced_by } = engine.world.of(Memory)
  const texts = new Map<string, string>()
  for (let row = 1; row <= engine.world.rows(Memory); row++) {
    if (kind[row] === MemoryKind.summary || parent[row] !== 0) continue
    const { id } = JSON.parse(engine.read('meta', row) ?? '{}') as { id: string }
    expect(texts.has(id), `${id} is there twice`).toBe(false)
    texts.set(id, engine.read('text', row) ?? '')
    const stands = replaced_by[row]!
    if (stands !== 0) expect([kind[stands], deleted[stands], replaced_by[stands]]).toEqual([MemoryKind.summary, 0, 0])
  }
  for (let n = 0; n < conversations; n++) {
    for (const [at, { text }] of conversation(`talk ${n}`, n).entries()) expect(texts.get(`talk-${n}-${at}`)).toBe(text)
  }
  const { memory_id, state } = engine.world.of(Plan)
  const members = (plan: number): number[] => JSON.parse(engine.read('plan', plan) ?? '[]') as number[]
  for (let plan = 1; plan <= engine.world.rows(Plan); plan++) {
    if (state[plan] !== PlanState.kept) continue
    for (const row of members(plan)) expect(replaced_by[row]).toBe(memory_id[plan])
  }
  const { identical, first_difference } = await engine.replay()
  expect([identical, first_difference]).toEqual([true, null])
  const kept = [...state.subarray(1, engine.world.rows(Plan) + 1)].filter((each) => each === PlanState.kept).length
  expect(kept, 'there was something to kill').toBeGreaterThan(conversations / 2)
  console.info(`${killed} kills, ${texts.size} memories, ${kept} summaries`)
  await engine.stop()
}, 900_000)
