import type { Store } from '../../engine/index.ts'
import { defaultSession } from '../../systems/agents/policy.ts'
import type { ToolCallRequest } from '../../systems/events.ts'
import { dawn_ms, duckPolicy, type Opening, sessionOf, spec, Troupe } from '../support/agents.ts'
import { dutiful } from '../support/obedient.ts'

/** A day of one agent: tools in parallel, a model that fails, yes and no and silence, a cancel, and crashes at bad moments. */

const tools = [
  spec('look'),
  spec('send', { risk: 'side_effect', retry: 'once' }),
  spec('wipe', { risk: 'destructive', retry: 'once' }),
]
const policy = duckPolicy(
  tools,
  [
    sessionOf('chat', { permissions: 'auto' }),
    sessionOf('general', { permissions: 'auto', filters: [{ type: 'discord.message.new', channel: 'general' }] }),
    sessionOf('reader', { permissions: 'read' }),
  ],
  { instructions: 'You are a duck.' },
)
const { approval_ms } = defaultSession.caps
/** A `send` to nobody is never answered, so that a crash can find it out. */
const run = (request: ToolCallRequest): string | Promise<string> =>
  request.arguments['to'] === 'nobody'
    ? new Promise(() => {})
    : `${request.tool} has seen ${JSON.stringify(request.arguments)}`

export type Day = {
  readonly tick: number
  readonly digest: string
  readonly mark: { readonly [column: string]: number }
  /** What was said, in order, and how turns and calls ended. */
  readonly said: readonly string[]
  readonly asked: number
  readonly ran: number
}

/** Lives the day over a store that can crash, and leaves it crashed. */
export async function liveDay(store: Store & { crash(): void }): Promise<Day> {
  let now_ms = dawn_ms
  const opening: Opening = { store, model: dutiful, tools: run, clock: () => now_ms }
  let troupe = await Troupe.open({ ...opening, policy })
  const lived: Troupe[] = [troupe]
  const again = async (): Promise<void> => {
    store.crash()
    now_ms = troupe.engine.now_ms + 60_000
    troupe = await Troupe.open(opening)
    lived.push(troupe)
    await troupe.settle()
  }
  await troupe.say('duck/chat', 'Good morning, duck.')
  await troupe.say('duck/chat', 'call look with {"at":1} and call look with {"at":2} and call look with {"at":3}')
  await troupe.say('duck/chat', 'fail twice, then call look with {"at":4}')
  await troupe.settle(troupe.engine.now_ms + 300_000)
  await send(troupe, 'ada')
  for (const allow of [true, false]) {
    await troupe.say('duck/chat', `call wipe with {"all":${allow}} and call look with {"at":5}`)
    const { hash } = troupe.approvals.at(-1)!
    await troupe.answer(hash, { allow, kind: 'discord' })
    await troupe.answer(hash, { allow })
    await troupe.answer(hash, { allow: true })
  }
  await troupe.say('duck/reader', 'call send with {"to":"ben"}')
  troupe.overhear('general', 'mallory', 'call send with {"to":"mallory"}')
  await troupe.settle()
  await troupe.settle(troupe.engine.now_ms + approval_ms)
  troupe.tell('duck/reader', 'call look with {"at":6}')
  await send(troupe, 'nobody')
  await again()
  await send(troupe, 'nobody')
  troupe.publish({ type: 'session.cancel', source: { kind: 'operator' }, payload: { session: 'duck/chat' } })
  // What was cancelled is still out, so nothing comes to rest until the process dies.
  troupe.tell('duck/reader', 'What is the time?')
  await moments(troupe, 20)
  troupe.overhear('general', 'ada', 'Good night, all. 語 🦊')
  await troupe.engine.step()
  await again()
  await troupe.say('duck/chat', 'Good night, duck.')
  const { engine } = troupe
  const day: Day = {
    tick: engine.tick,
    digest: engine.digest(),
    mark: engine.mark(),
    said: lived.flatMap(({ said }) => said.map(({ session, text }) => `${session}: ${text}`)),
    asked: lived.reduce((sum, { asked }) => sum + asked.length, 0),
    ran: lived.reduce((sum, { ran }) => sum + ran.length, 0),
  }
  store.crash()
  return day
}

/** Lets something be sent, with a yes where one is asked for because of what was read before. */
async function send(troupe: Troupe, to: string): Promise<void> {
  const before = troupe.approvals.length
  troupe.tell('duck/chat', `call send with {"to":"${to}"} and call look with {"at":"the post"}`)
  await moments(troupe, 20)
  for (const { hash } of troupe.approvals.slice(before)) {
    troupe.publish({ type: 'approval.given', source: { kind: 'operator' }, payload: { hash, allow: true } })
  }
  await moments(troupe, 20)
}

/** So many ticks, with a moment between them for whoever works outside. */
async function moments(troupe: Troupe, ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) {
    await new Promise((resolve) => setImmediate(resolve))
    await troupe.engine.step()
  }
}
