import { isUtf8 } from 'node:buffer'
import {
  type CompiledContract,
  type Contract,
  compileContract,
  frontmatterV1,
} from '../../systems/sentinel/contract.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'

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

/** What the simulated operator wants. */
export type Wish = { readonly write: boolean; readonly chained: boolean }

/** The policy that says so. */
export function policyFor({ write, chained }: Wish): PolicyData {
  return chained
    ? { write, contract: status.name, contracts: [status], model: 'offline' }
    : { write, contract: frontmatterV1.name, contracts: [], model: 'offline' }
}

/** The wish that a policy says. */
export function wishOf({ write, contract }: PolicyData): Wish {
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
export function meetsAll({ chained }: Wish, bytes: Buffer, hash: string): boolean {
  return (!chained || meets(status.name, bytes, hash)) && meets(frontmatterV1.name, bytes, hash)
}
