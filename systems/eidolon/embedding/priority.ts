import { Mark, MemoryKind, Trust } from '../../components.ts'

/** Which memories get vectors first; 0 gets none. */
export const Priority = { none: 0, summary: 1, aggregate: 2, tool: 3, person: 4, message: 5, bot: 6 } as const

/** What is needed of a memory to rank it. */
export type Ranked = {
  /** MemoryKind */
  readonly kind: number
  /** Trust */
  readonly trust: number
  /** Bits of Mark */
  readonly marks: number
  /** How many rows after it are its chunks; those get vectors in its place. */
  readonly chunks: number
}

/** A memory's priority. One that holds a secret gets no vector, because its text would go to whoever embeds. */
export function priorityOf({ kind, trust, marks, chunks }: Ranked): number {
  if (chunks > 0 || (marks & Mark.secret) !== 0) return Priority.none
  if (kind === MemoryKind.summary) return Priority.summary
  if (kind === MemoryKind.aggregate) return Priority.aggregate
  // Of such a channel's programs only what stands for a flood is worth one.
  if ((marks & Mark.raw) !== 0) return Priority.none
  if (kind === MemoryKind.tool) return Priority.tool
  if (kind !== MemoryKind.note && kind !== MemoryKind.chat && kind !== MemoryKind.discord) return Priority.none
  if (trust === Trust.bot) return Priority.bot
  const person = trust === Trust.person || trust === Trust.operator || kind === MemoryKind.note
  return person ? Priority.person : Priority.message
}
