import type { JanitorReport } from '../../systems/events.ts'
import type { Arguments } from './arguments.ts'
import { atDesk } from './desk/client.ts'
import type { RuleAnswer, RuleView } from './desk/janitor.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'
import { block, columns, oneLine } from './words.ts'

const orders = { allow: 'in force', refuse: 'refused', end: 'no longer in force' } as const
const isOrder = (word: string): word is keyof typeof orders => Object.hasOwn(orders, word)

/** `promethean janitor [report]`, `janitor rules`, and `janitor allow|refuse|end N`. */
export async function janitor(args: Arguments): Promise<ExitCode> {
  const [order = '', rule] = args.words
  if (isOrder(order)) return decide(args, order, rule)
  if (rule !== undefined) throw new CliError(exitCodes.usage, `janitor ${order} does not take ${rule}`)
  if (order === '' || order === 'report') return report(args, order === 'report')
  if (order === 'rules') return rules(args)
  throw new CliError(exitCodes.usage, `janitor takes report, rules, allow N, refuse N or end N, not ${order}`)
}

async function report(args: Arguments, fresh: boolean): Promise<ExitCode> {
  const answer = (await atDesk(configOf(args, args.notes), fresh ? 'ordering' : 'reading', (ask) =>
    ask({ ask: 'report', fresh }),
  )) as { report: JanitorReport | null }
  if (args.json) print(JSON.stringify(answer.report))
  else if (answer.report === null) print('there is no report yet; promethean janitor report asks for one')
  else print(block(answer.report.text, ''))
  return exitCodes.ok
}

async function rules(args: Arguments): Promise<ExitCode> {
  const answer = (await atDesk(configOf(args, args.notes), 'reading', (ask) => ask({ ask: 'rules' }))) as {
    rules: RuleView[]
  }
  if (args.json) for (const each of answer.rules) print(JSON.stringify(each))
  else if (answer.rules.length === 0) print('no rule was proposed yet')
  else {
    const rows = answer.rules.map((each) => [
      String(each.rule),
      each.state,
      counted(each.count),
      counted(each.suppressed),
      oneLine(each.author, 40),
      oneLine(each.text, 100),
    ])
    print(columns([['rule', 'state', 'said', 'kept away', 'by', 'text'], ...rows]))
  }
  return exitCodes.ok
}

async function decide(args: Arguments, order: keyof typeof orders, rule: string | undefined): Promise<ExitCode> {
  if (rule === undefined || !/^[1-9][0-9]{0,9}$/.test(rule)) {
    throw new CliError(
      exitCodes.usage,
      `janitor ${order} needs the number of a rule; promethean janitor rules lists them`,
    )
  }
  const answer = (await atDesk(configOf(args, args.notes), 'ordering', (ask) =>
    ask({ ask: 'rule', rule: Number(rule), order }),
  )) as RuleAnswer
  print(args.json ? JSON.stringify(answer) : `rule ${rule}: ${answer.done ? orders[order] : answer.reason}`)
  return answer.done ? exitCodes.ok : exitCodes.data
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
