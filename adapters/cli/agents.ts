import { approvePath, askDaemon, cancelPath } from '../control.ts'
import type { Arguments } from './arguments.ts'
import type { ApprovalLine, Approved } from './chat/lines.ts'
import { orLocked } from './chat/locked.ts'
import { plain, visible } from './chat/plain.ts'
import { approvalWords, endWords } from './chat/words.ts'
import { conversationOf } from './chat.ts'
import type { Config } from './config.ts'
import { atDesk } from './desk/client.ts'
import type { OutboxView } from './desk/outbox.ts'
import type { PostView } from './desk/posts.ts'
import type { SessionView } from './desk/sessions.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { openLog } from './log.ts'
import { counted } from './progress.ts'
import { columns, momentOf, oneLine } from './words.ts'

/** `promethean sessions`: every session and how it fares. */
export async function sessions(args: Arguments): Promise<ExitCode> {
  const config = configOf(args, args.notes)
  const answer = (await orLocked(() => atDesk(config, 'reading', (ask) => ask({ ask: 'sessions' })))) as {
    sessions: SessionView[]
  }
  if (args.json) for (const each of answer.sessions) print(JSON.stringify(each))
  else
    print(
      columns([['session', 'state', 'lane', 'queue', 'turns', 'tokens today', ''], ...answer.sessions.map(sessionRow)]),
    )
  return exitCodes.ok
}

function sessionRow(view: SessionView): string[] {
  const { session, state, lane, queued, queue_max, dropped, turns, tokens_day, tokens_day_max, turn, why } = view
  const queue = `${queued}${queue_max > 0 ? `/${queue_max}` : ''}${dropped > 0 ? `, ${dropped} lost` : ''}`
  const spent = `${counted(tokens_day)}${tokens_day_max > 0 ? ` of ${counted(tokens_day_max)}` : ''}`
  const until = view.blocked_until_ms > 0 && state === 'blocked' ? `until ${momentOf(view.blocked_until_ms)}` : ''
  const underWay = turn === 0 ? '' : `turn ${turn} ${view.turn_state}`
  const notes = [underWay, why, until].filter((part) => part !== '').join('; ')
  return [plain(session), state, lane, queue, String(turns), spent, notes]
}

/** `promethean approve [HASH] [--deny]`: what waits for a yes, or the answer. */
export async function approvals(args: Arguments): Promise<ExitCode> {
  const config = configOf(args, args.notes)
  const [hash] = args.words
  const waiting = (await atDesk(config, 'reading', (ask) => ask({ ask: 'approvals' }))) as { approvals: ApprovalLine[] }
  if (hash !== undefined) return answerOne(args, config, found(waiting.approvals, hash))
  if (args.json) for (const each of waiting.approvals) print(JSON.stringify(each))
  else if (waiting.approvals.length === 0) print('nothing waits for your yes')
  else
    for (const each of waiting.approvals)
      print(`${each.hash}  until ${momentOf(each.expires_ms)}\n${approvalWords(each)}`)
  return exitCodes.ok
}

/** A hash may be given by its beginning, where only one has it. */
function found(waiting: readonly ApprovalLine[], hash: string): ApprovalLine {
  const matching = hash === '' ? [] : waiting.filter((each) => each.hash.startsWith(hash))
  const [only] = matching
  if (only !== undefined && matching.length === 1) return only
  const why = matching.length > 1 ? `several calls begin with ${hash}` : `no call waits for a yes as ${hash}`
  throw new CliError(exitCodes.data, plain(why))
}

/** With no daemon the turn goes on in this process, until it ends or waits for another yes. */
async function answerOne(args: Arguments, config: Config, { hash, session }: ApprovalLine): Promise<ExitCode> {
  const allow = !args.deny
  const asked = await askDaemon(config.data, approvePath, { hash, allow })
  if (asked !== undefined) return told(args, asked as Approved)
  const conversation = await conversationOf(config, session, (await openLog('error')).log)
  try {
    const lines = conversation.follow()
    const exit = told(args, await conversation.approve(hash, allow))
    if (exit !== exitCodes.ok) return exit
    for await (const line of lines) {
      if (args.json) print(JSON.stringify(line))
      else if ('said' in line) print(plain(line.said.text))
      else if ('ended' in line) print(endWords(line.ended) ?? 'the turn has ended')
      if ('approval' in line && line.approval.hash !== hash) break
    }
    return exit
  } finally {
    await conversation.close()
  }
}

