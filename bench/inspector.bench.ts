import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { viewOf } from '../adapters/cli/view.ts'
import { inspector } from '../adapters/inspector.ts'
import { search } from '../adapters/search.ts'
import { createEngine, type Engine, system } from '../engine/index.ts'
import { ram } from '../stores/ram.ts'
import { Memory } from '../systems/components.ts'
import { mind } from '../systems/index.ts'
import { type Concern, percentile, type Row, type Scale } from './support.ts'

/** What looking costs: ten clients of the inspector's stream, on and off, in a world of a million memories. */
export const inspecting: Concern = {
  name: 'inspector',
  about: 'ten clients of the live stream, on and off in turns, and the first frame in a world of a million memories',
  run: looked,
}

const eventsATick = 64
const ticksAHalf = 10
const tick_ms = 50
const goalShare = 5
const goalFirst_ms = 1_000

async function looked(scale: Scale): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-inspector-'))
  const rows = scale.rows(1_000_000)
  const indexes = search()
  const fill = system('fill', ({ world, tick }) => {
    if (tick === 1) world.append(Memory, rows)
  })
  const base = mind()
  const engine = await createEngine({ ...base, systems: [fill, ...base.systems], store: ram(), drive: 'manual' })
  const token_file = join(folder, 'token')
  const page = await inspector(viewOf(engine, indexes), { port: 0, token_file })
  const clients = spawn(process.execPath, [
    fileURLToPath(new URL('./inspector/clients.ts', import.meta.url)),
    String(page.port),
    token_file,
  ])
  try {
    await engine.start()
    await engine.step(Date.now())
    const first_ms = await firstFrame(page.port, readFileSync(token_file, 'utf8').trim())
    return [...(await pairs(engine, clients, scale)), firstRow(first_ms, rows)]
  } finally {
    clients.kill()
    await page.close()
    await engine.stop()
    rmSync(folder, { recursive: true })
  }
}

/** Halves with and without clients, one after the other: what the machine does meanwhile hits both. */
async function pairs(engine: Engine, clients: ChildProcess, scale: Scale): Promise<Row[]> {
  const count = scale.smoke ? 1 : scale.full ? 30 : 6
  const ratios: number[] = []
  const shares: number[] = []
  const answers = createInterface({ input: clients.stdout! })
  const turn = async (to: 'on' | 'off'): Promise<Half> => {
    clients.stdin!.write(`${to}\n`)
    await once(answers, 'line')
    return half(engine)
  }
  await half(engine)
  for (let pair = 0; pair < count; pair++) {
    const order = pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)
    const found = { on: { tick_ms: 0, share: 0 }, off: { tick_ms: 0, share: 0 } }
    for (const to of order) found[to] = await turn(to)
    ratios.push(found.on.tick_ms / found.off.tick_ms)
    shares.push((found.on.share - found.off.share) * 100)
  }
  const added = (percentile(ratios, 0.5) - 1) * 100
  const share = percentile(shares, 0.5)
  const detail = `median of ${count} pairs of ${ticksAHalf} ticks of ${eventsATick} events, ${tick_ms} ms apart`
  const met = added < goalShare
  return [
    { name: 'ten clients, added to a tick', value: added, unit: '%', goal: `< ${goalShare} %`, met, detail },
    { name: 'ten clients, of a core', value: share, unit: '%', detail: 'processor time with them less that without' },
  ]
}

type Half = { readonly tick_ms: number; readonly share: number }
let said = 0

/** Some busy ticks at their usual pace. */
async function half(engine: Engine): Promise<Half> {
  const before = engine.timings().tick_total_ms
  const processor = process.cpuUsage()
  const begun = performance.now()
  for (let tick = 0; tick < ticksAHalf; tick++) {
    for (let event = 0; event < eventsATick; event++) engine.publish(message())
    await engine.step(Date.now())
    await sleep(Math.max(0, begun + (tick + 1) * tick_ms - performance.now()))
  }
  const { user, system: kernel } = process.cpuUsage(processor)
  const wall_ms = performance.now() - begun
  return {
    tick_ms: (engine.timings().tick_total_ms - before) / ticksAHalf,
    share: (user + kernel) / 1000 / wall_ms,
  }
}

function message() {
  said++
  const text = `Heron ${said} stands in the water near Lake ${said % 977} and eats fish number ${said * 7}.`
  const source = { kind: 'chat', channel: `c${said % 8}`, author: 'Ann' }
  return { type: 'chat.message', id: String(said), source, payload: { text } }
}

/** From the question to the first frame, as a page sees it. */
async function firstFrame(port: number, token: string): Promise<number> {
  const leaving = new AbortController()
  const begun = performance.now()
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`http://127.0.0.1:${port}/api/stream`, { headers, signal: leaving.signal })
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (/event: frame\n.*\n\n/.test(text)) break
  }
  leaving.abort()
  return performance.now() - begun
}

function firstRow(value: number, rows: number): Row {
  const met = value < goalFirst_ms
  return { name: 'first frame', value, unit: 'ms', goal: `< ${goalFirst_ms} ms`, met, detail: `${rows} memories` }
}
