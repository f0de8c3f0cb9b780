import type { Arguments } from './arguments.ts'
import { atDesk } from './desk/client.ts'
import type { Explanation, KeyView, Neighbour } from './desk/explanation.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { explainRouteOf } from './explain-route.ts'
import { explainTurnOf } from './explain-turn.ts'
import { configOf } from './inspect.ts'
import { memoryWords, notFound } from './memory.ts'
import { columns, oneLine } from './words.ts'

/** `promethean explain ID`: where a memory comes from, and what it hangs together with. */
export async function explain(args: Arguments): Promise<ExitCode> {
  const [id] = args.words
  if (id === 'route') return explainRouteOf(args)
  if (id === 'turn') return explainTurnOf(args)
  if (id === undefined) throw new CliError(exitCodes.usage, 'explain needs the ID of a memory')
  const config = configOf(args, args.notes)
  const { explanation } = (await atDesk(config, 'reading', (ask) => ask({ ask: 'explain', id }))) as {
    explanation: Explanation | null
  }
  if (explanation === null) throw notFound(id)
  process.stdout.write(args.json ? `${JSON.stringify(explanation)}\n` : `${explanationWords(explanation)}\n`)
  return exitCodes.ok
}

function explanationWords({ memory, keys, before, after, family, same }: Explanation): string {
  const parts = [memoryWords(memory)]
  const around = [
    ...(before === null ? [] : [['before', named(before)]]),
    ...(after === null ? [] : [['after', named(after)]]),
  ]
  if (around.length > 0)
    parts.push(`In its thread:\n${columns(around.map(([side = '', name = '']) => [`  ${side}`, name]))}`)
  if (same.length > 0) parts.push(`With the very same words:\n${listed(same)}`)
  if (family.length > 0) parts.push(`Much the same:\n${listed(family)}`)
  parts.push(
    keys.length === 0 ? 'It mentions nothing that others could.' : `It mentions, rarest first:\n${keyWords(keys)}`,
  )
  return parts.join('\n\n')
}

function keyWords(keys: readonly KeyView[]): string {
  return columns(
    keys.map(({ key, degree, field, others }) => {
      const also = others.map(named).join('; ')
      const rest = degree > 1 ? `${degree} mentions${also === '' ? '' : `, also ${also}`}` : 'nobody else does'
      return [`  ${oneLine(key, 60)}`, `in its ${field}`, rest]
    }),
  )
}

function listed(neighbours: readonly Neighbour[]): string {
  return neighbours.map((each) => `  ${named(each)}`).join('\n')
}

function named({ memory_id, name }: Neighbour): string {
  return `#${memory_id} ${oneLine(name, 60)}`
}
