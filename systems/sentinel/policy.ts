import type { Payload } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Policy } from '../components.ts'
import { type CompiledContract, type Contract, compileContract, frontmatterV1 } from './contract.ts'

/** What the operator allows and wants: the part of the config that decides what systems do. */
export type PolicyData = {
  /** Whether sentinels may write; else they only show what they would do. */
  readonly write: boolean
  /** The contract every note is held to first. */
  readonly contract: string
  /** Contracts besides `frontmatter/v1`, which a contract can name in `then`. */
  readonly contracts: readonly Contract[]
  /** Who proposes; a change of it lets failed files be tried again. */
  readonly model: string
  /** Questions to the model that may be out at once; as the effect's type says where nothing is said. */
  readonly chat_in_flight_max?: number
}

export type CompiledPolicy = {
  readonly data: PolicyData
  /** In the order in which they are numbered from 1. */
  readonly contracts: readonly CompiledContract[]
  /** The number of a contract by name, or 0. */
  indexOf(name: string): number
}

/** A sentinel that is being moved, and the policy under which. */
export type Guard = { readonly id: number; readonly file: number; readonly policy: CompiledPolicy }

export const defaultPolicy: PolicyData = { write: false, contract: frontmatterV1.name, contracts: [], model: 'offline' }

/** A policy as `config.set` carries it. */
export function policyPayload(policy: PolicyData): Payload {
  return JSON.parse(JSON.stringify(policy)) as Payload
}

/** Compiling is pure, so what one text compiles to can be kept; only the newest is. */
let kept: { readonly text: string; readonly policy: CompiledPolicy } | undefined

/** The policy in force; what it does not say is as in `defaultPolicy`. */
export function policyOf(tick: Pick<Tick, 'world' | 'read'>): CompiledPolicy {
  const row = tick.world.rows(Policy)
  const text = row === 0 ? JSON.stringify(defaultPolicy) : (tick.read('policy', row) ?? JSON.stringify(defaultPolicy))
  if (kept?.text !== text)
    kept = { text, policy: compilePolicy({ ...defaultPolicy, ...(JSON.parse(text) as Partial<PolicyData>) }) }
  return kept.policy
}

/** @throws EngineError SCHEMA_INVALID when a contract's schema cannot be used */
export function compilePolicy(data: PolicyData): CompiledPolicy {
  const contracts = [frontmatterV1, ...data.contracts].map(compileContract)
  return {
    data,
    contracts,
    indexOf: (name) => contracts.findIndex(({ contract }) => contract.name === name) + 1,
  }
}
