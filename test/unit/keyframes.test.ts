import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Engine } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Line, note, opened } from '../support/toy.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promethean-keyframes-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const travel = (data: string): string => join(data, 'travel')
const kept = (data: string): string[] => (existsSync(travel(data)) ? readdirSync(travel(data)).sort() : [])

/** Forty ticks of 300 kB each: far more than a second of replay is taken to be. */
async function lived(data: string, letter = 'x'): Promise<{ engine: Engine; marks: object[] }> {
  const engine = await opened({ store: lmdb(data), seed: letter.charCodeAt(0), limits: { event_bytes_max: 1 << 20 } })
  const marks: object[] = [{}]
  for (let tick = 1; tick <= 40; tick++) {
    engine.publish(note(letter.repeat(300_000)))
    await engine.step()
    marks.push(engine.mark())
  }
  return { engine, marks }
}

test('a long visit leaves a keyframe from which the next begins, a short one leaves none', async () => {
  const data = join(folder, 'a')
  const { engine, marks } = await lived(data)
  expect((await engine.visit(10)).from_tick).toBe(0)
  expect(kept(data)).toEqual([])
  expect((await engine.visit(34)).from_tick).toBe(0)
  expect(kept(data)).toEqual(['snapshot-34'])
  const again = await engine.visit(36)
  expect([again.from_tick, markOf(again.core)]).toEqual([34, marks[36]])
  expect(markOf((await engine.visit(34)).core)).toEqual(marks[34])
  expect((await engine.visit(33)).from_tick).toBe(0)
  expect(kept(data)).toEqual(['snapshot-33', 'snapshot-34'])
  await engine.visit(30)
  expect(kept(data)).toEqual(['snapshot-30', 'snapshot-34'])
  await engine.stop()
  const reopened = await opened({ store: lmdb(data), at: 36 })
  expect([reopened.status().snapshot_tick, reopened.mark()]).toEqual([34, marks[36]])
  await reopened.stop()
})

test('a keyframe that is damaged, or of another record, is passed over', async () => {
  const [data, other] = [join(folder, 'a'), join(folder, 'b')]
  const { engine, marks } = await lived(data)
  const foreign = await lived(other, 'y')
  await engine.visit(34)
  await foreign.engine.visit(34)
  await foreign.engine.stop()
  const file = join(travel(data), 'snapshot-34')
  const whole = readFileSync(file)
  const bent = Buffer.from(whole)
  bent[whole.length >> 1]! ^= 1
  for (const bytes of [bent, whole.subarray(0, 100), readFileSync(join(travel(other), 'snapshot-34'))]) {
    writeFileSync(file, bytes)
    const { from_tick, core } = await engine.visit(35)
    expect([from_tick, markOf(core)]).toEqual([0, marks[35]])
    writeFileSync(file, whole)
    rmSync(join(travel(data), 'snapshot-35'))
  }
  expect((await engine.visit(34)).from_tick).toBe(34)
  await engine.stop()
})

test('when the past is dropped no keyframe of it is left', async () => {
  const data = join(folder, 'a')
  const { engine } = await lived(data)
  await engine.visit(34)
  await engine.dropPast()
  expect(existsSync(travel(data))).toBe(false)
  await expect(engine.visit(34)).rejects.toMatchObject({ code: 'TICK_GONE' })
  expect((await engine.visit(40)).core.world.rows(Line)).toBe(40)
  await engine.stop()
})

test('where no keyframe can be kept the visit is as good, and the log says why', async () => {
  const data = join(folder, 'a')
  const said: string[] = []
  const none = (): void => undefined
  const log = { debug: none, info: none, error: none, warn: (_: object, message: string) => void said.push(message) }
  const store = lmdb(data)
  const engine = await opened({ store, log, limits: { event_bytes_max: 1 << 20 } })
  for (let tick = 1; tick <= 34; tick++) {
    engine.publish(note('x'.repeat(300_000)))
    await engine.step()
  }
  writeFileSync(travel(data), 'in the way')
  expect((await engine.visit(33)).core.world.rows(Line)).toBe(33)
  expect(said).toEqual(['the keyframes of earlier visits are passed over', 'no keyframe of the visit could be kept'])
  rmSync(travel(data))
  expect((await engine.visit(34)).core.world.rows(Line)).toBe(34)
  expect(kept(data)).toEqual(['snapshot-34'])
  await engine.stop()
})
