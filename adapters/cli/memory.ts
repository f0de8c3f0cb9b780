import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { reasonOf } from '../../engine/errors.ts'
import type { Arguments } from './arguments.ts'
import type { Config } from './config.ts'
import { type Asking, atDesk } from './desk/client.ts'
import type { ExportPage } from './desk/export.ts'
import type { MemoryView } from './desk/memory.ts'
import type { OrderAnswer } from './desk/order.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { block, columns, momentOf, oneLine } from './words.ts'

const done = { forget: 'forgotten', pin: 'pinned', unpin: 'no longer pinned' } as const
const isOrder = (word: string): word is keyof typeof done => Object.hasOwn(done, word)

/** `promethean memory show|forget|pin|unpin ID`, and `memory export`. */
export async function memory(args: Arguments): Promise<ExitCode> {
  const [order = '', id] = args.words
  if (order === 'export') return exportAll(args, configOf(args, args.notes))
  if (order !== 'show' && !isOrder(order)) {
    const given = order === '' ? 'nothing' : order
    throw new CliError(exitCodes.usage, `memory takes show, forget, pin, unpin or export, not ${given}`)
  }
  if (id === undefined) throw new CliError(exitCodes.usage, `memory ${order} needs the ID of a memory`)
  const config = configOf(args, args.notes)
  return isOrder(order) ? obey(args, config, order, id) : show(args, config, id)
}

async function show(args: Arguments, config: Config, id: string): Promise<ExitCode> {
  const { memory } = (await atDesk(config, 'reading', (ask) => ask({ ask: 'show', id }))) as {
    memory: MemoryView | null
  }
  if (memory === null) throw notFound(id)
  process.stdout.write(args.json ? `${JSON.stringify(memory)}\n` : `${memoryWords(memory)}\n`)
  return exitCodes.ok
}

/** What is said where an ID names nothing. */
export function notFound(id: string): CliError {
  return new CliError(exitCodes.data, `no memory is known as ${printable(id)}`)
}

async function obey(args: Arguments, config: Config, order: keyof typeof done, id: string): Promise<ExitCode> {
  const answer = (await atDesk(config, 'ordering', (ask) => ask({ ask: 'order', order, id }))) as OrderAnswer
  if (args.json) process.stdout.write(`${JSON.stringify(answer)}\n`)
  else process.stdout.write(`${printable(id)}: ${answer.done ? done[order] : `not ${done[order]}: ${answer.reason}`}\n`)
  return answer.done ? exitCodes.ok : exitCodes.data
}

/** A memory for people: what is known of it, then its text. */
export function memoryWords(memory: MemoryView): string {
  const { source, tags, copies, marks } = memory
  const where = [source.kind, source.channel, source.thread].filter((part) => part !== undefined && part !== '')
  const facts: [name: string, value: string][] = [
    ['memory', `#${memory.memory_id}, ${memory.kind}${memory.pinned ? ', pinned' : ''}, ${memory.state}`],
    ['id', memory.id],
    ['title', memory.title],
    ['author', source.author ?? ''],
    ['source', where.join(', ')],
    ['trust', memory.trust],
    ['happened', momentOf(memory.happened_at_ms)],
    ['stored', momentOf(memory.stored_at_ms)],
    ['tags', tags.join(', ')],
    ['said', copies > 0 ? `${copies + 1} times, last ${momentOf(memory.copied_at_ms)}` : ''],
    ['used', memory.usage_total > 0 ? `${memory.usage_total} times, last ${momentOf(memory.used_at_ms)}` : 'never'],
    ['stands for it', memory.replaced_by > 0 ? `#${memory.replaced_by}` : ''],
    ['marks', marks.join(', ')],
  ]
  const rows = facts.filter(([, value]) => value !== '').map(([name, value]) => [name, oneLine(value, 400)])
  const text = memory.state === 'forgotten' ? '(its text is gone)' : memory.text
  return `${columns(rows)}\n\n${block(text, '  ')}`
}

/** All memories as lines of events, to a file that appears whole, or to standard output. */
async function exportAll(args: Arguments, config: Config): Promise<ExitCode> {
  const { out } = args
  let count = 0
  const copy = async (ask: Asking, write: (text: string) => void | Promise<void>): Promise<void> => {
    for (let from = 1; from > 0; ) {
      const { events, next } = (await ask({ ask: 'export', from })) as ExportPage
      if (events.length > 0) await write(`${events.map((event) => JSON.stringify(event)).join('\n')}\n`)
      count += events.length
      from = next
    }
  }
  await atDesk(config, 'reading', (ask) =>
    out === undefined ? copy(ask, toOutput) : toFile(out, (to) => copy(ask, to)),
  )
  if (out === undefined) return exitCodes.ok
  process.stdout.write(args.json ? `${JSON.stringify({ out, memories: count })}\n` : `${count} memories in ${out}\n`)
  return exitCodes.ok
}

/** Waits while nobody reads: an export may be larger than memory. */
function toOutput(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
}

async function toFile(path: string, copy: (write: (text: string) => void) => Promise<void>): Promise<void> {
  const aside = `${path}.tmp-${process.pid}`
  try {
    const file = openSync(aside, 'w', 0o600)
    try {
      await copy((text) => writeFileSync(file, text))
    } finally {
      closeSync(file)
    }
    renameSync(aside, path)
  } catch (thrown) {
    rmSync(aside, { force: true })
    if (thrown instanceof Error && 'syscall' in thrown) {
      throw new CliError(exitCodes.io, `${path} cannot be written: ${reasonOf(thrown)}`)
    }
    throw thrown
  }
}
