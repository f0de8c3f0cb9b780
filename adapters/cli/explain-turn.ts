import type { ContextRecord, Item, Kept } from '../../systems/cephalon/context/types.ts'
import type { ChatMessage } from '../../systems/events.ts'
import type { Arguments } from './arguments.ts'
import { orLocked } from './chat/locked.ts'
import { plain } from './chat/plain.ts'
import { atDesk } from './desk/client.ts'
import type { TurnView } from './desk/turn.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'
import { block, columns, oneLine, percent } from './words.ts'

/** `promethean explain turn ID`: what was put before the model, what was left out, and why. */
export async function explainTurnOf(args: Arguments): Promise<ExitCode> {
  const [, word] = args.words
  if (word === undefined || !/^\d{1,10}$/.test(word)) {
    throw new CliError(exitCodes.usage, 'explain turn needs the number of a turn; promethean chat --json tells it')
  }
  const turn = Number(word)
  const config = configOf(args, args.notes)
  const answer = (await orLocked(() => atDesk(config, 'reading', (ask) => ask({ ask: 'turn', turn })))) as {
    turn: TurnView | null
  }
  if (answer.turn === null) throw new CliError(exitCodes.data, `there is no turn ${word}`)
  process.stdout.write(`${args.json ? JSON.stringify(answer.turn) : turnWords(answer.turn)}\n`)
  return exitCodes.ok
}

function turnWords({ turn, session, state, trust, context, outcome, calls, names, forgotten }: TurnView): string {
  const parts = [`turn ${turn} of ${plain(session)}: ${state}; the least trusted of what it had before it: ${trust}`]
  if (outcome !== undefined) parts.push(outcomeWords(outcome))
  if (calls.length > 0) {
    const rows = calls.map(({ call, tool, state: how, risk }) => [`  ${call}`, plain(tool), risk, how])
    parts.push(`It called:\n${columns(rows)}`)
  }
  if (forgotten) parts.push('What it put before the model quoted something that was forgotten, and is gone with it.')
  else if (context === undefined) parts.push('It has put nothing before a model yet.')
  else parts.push(...contextWords(context, new Map(names.map(({ memory_id, name }) => [memory_id, name]))))
  return parts.join('\n\n')
}

/** How a turn ended, as a sentence; of a record of another form what it says. */
export function outcomeWords(outcome: unknown): string {
  const { state, code, reason } = (outcome ?? {}) as { [member: string]: unknown }
  if (typeof state !== 'string') return `It ended: ${oneLine(plain(JSON.stringify(outcome)), 1_000)}`
  const given = (value: unknown): string => (typeof value === 'string' ? oneLine(plain(value), 400) : '')
  const why = [given(code), given(reason)].filter((part) => part !== '').join(': ')
  const how =
    state === 'done' ? 'It ended well' : state === 'cancelled' ? 'It was cancelled' : `It ended as ${given(state)}`
  return `${how}${why === '' ? '' : `: ${why}`}.`
}

type Names = ReadonlyMap<number, string>

function contextWords(context: ContextRecord, names: Names): string[] {
  const { tokens, budget_tokens, window_tokens, counter, prompts } = context
  const sizes = `${counted(tokens)} of ${counted(budget_tokens)} tokens, in a window of ${counted(window_tokens)}`
  const rows = context.parts.map(({ name, share, tokens: took }) => {
    return [`  ${name}`, `took ${counted(took)}`, share === 0 ? '' : `may take ${percent(share)} of the window`]
  })
  return [
    `Its context: ${sizes}, counted by ${counter}, prompts ${prompts}\n${columns(rows)}`,
    itemWords('Memories that bear on it, best first', context.related, names),
    itemWords('Pinned memories', context.persistent, names),
    leftOutWords(context, names),
    `What the model was given:\n${messagesOf(context).map(messageWords).join('\n')}`,
  ].filter((part) => part !== '')
}

function itemWords(title: string, items: readonly Item[], names: Names): string {
  if (items.length === 0) return ''
  const rows = items.map(({ memory_id, tokens, score, lanes, path, why }) => {
    const way = [lanes.join('+'), path.length > 1 ? oneLine(plain(path.join(' -> ')), 100) : '', plain(why)]
    const found = way.filter((part) => part !== '').join('; ')
    return [`  ${named(memory_id, names)}`, score.toFixed(3), `${counted(tokens)} tokens`, found]
  })
  return `${title}:\n${columns(rows)}`
}

function leftOutWords({ left_out, left_out_count }: ContextRecord, names: Names): string {
  if (left_out_count === 0) return ''
  const rows = left_out.map(({ memory_id, why }) => [`  ${named(memory_id, names)}`, plain(why)])
  const more = left_out_count > left_out.length ? `\n  … and ${left_out_count - left_out.length} more` : ''
  return `Left out:\n${columns(rows)}${more}`
}

function named(memory_id: number, names: Names): string {
  return `#${memory_id} ${oneLine(plain(names.get(memory_id) ?? ''), 50)}`
}

/** All messages in the order in which the model had them. */
function messagesOf(context: ContextRecord): ChatMessage[] {
  const kept = (messages: readonly Kept[]): ChatMessage[] => messages.map(({ message }) => message)
  return [
    ...context.headers,
    ...(context.related_message === undefined ? [] : [context.related_message]),
    ...(context.persistent_message === undefined ? [] : [context.persistent_message]),
    ...context.recent.flatMap(kept),
    ...kept(context.input),
  ]
}

function messageWords({ role, content, tool_calls }: ChatMessage): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2)
  const calls = (tool_calls ?? []).map(({ name, arguments: given }) => `→ ${name} ${given}`)
  const lines = [text, ...calls].filter((part) => part !== '').join('\n')
  return `  ${role}:\n${block(plain(lines), '    ')}`
}
