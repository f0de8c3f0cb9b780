import { type CompiledContract, compileContract, frontmatterV1 } from '../../systems/sentinel/contract.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'

/** Tells what keeps a text from being a note under the policy's contracts, as phrases; nothing when it may be written. */
export function noteCheckOf(policy: Pick<PolicyData, 'contract' | 'contracts'>): (text: string) => readonly string[] {
  let chain: readonly CompiledContract[] | undefined
  return (text) => {
    // Compiled when the first note is written: most runs write none.
    chain ??= chainOf(policy).map(compileContract)
    const note = readNote(text)
    if (!note.ok) return [`line ${note.line}: the front matter ${note.reason}`]
    return chain.flatMap(({ contract, check }) =>
      check(note.data).map(({ path, message }) => `${path || 'the front matter'} ${message} (${contract.name})`),
    )
  }
}

/** The contract that notes are held to first, and those that follow on it. */
function chainOf({
  contract,
  contracts,
}: Pick<PolicyData, 'contract' | 'contracts'>): readonly (typeof frontmatterV1)[] {
  const chain: (typeof frontmatterV1)[] = []
  let name: string | undefined = contract
  while (name !== undefined) {
    const next = [frontmatterV1, ...contracts].find((each) => each.name === name)
    if (next === undefined || chain.includes(next)) break
    chain.push(next)
    name = next.then
  }
  return chain
}
