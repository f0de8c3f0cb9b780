import { search } from '../../adapters/search.ts'
import type { Adapter } from '../../engine/flow/adapter.ts'
import type { Store } from '../../engine/index.ts'
import { markOf } from '../../engine/record/mark.ts'
import { replayJournal } from '../../engine/record/replay.ts'
import { mind } from '../../systems/index.ts'
import { defaultPolicy, policyPayload } from '../../systems/sentinel/policy.ts'
import { conversation, day_ms, pass } from '../support/compact.ts'
import { drained, line, noon_ms, remembering, tell } from '../support/memory.ts'
import { begin, scripted, shop, until, verdictsOf } from '../support/repair.ts'

/** Two months beside neighbours: floods and edits in Discord, sessions of opencode, a repair, and what nobody used is compacted. */

export type Months = {
  readonly tick: number
  readonly digest: string
  readonly mark: { readonly [column: string]: number }
  /** Types of events that were heard, and how often. */
  readonly heard: { readonly [type: string]: number }
}

const opencode = { permissions: [{ tool: 'edit', pattern: 'src/*', answer: 'once' }], default: 'ask' }
const policy = { ...policyPayload(defaultPolicy), opencode, compact: {}, repairs: [{ ...shop }] }

/** Lives them over a store. */
export async function liveMonths(store: Store): Promise<Months> {
  let checks = 0
  const script = scripted(
    () => (checks++ === 0 ? 1 : 0),
    () => ['src/cart.ts'],
  )
  const answers: Adapter = { name: 'answers', effects: { 'opencode.permit': async () => ({ taken: true }) } }
  const engine = await remembering(store, { adapters: [search(), script, answers] })
  const heard: Record<string, number> = {}
  engine.on('*', ({ type }) => {
    heard[type] = (heard[type] ?? 0) + 1
  })
  engine.publish({ type: 'config.set', source: { kind: 'config' }, payload: { policy: policy as never } })
  await drained(engine)

  // A bridge talks over people, and somebody edits and deletes.
  const discord = { kind: 'discord', channel: '100', author: 'bridge' }
  for (let n = 0; n < 12; n++) {
    const text = `build ${n} of runner ${n % 3} took ${n * 7} s: passed`
    engine.publish({
      type: 'discord.message.new',
      id: `${1_000 + n}`,
      ts: noon_ms + n,
      source: discord,
      payload: { text, bot: true },
    })
  }
  const ada = { ...discord, author: 'ada' }
  engine.publish({
    type: 'discord.message.new',
    id: '2000',
    ts: noon_ms,
    source: ada,
    payload: { text: 'The herons are back. 語 🦊' },
  })
  await drained(engine)
  const edited = { message_id: '2000', text: 'The herons are back at the weir.', edited_ms: noon_ms + 60_000 }
  engine.publish({ type: 'discord.message.edited', id: '2000:1', source: ada, payload: edited })
  engine.publish({ type: 'discord.message.deleted', source: ada, payload: { message_ids: ['1003'] } })
  await drained(engine)

  // Opencode works, asks, and is heard twice.
  const at = { kind: 'opencode', channel: '/work/shop', thread: 'ses_1' }
  for (let twice = 0; twice < 2; twice++) {
    const said = { text: 'Mend the cart: it forgets counts.', role: 'user', message: 'msg_1' }
    engine.publish({ type: 'opencode.message', id: 'prt_1', ts: noon_ms, source: at, payload: said })
    const tool = { tool: 'edit', title: 'Edit', text: 'wrote 3 lines', failed: false, path: 'src/cart.ts' }
    engine.publish({ type: 'opencode.tool', id: 'prt_2', ts: noon_ms, source: at, payload: tool })
    for (const [id, pattern] of [
      ['per_1', 'src/cart.ts'],
      ['per_2', '/etc/passwd'],
    ] as const) {
      const asked = { permission: id, tool: 'edit', patterns: [pattern] }
      engine.publish({ type: 'opencode.permission.asked', id, source: at, payload: asked })
    }
    await drained(engine)
  }
  const no = { permission: 'per_2', reply: 'reject' }
  engine.publish({ type: 'opencode.order', source: { kind: 'operator' }, payload: no })
  const verdicts = verdictsOf(engine)
  await begin(engine)
  await until(engine, () => verdicts.length > 0)

  // Talk that nobody needs any more, but for one question.
  for (let day = 0; day < 3; day++)
    await tell(engine, ...conversation(`session ${day}`, day).map((each, n) => line({ ...each, id: `s${day}-${n}` })))
  engine.publish({ type: 'memory.used', payload: { memory_ids: [], query: 'the telescope in Turin' } })
  await pass(engine, noon_ms + 60 * day_ms)
  const undo = { order: 'undo', plan: 2 }
  engine.publish({ type: 'compact.order', source: { kind: 'operator' }, payload: undo })
  await drained(engine)
  await engine.flushed()
  const { tick } = engine
  const digest = engine.digest()
  const report = await replayJournal(mind(), store, { backoff_max_ms: 120_000, until: tick })
  const mark = markOf(report.core)
  await engine.stop()
  return { tick, digest, mark, heard: Object.fromEntries(Object.entries(heard).sort()) }
}
