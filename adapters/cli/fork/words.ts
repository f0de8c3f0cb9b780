import type { BranchEffect } from '../../../engine/record/fork.ts'
import { counted } from '../progress.ts'
import { oneLine } from '../words.ts'
import type { MemoryBrief, MemoryDifferences } from './memories.ts'
import type { TurnBrief, TurnChange, TurnDifferences } from './turns.ts'

/** All that a fork tells of how it differs from what was recorded. */
export type Differences = {
  readonly tick: number
  readonly until: number
  readonly from_tick: number
  /** Where the fork's own record rests; undefined: it is gone. */
  readonly out: string | undefined
  readonly memories: MemoryDifferences
  readonly contexts: TurnDifferences
  readonly actions: {
    readonly same: number
    readonly performed: number
    readonly refused: number
    readonly only_recorded: readonly BranchEffect[]
    readonly only_recorded_count: number
    readonly only_fork: readonly BranchEffect[]
    readonly only_fork_count: number
  }
}

const shown = 10
const units = 160

/** The differences for people: what only the record has begins with -, what only the fork has with +. */
export function differenceWords({ tick, until, from_tick, out, memories, contexts, actions }: Differences): string {
  const from = from_tick === 0 ? 'the beginning' : `the snapshot of tick ${from_tick}`
  const lines = [
    `forked at tick ${tick} and run to tick ${until}, replayed from ${from}`,
    ...memoryLines(memories),
    ...turnLines(contexts),
    ...actionLines(actions),
  ]
  if (out !== undefined) lines.push(`its record is kept: promethean repl --data ${oneLine(out, 400)}`)
  return lines.join('\n')
}

function memoryLines(memories: MemoryDifferences): string[] {
  const { only_recorded, only_fork, changed } = memories
  const [gone, come, other] = [memories.only_recorded_count, memories.only_fork_count, memories.changed_count]
  const head = `memories: ${counted(memories.recorded)} recorded, ${counted(memories.fork)} in the fork`
  if (gone + come + other === 0) return [`${head}, the same`]
  const word = ({ kind, id, text }: MemoryBrief): string => `${kind} ${oneLine(text === '' ? id : text, units)}`
  return [
    `${head}; ${gone} only recorded, ${come} only in the fork, ${other} changed`,
    ...listed('-', only_recorded.map(word), gone),
    ...listed('+', only_fork.map(word), come),
    ...listed(
      '~',
      changed.map((each) => `${word(each.fork)} (${each.recorded.state}, in the fork ${each.fork.state})`),
      other,
    ),
  ]
}

function turnLines({ same, changed, changed_count, only_recorded, only_fork }: TurnDifferences): string[] {
  const counts = [`${same} turns the same`, `${changed_count} different`]
  if (only_recorded.length + only_fork.length > 0) {
    counts.push(`${only_recorded.length} only recorded`, `${only_fork.length} only in the fork`)
  }
  const word = ({ turn, session, state, code, reply }: TurnBrief): string => {
    const how = code === '' ? state : `${state}, ${code}`
    const said = reply === '' ? '' : `: ${oneLine(reply, units)}`
    return `turn ${turn} of ${oneLine(session, 80)} (${how})${said}`
  }
  return [
    `contexts: ${counts.join(', ')}`,
    ...changed.slice(0, shown).flatMap((change) => changeLines(change, word)),
    ...(changed_count > shown ? [`  ... and ${changed_count - shown} more`] : []),
    ...listed('-', only_recorded.map(word), only_recorded.length),
    ...listed('+', only_fork.map(word), only_fork.length),
  ]
}

function changeLines(change: TurnChange, word: (turn: TurnBrief) => string): string[] {
  const { recorded, fork, context_differs } = change
  const given = context_differs
    ? `given ${counted(fork.tokens)} tokens in place of ${counted(recorded.tokens)}`
    : 'given the same'
  return [
    `  - ${word(recorded)}`,
    `  + ${word(fork)}`,
    `    ${given}`,
    ...change.only_recorded.slice(0, shown).map((name) => `    - ${oneLine(name, units)}`),
    ...change.only_fork.slice(0, shown).map((name) => `    + ${oneLine(name, units)}`),
  ]
}

function actionLines(actions: Differences['actions']): string[] {
  const { same, performed, refused, only_recorded_count, only_fork_count } = actions
  const counts = `${same} the same, ${only_recorded_count} only recorded, ${only_fork_count} only in the fork`
  const ends = only_fork_count === 0 ? '' : ` (${performed} performed, ${refused} refused)`
  const word = ({ tick, type, text }: BranchEffect): string => `tick ${tick} ${type} ${oneLine(requestOf(text), units)}`
  const ended = (effect: BranchEffect): string => `${word(effect)}: ${effect.end}`
  return [
    `effects: ${counts}${ends}`,
    ...listed('-', actions.only_recorded.map(word), only_recorded_count),
    ...listed('+', actions.only_fork.map(ended), only_fork_count),
  ]
}

/** The request without what names its type again. */
function requestOf(text: string): string {
  const at = text.indexOf('"request":')
  return at < 0 ? text : text.slice(at + '"request":'.length, -1)
}

function listed(sign: string, lines: readonly string[], count: number): string[] {
  const more = count - Math.min(shown, lines.length)
  return [
    ...lines.slice(0, shown).map((line) => `  ${sign} ${line}`),
    ...(more > 0 ? [`  ${sign} ... and ${more} more`] : []),
  ]
}
