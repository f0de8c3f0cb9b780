import { setTimeout as wait } from 'node:timers/promises'
import { search } from '../../adapters/search.ts'
import { createEngine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Input, Running, Session } from '../../systems/agents/columns.ts'
import type { AgentsPolicy } from '../../systems/agents/policy.ts'
import { ToolOnce } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import { duckPolicy, modelAdapter, sessionOf, sinceUser, spec } from '../support/agents.ts'

/**
 * A process to be killed: `agent-child <data folder> <address of the tool> <jobs>`. It takes in jobs up to that number, each
 * said by the operator in one of twenty sessions; each is a turn that calls a tool which must not be run twice. It prints
 * `open` once it ticks, `accepted <job>` once a job is durable, and `idle` once no turn is under way and nothing waits.
 */

/** Twenty sessions whose every turn answers one job. The tool needs no yes, whatever was read before: what counts here is `once`. */
export const jobSessions = Array.from({ length: 20 }, (_, at) => `duck/desk-${at}`)
export const jobsPolicy: AgentsPolicy = {
  ...duckPolicy(
    [spec('send', { retry: 'once' })],
    jobSessions.map((key) =>
      sessionOf(key.slice('duck/'.length), { caps: { inputs_max: 1 }, turns_minute_max: 100_000 }),
    ),
  ),
}

if (process.argv[1] === import.meta.filename) await work()

async function work(): Promise<void> {
  const [folder = '', address = '', jobs = '0'] = process.argv.slice(2)
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const model = modelAdapter(async (request, { effect_id }) => {
    await wait(effect_id % 7)
    const { user, own } = sinceUser(request)
    const job = /\bjob (\d+)/.exec(user)?.[1]
    if (own.length === 0) return { call: [{ name: 'send', arguments: { job: Number(job) } }] }
    return { say: `job ${job} has been seen to` }
  })
  const tool = {
    name: 'tool',
    effects: {
      [ToolOnce.name]: async ({ key, arguments: given }: { readonly key?: unknown; readonly arguments?: unknown }) => {
        const response = await fetch(address, { method: 'POST', body: JSON.stringify({ key, given }) })
        return { text: await response.text(), cut: false, failed: !response.ok }
      },
    },
  }
  const engine = await createEngine({
    ...mind(),
    store: lmdb(folder),
    adapters: [model, tool, search()],
    limits: { tick_ms: 10, snapshot_bytes: 200_000, stop_ms: 1_000 },
  })
  await engine.start()
  await engine.ingest({ type: 'config.set', payload: { policy: JSON.parse(JSON.stringify(jobsPolicy)) } })
  say('open')
  let taken = 0
  for (let row = 1; row <= engine.world.rows(Input); row++) {
    const job = Number(/"job (\d+)/.exec(engine.read('input', row) ?? '')?.[1] ?? 0)
    taken = Math.max(taken, job)
  }
  const waiting = (): number => engine.world.of(Session).queued.reduce((sum, each) => sum + each, 0)
  for (let job = taken + 1; job <= Number(jobs); job++) {
    const channel = jobSessions[job % jobSessions.length]!
    const source = { kind: 'operator', channel, author: 'operator' }
    await engine.ingest({ type: 'chat.message', id: `job-${job}`, source, payload: { text: `job ${job}` } })
    say(`accepted ${job}`)
    while (waiting() > 16) await wait(2)
  }
  while (waiting() > 0 || engine.world.each(Running).length > 0 || !engine.quiet) await wait(5)
  say('idle')
  process.stdin.resume()
  process.stdin.once('end', () => void engine.stop())
}
