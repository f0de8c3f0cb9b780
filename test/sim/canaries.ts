import { type System, system } from '../../engine/system.ts'
import type { Parts } from '../../engine/tick.ts'
import { Gauge, Memory, MemoryKind, Trust } from '../../systems/components.ts'
import { MemoryStored, NoteWritten } from '../../systems/events.ts'
import { mind } from '../../systems/index.ts'

/** Bugs that can be planted, each to show that a checker sees it. */
export const canaryNames = [
  'unguarded_write',
  'chance',
  'early_commit',
  'wrong_gauge',
  'deaf_memory',
  'false_memory',
  'mute_model',
] as const
export type CanaryName = (typeof canaryNames)[number]

/** The parts of the mind, with the bug in them when it is one of a system. */
export function partsWith(canary: CanaryName | undefined): Parts {
  const parts = mind()
  if (canary === 'chance') return { ...parts, systems: [gambler, ...parts.systems] }
  if (canary === 'wrong_gauge') return { ...parts, systems: [...parts.systems, miscounter] }
  if (canary === 'false_memory') return { ...parts, systems: [...parts.systems, falsifier] }
  if (canary === 'deaf_memory') return { ...parts, systems: parts.systems.map(deafened) }
  return parts
}

/** Takes its chance from outside the world, so no replay can repeat it. */
const gambler = system('gambler', ({ world, events }) => {
  if (events.length > 0) world.of(Gauge).skipped[1] = Math.floor(Math.random() * 1_000_000)
})

/** Counts a file that is not there, long after the run has begun. */
const miscounter = system('miscounter', ({ world, tick }) => {
  if (tick === 100) world.of(Gauge).files[1]!++
})

/** Remembers something else than what people said. */
const falsifier = system('falsifier', ({ world, events, put }) => {
  const { kind, trust } = world.of(Memory)
  for (const event of events) {
    if (!MemoryStored.is(event)) continue
    const row = event.payload.first
    if (kind[row] === MemoryKind.chat && trust[row] === Trust.person) put('text', row, 'nothing was said')
  }
})

/** Memory that now and then does not hear what the library says. */
function deafened(each: System): System {
  if (each.name !== 'memory') return each
  return system(each.name, (tick) => {
    const events = tick.events.filter((event) => !NoteWritten.is(event) || Number(event.id.slice(5)) % 3 !== 0)
    each.run(Object.create(tick, { events: { value: events } }))
  })
}
