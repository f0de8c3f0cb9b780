import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createEngine, type Engine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Call, CallState, Input, Turn, TurnInput, TurnState } from '../../systems/agents/columns.ts'
import { mind } from '../../systems/index.ts'
import { historyOf, illFormed, modelAdapter, statesOf, toolAdapter } from '../support/agents.ts'
import { programAt } from '../support/command.ts'
import { jobSessions } from './agent-child.ts'

const child = programAt('test/e2e/agent-child.ts')
/** More where more kills are asked for. */
const jobs = process.env['KILLS'] === undefined ? 300 : 500
/** KILLS=100 takes a few minutes; half a dozen are enough for every run. */
const kills = Number(process.env['KILLS'] ?? 6)

let folder = ''
let server: Server | undefined
let running: ChildProcess | undefined
afterEach(async () => {
  running?.kill('SIGKILL')
  server?.close()
  server?.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

/** The far side of the tool: it takes a while, and counts what it was asked by key. */
async function counting(): Promise<{ readonly address: string; readonly runs: ReadonlyMap<string, number> }> {
  const runs = new Map<string, number>()
  server = createServer(async (request, response) => {
    const { key } = JSON.parse(await text(request)) as { key: string }
    runs.set(key, (runs.get(key) ?? 0) + 1)
    await wait(randomInt(1, 25))
    response.end('sent')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, runs }
}

/** Lets the child live until it is idle, or kills it so long after it ticks. True when it was killed at work. */
async function live(address: string, until: number, accepted: Set<number>, kill_ms?: number): Promise<boolean> {
  const process_ = spawn(process.execPath, [child, folder, address, String(until)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  running = process_
  const exited = once(process_, 'exit')
  let idle = false
  let killer: NodeJS.Timeout | undefined
  for await (const line of createInterface(process_.stdout)) {
    if (line === 'open' && kill_ms !== undefined) killer = setTimeout(() => process_.kill('SIGKILL'), kill_ms)
    if (line.startsWith('accepted ')) accepted.add(Number(line.slice('accepted '.length)))
    if (line !== 'idle') continue
    idle = true
    process_.stdin.end()
  }
  clearTimeout(killer)
  const [code, signal] = await exited
  expect(idle || signal === 'SIGKILL', `it ended by itself: ${code} ${signal}`).toBe(true)
  return !idle
}

test('killed at many moments of its work, no tool runs twice and every job is answered', async () => {
  folder = await mkdtemp(join(tmpdir(), 'agents-kill-'))
  const { address, runs } = await counting()
  const accepted = new Set<number>()
  let killed = 0
  for (let lives = 0; killed < kills; lives++) {
    expect(lives, 'most lives must end at work').toBeLessThan(6 * kills)
    const until = Math.ceil((jobs * (killed + 1)) / (kills + 1))
    if (await live(address, until, accepted, randomInt(0, 60 + (3 * jobs) / kills))) killed++
  }
  expect(await live(address, jobs, accepted), 'the last life ends in peace').toBe(false)

  const handlers = { model: modelAdapter(() => ({ say: '' })), tools: toolAdapter() }
  const adapters = [handlers.model, handlers.tools]
  const engine = await createEngine({ ...mind(), store: lmdb(folder), adapters, drive: 'manual' })
  try {
    expectAllAnswered(engine, accepted)
    expectNothingTwice(engine, runs)
    const { turns, calls, open } = statesOf(engine)
    const unknown = calls.filter((state) => state === 'unknown').length
    console.info(`${killed} kills, ${turns.length} turns, ${calls.length} calls, ${unknown} of them unknown`)
    expect(open).toBe(0)
    for (const session of jobSessions) expect(illFormed(historyOf(engine, session)), session).toEqual([])
    const { identical, first_difference } = await engine.replay()
    expect([identical, first_difference]).toEqual([true, null])
    expect([handlers.model.asked, handlers.tools.ran]).toEqual([[], []])
  } finally {
    await engine.stop()
  }
}, 600_000)

/** Every job that was accepted is an input once, and each input belongs to one turn, which has ended well. */
function expectAllAnswered(engine: Engine, accepted: ReadonlySet<number>): void {
  const { world } = engine
  expect([...accepted].sort((a, b) => a - b).at(-1)).toBe(jobs)
  const inputs = new Map<number, number>()
  for (let row = 1; row <= world.rows(Input); row++) {
    const job = Number(/"job (\d+)"/.exec(engine.read('input', row)!)![1])
    expect(inputs.has(job), `job ${job} is an input twice`).toBe(false)
    inputs.set(job, row)
  }
  expect(inputs.size).toBe(jobs)
  const turns = world.of(TurnInput)
  const answered = new Map<number, number>()
  for (let row = 1; row <= world.rows(TurnInput); row++) {
    expect(answered.has(turns.input[row]!), `input ${turns.input[row]} has two turns`).toBe(false)
    answered.set(turns.input[row]!, turns.turn[row]!)
  }
  for (const [job, input] of inputs) {
    expect(world.of(Turn).state[answered.get(input) ?? 0], `job ${job}`).toBe(TurnState.done)
  }
}

/** What the far side has counted is what the record says: done once, or unknown and at most once. */
function expectNothingTwice(engine: Engine, runs: ReadonlyMap<string, number>): void {
  for (const [key, count] of runs) expect(count, key).toBe(1)
  const { world } = engine
  const { state, turn } = world.of(Call)
  const known = new Set<string>()
  for (let call = 1; call <= world.rows(Call); call++) {
    const key = [...runs.keys()].find((each) => each.startsWith(`turn/${turn[call]}/`))
    if (key !== undefined) known.add(key)
    expect([CallState.done, CallState.unknown], `call ${call}`).toContain(state[call])
    if (state[call] === CallState.done) expect(key, `call ${call} is done`).toBeDefined()
  }
  expect(known.size, 'the far side was asked for nothing that the record does not know').toBe(runs.size)
  expect(world.rows(Call)).toBe(jobs)
}
