import type { Arguments } from './arguments.ts'
import { atDesk } from './desk/client.ts'
import type { FolderView, PermitAnswer, PermitView } from './desk/opencode.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'
import { columns, momentOf, oneLine } from './words.ts'

const replies = { allow: 'once', always: 'always', reject: 'reject' } as const
const isReply = (word: string): word is keyof typeof replies => Object.hasOwn(replies, word)

/** `promethean opencode [status]`, `opencode permissions`, and `opencode allow|always|reject ID`. */
export async function opencode(args: Arguments): Promise<ExitCode> {
  const [order = 'status', id] = args.words
  if (isReply(order)) return answer(args, order, id)
  if (id !== undefined) throw new CliError(exitCodes.usage, `opencode ${order} does not take ${printable(id)}`)
  if (order === 'status') return status(args)
  if (order === 'permissions') return permissions(args)
  const known = 'status, permissions, allow ID, always ID or reject ID'
  throw new CliError(exitCodes.usage, `opencode takes ${known}, not ${printable(order)}`)
}

async function status(args: Arguments): Promise<ExitCode> {
  const config = configOf(args, args.notes)
  const view = (await atDesk(config, 'reading', (ask) => ask({ ask: 'opencode' }))) as {
    folders: FolderView[]
    open: number
  }
  if (args.json) print(JSON.stringify(view))
  else if (view.folders.length === 0) {
    const named = config.opencode === undefined ? 'the config does not name opencode' : 'opencode was never heard'
    print(`${named}; see opencode: in the README`)
  } else {
    const rows = view.folders.map((each) => [
      each.directory,
      each.state === 'away' ? `away: ${oneLine(each.reason, 60)}` : each.state,
      momentOf(each.changed_at_ms),
      counted(each.sessions),
      counted(each.events),
    ])
    print(columns([['folder', 'state', 'since', 'sessions', 'events'], ...rows]))
    print(
      view.open === 0
        ? 'nothing waits for your word'
        : `${view.open} wait for your word: promethean opencode permissions`,
    )
  }
  return exitCodes.ok
}

async function permissions(args: Arguments): Promise<ExitCode> {
  const answered = (await atDesk(configOf(args, args.notes), 'reading', (ask) =>
    ask({ ask: 'permissions', all: args.json }),
  )) as { permissions: PermitView[] }
  if (args.json) for (const each of answered.permissions) print(JSON.stringify(each))
  else if (answered.permissions.length === 0) print('nothing waits for your word')
  else {
    const rows = answered.permissions.map((each) => [
      each.permission,
      momentOf(each.asked_at_ms),
      oneLine(each.tool, 20),
      oneLine(each.patterns.join(' '), 80),
      oneLine(each.directory, 40),
    ])
    print(columns([['id', 'since', 'tool', 'on', 'in'], ...rows]))
  }
  return exitCodes.ok
}

async function answer(args: Arguments, order: keyof typeof replies, id: string | undefined): Promise<ExitCode> {
  if (id === undefined) {
    throw new CliError(exitCodes.usage, `opencode ${order} needs an id; promethean opencode permissions lists them`)
  }
  const given = (await atDesk(configOf(args, args.notes), 'ordering', (ask) =>
    ask({ ask: 'permit', permission: id, reply: replies[order] }),
  )) as PermitAnswer
  print(
    args.json
      ? JSON.stringify(given)
      : `${printable(id)}: ${given.done ? `answered with ${replies[order]}` : given.reason}`,
  )
  return given.done ? exitCodes.ok : exitCodes.data
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
