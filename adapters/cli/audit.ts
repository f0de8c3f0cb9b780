import type { Arguments } from './arguments.ts'
import type { Audit, Rate } from './desk/audit.ts'
import { atDesk } from './desk/client.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { counted } from './progress.ts'
import { columns, percent } from './words.ts'

/** `promethean audit`: what is wrong with memory as a whole. */
export async function audit(args: Arguments): Promise<ExitCode> {
  const found = (await atDesk(configOf(args, args.words[0]), 'reading', (ask) => ask({ ask: 'audit' }))) as Audit
  process.stdout.write(args.json ? `${JSON.stringify(found)}\n` : `${auditWords(found)}\n`)
  return exitCodes.ok
}

function auditWords(found: Audit): string {
  const rate = (name: string, { count, rate: share }: Rate, meaning: string): string[] => [
    name,
    counted(count).padStart(9),
    percent(share).padStart(8),
    meaning,
  ]
  const table = columns([
    ['memories', counted(found.memories).padStart(9), '', ''],
    rate('exact duplicates', found.exact_duplicates, 'said or delivered again, kept once'),
    rate('near duplicates', found.near_duplicates, 'much the same as another document'),
    rate('recall loops', found.recall_loops, "the agent's own words read back"),
    rate('orphans', found.orphans, 'mention nothing, and nobody said them anywhere'),
    rate('alone', found.alone, 'share no key with another'),
    rate('stale', found.stale, 'not used for ninety days'),
    ['hidden text', counted(found.hidden_text).padStart(9), '', 'with characters that nobody sees'],
    ['cut', counted(found.cut).padStart(9), '', 'too long to be read whole'],
  ])
  if (found.secrets.length === 0) return `${table}\nno secrets found`
  const secrets = found.secrets.map(({ kind, count, memory_ids }) => {
    const more = count > memory_ids.length ? ', …' : ''
    return [`  ${kind}`, `${count}`, `in ${memory_ids.map((id) => `#${id}`).join(', ')}${more}`]
  })
  return `${table}\n\nThese look like secrets; promethean memory forget ID removes one:\n${columns(secrets)}`
}