function told(args: Arguments, answer: Approved): ExitCode {
  const words = answer.done ? (answer.allow ? 'allowed' : 'denied') : `not accepted: ${answer.reason}`
  print(args.json ? JSON.stringify(answer) : words)
  return answer.done ? exitCodes.ok : exitCodes.data
}

/** `promethean cancel SESSION`: ends its turn and drops what waits there. */
export async function cancel(args: Arguments): Promise<ExitCode> {
  const [word] = args.words
  if (word === undefined) throw new CliError(exitCodes.usage, 'cancel needs a SESSION; promethean sessions lists them')
  const config = configOf(args, args.notes)
  const session = await knownSession(config, word)
  const asked = await askDaemon(config.data, cancelPath, { session })
  if (asked === undefined) {
    const conversation = await conversationOf(config, session, (await openLog('error')).log)
    try {
      await conversation.cancel()
    } finally {
      await conversation.close()
    }
  }
  print(args.json ? JSON.stringify(asked ?? { session }) : `${plain(session)}: cancelled`)
  return exitCodes.ok
}

/** The key of a session that there is. @throws CliError 65 */
async function knownSession(config: Config, word: string): Promise<string> {
  return atDesk(config, 'reading', async (ask) => {
    const { session } = (await ask({ ask: 'session', word })) as { session: string }
    const there = (await ask({ ask: 'sessions' })) as { sessions: SessionView[] }
    if (there.sessions.some((each) => each.session === session)) return session
    throw new CliError(exitCodes.data, `there is no session ${session}; promethean sessions lists them`)
  })
}

/** `promethean outbox`: open effects, and calls that run, wait, or of which nobody knows. */
export async function outbox(args: Arguments): Promise<ExitCode> {
  const view = (await atDesk(configOf(args, args.notes), 'reading', (ask) => ask({ ask: 'outbox' }))) as Out
  print(args.json ? JSON.stringify(view) : outboxWords(view))
  return exitCodes.ok
}

type Out = OutboxView & { readonly posts: readonly PostView[] }

function outboxWords({ effects, calls, posts }: Out): string {
  const parts: string[] = []
  if (effects.length > 0) {
    const rows = effects.map(({ effect_id, type, state, attempts, age_ms }) => {
      return [String(effect_id), type, state, String(attempts), ageWords(age_ms)]
    })
    parts.push(columns([['effect', 'type', 'state', 'attempts', 'age'], ...rows]))
  }
  if (calls.length > 0) {
    const rows = calls.map(({ call, turn, session, tool, state, age_ms, arguments: given }) => {
      return [
        String(call),
        String(turn),
        plain(session),
        plain(tool),
        state,
        ageWords(age_ms),
        oneLine(visible(given), 80),
      ]
    })
    parts.push(columns([['call', 'turn', 'session', 'tool', 'state', 'age', 'arguments'], ...rows]))
  }
  if (calls.some(({ state }) => state === 'unknown')) {
    parts.push('Of an unknown call nobody knows whether it happened; it is never made again by itself.')
  }
  if (posts.length > 0) parts.push(postWords(posts))
  return parts.length === 0 ? 'nothing is on its way out' : parts.join('\n\n')
}

/** Messages to Discord that wait, or of which nobody knows. */
export function postWords(posts: readonly PostView[]): string {
  const rows = posts.map(({ post, state, channel, channel_name, code, age_ms, text }) => {
    const where = channel_name === '' ? channel : `#${oneLine(channel_name, 40)}`
    return [String(post), where, code === '' ? state : `${state} (${code})`, ageWords(age_ms), oneLine(text, 80)]
  })
  const table = columns([['post', 'channel', 'state', 'age', 'text'], ...rows])
  if (posts.every(({ state }) => state !== 'unknown')) return table
  return `${table}\nOf an unknown post nobody knows whether it was sent: promethean discord resolve POST again|drop`
}

function ageWords(age_ms: number): string {
  const seconds = Math.round(age_ms / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
