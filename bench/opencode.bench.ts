import { Intake } from '../adapters/opencode/intake.ts'
import type { RawEntry } from '../adapters/opencode/raw.ts'
import type { Adapter, Outside } from '../engine/flow/adapter.ts'
import { createEngine, silent } from '../engine/index.ts'
import { lmdb } from '../stores/lmdb.ts'
import { Memory } from '../systems/components.ts'
import { mind } from '../systems/index.ts'
import { collect } from './collect.ts'
import { corpusOf } from './corpus.ts'
import { type Concern, type Row, type Scale, withFolder } from './support.ts'

/** What is said and done in opencode, from parsed messages through the intake, the ring and the ticks into memory on a disk. */
export const opencode: Concern = {
  name: 'opencode',
  about: 'histories of sessions, a text and a call of a tool a message, into memory',
  run: (scale) => withFolder((folder) => measured(folder, scale)),
}

const directory = '/work/shop'
const rateGoal = 5_000
/** Messages of one session. */
const sessionMessages = 128
const times_ms = 1_760_000_000_000

async function measured(folder: string, scale: Scale): Promise<readonly Row[]> {
  const messages = scale.rows(scale.full ? 200_000 : 50_000)
  let outside: Outside | undefined
  const adapter: Adapter = {
    name: 'opencode',
    start: (given) => {
      outside = given
    },
  }
  const engine = await createEngine({ ...mind(), store: lmdb(folder), adapters: [adapter], log: silent })
  await engine.start()
  if (outside === undefined) throw new Error('the adapter was not started')
  const intake = new Intake(outside, directory, () => {})
  const corpus = corpusOf(5)
  const heap: number[] = []
  const began = performance.now()
  for (let n = 0; n < messages; n++) {
    await intake.read(messageOf(n, String(corpus.event(n).payload?.['text'] ?? '')))
    if (n === Math.floor(messages / 4) || n === messages - 1) {
      await outside.flushed()
      collect()
      heap.push(process.memoryUsage().heapUsed / 1e6)
    }
  }
  await outside.flushed()
  const took_s = (performance.now() - began) / 1_000
  const memories = engine.world.rows(Memory)
  await engine.stop()
  if (intake.count !== 2 * messages || memories < messages)
    throw new Error(`${memories} memories of ${intake.count} events`)
  const [early = 0, late = 0] = heap
  return [
    {
      name: 'events into memory',
      value: (2 * messages) / took_s,
      unit: '/s',
      goal: `>= ${rateGoal} /s`,
      met: (2 * messages) / took_s >= rateGoal,
      detail: `${2 * messages} events, durable, ${memories} memories`,
    },
    {
      name: 'heap, last / first quarter',
      value: late / Math.max(1, early),
      unit: '×',
      detail: `${early.toFixed(0)} MB and ${late.toFixed(0)} MB, each after a collection; texts rest in the record`,
    },
  ]
}

function messageOf(n: number, said: string): RawEntry {
  const sessionID = `ses_${Math.floor(n / sessionMessages)}`
  const messageID = `msg_${n}`
  const at_ms = times_ms + n * 1_000
  const role = n % 3 === 0 ? 'user' : 'assistant'
  const part = { sessionID, messageID }
  const input = { filePath: `${directory}/src/${said.split(' ')[1] ?? 'a'}.ts` }
  const state = {
    status: 'completed',
    title: 'Edit',
    output: `${n}: ${said.slice(0, 120)}`,
    input,
    time: { end: at_ms },
  }
  return {
    info: { id: messageID, sessionID, role, time: { created: at_ms, completed: at_ms } },
    parts: [
      { ...part, id: `prt_${n}a`, type: 'text', text: said },
      { ...part, id: `prt_${n}b`, type: 'tool', tool: 'edit', state },
    ],
  }
}
