import { isUtf8 } from 'node:buffer'
import type { Payload } from '../../engine/flow/event.ts'
import type { OpencodePolicy } from '../../systems/opencode/policy.ts'
import { defaultRepair, type RepairRule } from '../../systems/repair/policy.ts'
import {
  type CompiledContract,
  type Contract,
  compileContract,
  frontmatterV1,
} from '../../systems/sentinel/contract.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'
import type { Dice } from './dice.ts'
import { type VectorModel, vectorModels } from './embedder.ts'
import { shop } from './shed.ts'
import { agentsFor, discordPolicy } from './troupe.ts'

/** A second contract, so that chains are simulated too: it is held first and hands on to the front matter's own. */
const status: Contract = {
  name: 'status/v1',
  about: 'Say how far the note has come.',
  schema: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', enum: ['seed', 'grown'] } },
  },
  order: ['status'],
  attempts_max: 4,
  // biome-ignore lint/suspicious/noThenProperty: the name of the contract that follows.
  then: frontmatterV1.name,
  defaults: { status: 'seed' },
}

/** What the simulated operator wants; the budgets of agents are `tight`, and memories compacted, or not for a whole run. */
export type Wish = {
  readonly write: boolean
  readonly chained: boolean
  readonly tight: boolean
  /** Whether memories are compacted; and whether a model is asked to. */
  readonly compacts: 'never' | 'alone' | 'with_model'
  /** Who makes vectors. */
  readonly vectors: VectorModel | 'nobody'
}

/** What the operator wants when a run begins. */
export function wishBy(dice: Dice): Wish {
  return {
    write: dice.chance(0.8),
    chained: dice.chance(0.3),
    tight: dice.chance(0.3),
    compacts: dice.pick(['never', 'alone', 'with_model']),
    vectors: dice.pick(['nobody', 'simulated a', 'simulated b']),
  }
}

/** What the operator wants instead; budgets and compaction stay as they are for a whole run. */
export function otherWish(wish: Wish, dice: Dice): Wish {
  const { write, chained, vectors } = wish
  return {
    ...wish,
    write: !write,
    chained: dice.chance(0.2) ? !chained : chained,
    vectors: dice.chance(0.2) ? dice.pick(['nobody', 'simulated a', 'simulated b']) : vectors,
  }
}

/** What opencode is allowed without asking the operator, and what never. */
export const opencodePolicy: OpencodePolicy = {
  permissions: [
    { tool: 'read', answer: 'once' },
    { tool: 'bash', pattern: 'rm *', answer: 'reject' },
  ],
  default: 'ask',
}

/** Two repairs in one folder, one of which begins by itself. */
export const repairs: readonly RepairRule[] = [
  { ...defaultRepair, name: 'shop', directory: shop, command: ['make', 'test'], attempts_max: 2, every_ms: 600_000 },
  { ...defaultRepair, name: 'shop again', directory: shop, command: ['make'], attempts_max: 1 },
]

/** The policy that says so. */
export function policyFor({ write, chained, tight, compacts, vectors }: Wish): Payload {
  const contract = chained ? status.name : frontmatterV1.name
  const notes: PolicyData = { write, contract, contracts: chained ? [status] : [], model: 'offline' }
  const compact = { after_ms: 30_000, every_ms: 60_000, share: 0.28, fall_max: 0.3, model: compacts === 'with_model' }
  const all = {
    ...notes,
    ...agentsFor(tight),
    discord: discordPolicy,
    opencode: opencodePolicy,
    repairs,
    ...(compacts === 'never' ? {} : { compact }),
    embedding: embeddingFor(vectors),
  }
  return JSON.parse(JSON.stringify(all)) as Payload
}

/** The lengths of vectors are said: otherwise the first answer decides, and that may be a wrong one. */
function embeddingFor(vectors: Wish['vectors']): { model: string | null; eidolon: boolean; dimensions?: number } {
  if (vectors === 'nobody') return { model: null, eidolon: false }
  return { model: vectors, eidolon: true, dimensions: vectorModels[vectors] }
}

/** What of it concerns notes. */
export type NoteWish = Pick<Wish, 'write' | 'chained'>

/** The wish that a policy says. */
export function wishOf({ write, contract }: PolicyData): NoteWish {
  return { write, chained: contract === status.name }
}

const compiled = new Map<string, CompiledContract>(
  [frontmatterV1, status].map((contract) => [contract.name, compileContract(contract)]),
)
const judged = new Map<string, boolean>()

/** Every key that a contract may set. */
export const contractKeys: ReadonlySet<string> = new Set([
  'title',
  'slug',
  'description',
  'tags',
  'tagged_at',
  'status',
])

/** Whether bytes meet a contract, by its name. The answer for one content is kept. */
export function meets(contract: string, bytes: Buffer, hash: string): boolean {
  const key = `${contract} ${hash}`
  const known = judged.get(key)
  if (known !== undefined) return known
  const note = readNote(bytes.toString('utf8'))
  const contractOf = compiled.get(contract)
  const met = isUtf8(bytes) && note.ok && contractOf !== undefined && contractOf.check(note.data).length === 0
  judged.set(key, met)
  return met
}

/** Whether bytes meet every contract that a wish asks for. */
export function meetsAll({ chained }: Pick<Wish, 'chained'>, bytes: Buffer, hash: string): boolean {
  return (!chained || meets(status.name, bytes, hash)) && meets(frontmatterV1.name, bytes, hash)
}
