import { setImmediate as turn } from 'node:timers/promises'
import type { Engine } from '../../engine/index.ts'
import { Compaction, CompactPhase, Plan } from '../../systems/compact/columns.ts'
import type { CompactPolicy } from '../../systems/compact/policy.ts'
import { drained, type Line, noon_ms, tell } from './memory.ts'

/** Compaction under test: old conversations, a policy, and a pass from beginning to end. */

export const day_ms = 86_400_000

const places = ['Copenhagen', 'Lisbon', 'Turin', 'Bergen', 'Ghent', 'Porto', 'Malmo', 'Leiden']
const things = ['kayak', 'loom', 'telescope', 'accordion', 'greenhouse', 'sourdough', 'bicycle', 'herbarium']
const people = ['Ada', 'Melanie']

/** A conversation of one day in one thread: most of it small talk, with a fact here and there. */
export function conversation(thread: string, day: number, lines = 8): Line[] {
  return Array.from({ length: lines }, (_, at) => {
    const place = places[(day + at) % places.length]!
    const thing = things[(day * 3 + at) % things.length]!
    return {
      text: `Oh well, you know how it goes with these things, it is what it is. I took the ${thing} number ${day}${at} to ${place}.`,
      author: people[at % 2]!,
      thread,
      ts: noon_ms + day * day_ms + at * 60_000,
    }
  })
}

/** Tells conversations of so many days, each in a thread of its own. */
export async function tellDays(engine: Engine, days: number, lines = 8): Promise<void> {
  for (let day = 0; day < days; day++) await tell(engine, ...conversation(`session ${day}`, day, lines))
}

/** Sets a policy with compaction in it. */
export async function compacting(engine: Engine, compact: Partial<CompactPolicy> = {}): Promise<void> {
  engine.publish({ type: 'config.set', payload: { policy: { compact } } })
  await drained(engine)
}

/** Lets time pass and steps until the pass that begins then has ended. @returns the ticks it took */
export async function pass(engine: Engine, now_ms: number): Promise<number> {
  await engine.step(now_ms)
  const phase = (): number => engine.world.of(Compaction).phase[1]!
  let ticks = 1
  for (; phase() > CompactPhase.resting || ticks < 3; ticks++) {
    if (ticks > 20_000) throw new Error(`the pass does not end: it is in phase ${phase()}`)
    await engine.step()
    await turn()
  }
  await drained(engine)
  return ticks
}

/** States of all plans, oldest first. */
export function planStates(engine: Engine): number[] {
  const { state } = engine.world.of(Plan)
  return [...state.subarray(1, engine.world.rows(Plan) + 1)]
}
