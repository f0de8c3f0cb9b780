import type { Parts } from '../engine/tick.ts'
import { cephalon } from './cephalon.ts'
import { compact } from './compact.ts'
import { archetypes, records } from './components.ts'
import { daimoi } from './daimoi.ts'
import { decay } from './decay.ts'
import { discord } from './discord.ts'
import { eidolon } from './eidolon.ts'
import { effects, events } from './events.ts'
import { janitor } from './janitor.ts'
import { memory } from './memory.ts'
import { nexus } from './nexus.ts'
import { olympia } from './olympia.ts'
import { opencode } from './opencode.ts'
import { outbox } from './outbox.ts'
import { policy } from './policy.ts'
import { repair } from './repair.ts'
import { route } from './route.ts'
import { schedule } from './schedule.ts'
import { sentinel } from './sentinel.ts'

/** The order of a tick, written nowhere else. */
export const defaultSystems = [
  policy,
  discord,
  opencode,
  memory,
  route,
  nexus,
  eidolon,
  daimoi,
  schedule,
  cephalon,
  sentinel,
  repair,
  janitor,
  compact,
  olympia,
  decay,
  outbox,
] as const

/** The parts of the mind, ready for `createEngine({ ...mind(), store })`. */
export function mind(): Parts {
  return {
    archetypes,
    systems: defaultSystems,
    events: [...events] as Parts['events'],
    effects: [...effects] as Parts['effects'],
    records,
  }
}

export {
  type AgentPolicy,
  type AgentsPolicy,
  defaultAgent,
  defaultAgentsPolicy,
  defaultSession,
  type SessionPolicy,
} from './agents/policy.ts'
export type { ToolSpec } from './agents/tools.ts'
export type { Hit, Recall, RecallOptions } from './recall/types.ts'
export { recall } from './recall.ts'
export type { Contract } from './sentinel/contract.ts'
export { defaultPolicy } from './sentinel/policy.ts'
