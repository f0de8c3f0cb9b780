import { type Adapter, type EffectCall, EffectFailure } from '../../engine/flow/adapter.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { createEngine, type Engine, type Store } from '../../engine/index.ts'
import type {
  CommandRunDone,
  CommandRunRequest,
  OpencodeRunDone,
  OpencodeRunRequest,
  RepairDone,
  RepairFailed,
} from '../../systems/events.ts'
import { CommandRun, OpencodeRun } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'
import type { RepairRule } from '../../systems/repair/policy.ts'
import { defaultPolicy, policyPayload } from '../../systems/sentinel/policy.ts'
import { drained, noon_ms } from './memory.ts'

/** Repairs in one process: commands and opencode follow a script. */

export const shop: Pick<RepairRule, 'name' | 'directory' | 'command'> = {
  name: 'shop',
  directory: '/projects/shop',
  command: ['npm', 'test'],
}

/** What the command says: its exit code, or how it ended and what it printed. */
export type Ended = number | Partial<CommandRunDone>
export type Checks = (request: CommandRunRequest, call: EffectCall) => Ended | Promise<Ended>
/** What opencode does: the files that it changed, a whole answer, or a failure. */
export type Worked = readonly string[] | Partial<OpencodeRunDone> | EffectFailure
export type Works = (request: OpencodeRunRequest, call: EffectCall) => Worked | Promise<Worked>

export type Scripted = Adapter & { readonly ran: CommandRunRequest[]; readonly asked: OpencodeRunRequest[] }

/** An adapter that runs commands and asks opencode by functions of the request. */
export function scripted(checks: Checks, works: Works): Scripted {
  const ran: CommandRunRequest[] = []
  const asked: OpencodeRunRequest[] = []
  const run = async (payload: Payload, call: EffectCall): Promise<Payload> => {
    const request = payload as unknown as CommandRunRequest
    ran.push(request)
    const end = await checks(request, call)
    const more = typeof end === 'number' ? { exit_code: end } : end
    return { exit_code: 1, ended: 'exit', output: `run ${ran.length}`, output_bytes: 5, took_ms: 1, ...more }
  }
  const ask = async (payload: Payload, call: EffectCall): Promise<Payload> => {
    const request = payload as unknown as OpencodeRunRequest
    asked.push(request)
    const work = await works(request, call)
    if (work instanceof EffectFailure) throw work
    const more = Array.isArray(work) ? { files: work as string[] } : (work as Partial<OpencodeRunDone>)
    return { session: `ses_${asked.length}`, text: 'Done.', files: [], tokens: 10, cost: 0, finish: 'stop', ...more }
  }
  return { name: 'script', effects: { [CommandRun.name]: run, [OpencodeRun.name]: ask }, ran, asked }
}

/** A started mind whose policy names these repairs, and what it said of them. */
export async function repairing(
  store: Store,
  adapter: Adapter,
  rules: readonly object[] = [shop],
  clock: () => number = () => noon_ms,
): Promise<Engine> {
  const parts = { ...mind(), store, adapters: [adapter], limits: { stop_ms: 20 } }
  const engine = await createEngine({ ...parts, drive: 'manual', clock })
  await engine.start()
  await name(engine, rules)
  return engine
}

/** Sets a policy that names these repairs. */
export async function name(engine: Engine, rules: readonly object[]): Promise<void> {
  const policy = { ...policyPayload(defaultPolicy), repairs: rules as Payload[] }
  engine.publish({ type: 'config.set', source: { kind: 'config' }, payload: { policy } })
  await drained(engine)
}

export type Verdict = ({ type: 'repair.done' } & RepairDone) | ({ type: 'repair.failed' } & RepairFailed)

/** All that is said of repairs from now on. */
export function verdictsOf(engine: Engine): Verdict[] {
  const verdicts: Verdict[] = []
  for (const type of ['repair.done', 'repair.failed'] as const) {
    engine.on(type, (event) => void verdicts.push({ type, ...event.payload } as unknown as Verdict))
  }
  return verdicts
}

/** The operator says that a repair is to begin. */
export async function begin(engine: Engine, which = 'shop', kind = 'operator'): Promise<void> {
  engine.publish({ type: 'repair.asked', source: { kind }, payload: { name: which } })
  await drained(engine)
}

/** Ticks until something holds. */
export async function until(engine: Engine, holds: () => boolean): Promise<void> {
  const deadline_ms = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > deadline_ms) throw new Error('it never became so')
    await drained(engine)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
