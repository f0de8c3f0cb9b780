import type { Recall } from '../../systems/recall/types.ts'
import type { Arguments } from './arguments.ts'
import { type Answer, answerOf, type Quote } from './ask/answer.ts'
import { atDesk } from './desk/client.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { pathWords, recallOne, recallOptions, titleOf } from './recall.ts'
import { oneLine } from './words.ts'

/** `promethean ask`: what memory says to a question, in its own words. */
export async function ask(args: Arguments): Promise<ExitCode> {
  const question = args.words.join(' ')
  if (question.trim() === '') throw new CliError(exitCodes.usage, 'ask needs a question')
  const options = recallOptions(args)
  const found = await atDesk(configOf(args, args.notes), 'recalling', (asking) => recallOne(asking, question, options))
  const answer = answerOf(found)
  process.stdout.write(args.json ? `${JSON.stringify(dataOf(answer))}\n` : `${answerWords(found)}\n`)
  return exitCodes.ok
}

/** An answer for people: quotes, where they stand, and how they were found. */
export function answerWords(found: Recall): string {
  const { answered, quotes } = answerOf(found)
  if (quotes.length === 0) return 'Nothing found.'
  const lines = quotes.map((quote) => quoteWords(quote))
  return answered ? lines.join('\n\n') : ['Nothing found that answers this. The nearest:', ...lines].join('\n\n')
}

function quoteWords({ text, hit }: Quote): string {
  const lines = [`“${oneLine(text, 400)}”`, `  — ${titleOf(hit)}`]
  if (hit.path.length > 1) lines.push(`  because: ${pathWords(hit.path)}`)
  if (hit.copies > 0) lines.push(`  said ${hit.copies + 1} times`)
  if (hit.family.length > 0) lines.push(`  also in ${oneLine(hit.family.map(({ id }) => id).join(', '), 200)}`)
  return lines.join('\n')
}

function dataOf({ question, answered, confidence, quotes }: Answer): object {
  const shown = quotes.map(({ text, hit }) => {
    const { id, memory_id, title, kind, source, happened_at_ms, path, score } = hit
    return { quote: text, id, memory_id, title, kind, source, happened_at_ms, path, score }
  })
  return { question, answered, confidence, quotes: shown }
}
