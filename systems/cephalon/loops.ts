import type { Tick } from '../../engine/system.ts'
import { Message, Session, Turn } from '../agents/columns.ts'
import { agentRecord } from '../agents/quotes.ts'
import type { ChatMessage, ToolCallAsked } from '../events.ts'

/** Tells when a turn goes round in circles. */

const periodMax = 3

/**
 * How many identical calls in a row a turn would have come to with this round, and whether its rounds repeat: the same set
 * of calls, or the same two or three sets in turn, `repeats_max` times over. O(messages of the turn).
 */
export function repetition(
  tick: Tick,
  turn: number,
  calls: readonly ToolCallAsked[],
  repeats_max: number,
): { readonly repeats: number; readonly circles: boolean } {
  const rounds = [...roundsOf(tick, turn), calls.map(shown)]
  return { repeats: longestEnd(rounds, calls.length), circles: circles(rounds, Math.max(2, repeats_max)) }
}

/** The calls of each earlier round of a turn, oldest first. */
function roundsOf(tick: Tick, turn: number): string[][] {
  const { world } = tick
  const { previous, turn: turnOf, calls } = world.of(Message)
  const rounds: string[][] = []
  let row = world.of(Session).newest_message[world.of(Turn).session[turn]!]!
  for (; row !== 0 && turnOf[row] === turn; row = previous[row]!) {
    if (calls[row] === 0) continue
    const { tool_calls = [] } = JSON.parse(agentRecord(tick, 'message', row) ?? '{}') as Partial<ChatMessage>
    rounds.unshift(tool_calls.map(shown))
  }
  return rounds
}

function shown({ name, arguments: given }: ToolCallAsked): string {
  return `${name} ${given}`
}

/** The longest run of equal calls that has a call of the last round in it. */
function longestEnd(rounds: readonly (readonly string[])[], last: number): number {
  const all = rounds.flat()
  let run = 0
  let longest = 0
  all.forEach((each, at) => {
    run = at > 0 && all[at - 1] === each ? run + 1 : 1
    if (at >= all.length - last) longest = Math.max(longest, run)
  })
  return longest
}

function circles(rounds: readonly (readonly string[])[], times: number): boolean {
  const sets = rounds.map((calls) => calls.toSorted().join('\n'))
  for (let period = 1; period <= periodMax; period++) {
    const start = sets.length - period * times
    if (start < 0) return false
    if (sets.slice(start + period).every((set, at) => set === sets[start + at])) return true
  }
  return false
}
