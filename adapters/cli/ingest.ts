import { createReadStream, existsSync, statSync } from 'node:fs'
import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import { silent } from '../../engine/flow/adapter.ts'
import { defaultLimits } from '../../engine/limits.ts'
import { askDaemon, ingestPath, memoryPath } from '../control.ts'
import { errnoOf } from '../inspector/errno.ts'
import type { Arguments } from './arguments.ts'
import { compose } from './compose.ts'
import { type Config, loadConfig } from './config.ts'
import { type Counts, type Desk, deskOf } from './desk.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { readAheadBlocks, unread } from './ingest/ahead.ts'
import { type Block, blocksOf, chunk_bytes } from './ingest/blocks.ts'
import { Findings } from './ingest/findings.ts'
import { type Ahead, type Loaded, type LoadRules, load, overlong } from './ingest/loader.ts'
import { rulesOf } from './ingest/rules.ts'
import { type Pending, summaryWords, Total } from './ingest/summary.ts'
import { openForOrder } from './open.ts'
import { counted, Progress } from './progress.ts'

/** Who takes the lines in: the daemon, or an engine of this process. */
type Taker = {
  load(lines: Buffer, ahead?: Ahead): Promise<Loaded>
  /** What a line may say, where it is read in this process: then its text can be read ahead. */
  readonly rules?: LoadRules
  /** Everything so far is durable. */
  settled(): Promise<void>
  ask: Desk['answer']
  close(): Promise<void>
}

const wait_ms = 1_000
const deadline_ms = 600_000

/** `promethean ingest`: events from files or standard input; returns when all of them are durable and can be found. */
export async function ingest(args: Arguments): Promise<ExitCode> {
  const files = args.words
  if (files.length === 0) throw new CliError(exitCodes.usage, 'ingest needs files of events, or - for standard input')
  const bytes_all = sizeOf(files)
  const config = loadConfig(args, args.notes)
  const stop = onInterrupt()
  const taker = (await daemonTaker(config)) ?? (await ownTaker(config))
  const progress = new Progress({ out: process.stderr, bytes_all, shown: !args.json })
  const total = new Total()
  try {
    const before = (await taker.ask({ ask: 'counts' })) as Counts
    for (const file of files) await takeFile(file, taker, { total, progress, stop, config })
    progress.say('everything is in; waiting until it is durable and indexed')
    await taker.settled()
    const pending = await untilIndexed(taker, progress, stop)
    const after = (await taker.ask({ ask: 'counts' })) as Counts
    progress.end()
    const summary = total.summary(before, after, { pending, elapsed_ms: progress.elapsed_ms, stopped: stop.aborted })
    process.stdout.write(args.json ? `${JSON.stringify(summary)}\n` : `${summaryWords(summary, config.data)}\n`)
    return stop.aborted ? exitCodes.failed : summary.refused_count > 0 ? exitCodes.data : exitCodes.ok
  } finally {
    progress.end()
    await taker.close()
  }
}

type Course = {
  readonly total: Total
  readonly progress: Progress
  readonly stop: AbortSignal
  readonly config: Config
}

/** All lines of one file, in order; an interrupt ends it between two runs of lines. */
async function takeFile(file: string, taker: Taker, { total, progress, stop, config }: Course): Promise<void> {
  if (stop.aborted) return
  const line_bytes_max = lineBytesMax(config)
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: chunk_bytes })
  const leave = (): void => void source.destroy()
  stop.addEventListener('abort', leave)
  total.begin(file)
  try {
    const blocks = blocksOf(source as AsyncIterable<Buffer>, line_bytes_max)
    // What comes through a pipe may come slowly: nothing of it waits for more.
    const ready = taker.rules === undefined || file === '-' ? unread(blocks) : readAheadBlocks(blocks, taker.rules)
    for await (const { block, ...ahead } of ready) {
      total.add(
        block,
        block.lines === undefined ? overlongLine(block, line_bytes_max) : await taker.load(block.lines, ahead),
      )
      progress.tell(total.bytes, total.read)
      if (stop.aborted) return
    }
  } catch (thrown) {
    // An interrupt may come while the next chunk is awaited; then the stream ends before its time.
    if (stop.aborted && errnoOf(thrown) === 'ERR_STREAM_PREMATURE_CLOSE') return
    const isRead = thrown instanceof Error && 'syscall' in thrown
    if (isRead) throw new CliError(exitCodes.io, `${file} cannot be read: ${reasonOf(thrown)}`)
    throw thrown
  } finally {
    stop.removeEventListener('abort', leave)
  }
}

/** A line that was read past, as if it had been looked at. */
function overlongLine({ overlong_bytes }: Block, line_bytes_max: number): Loaded {
  const refused = new Findings()
  refused.add({ line: 1, ...overlong(overlong_bytes, line_bytes_max) })
  return { lines: 1, read: 0, refused: refused.data(), changed: new Findings().data() }
}

function lineBytesMax(config: Config): number {
  return config.limits.event_bytes_max ?? defaultLimits.event_bytes_max
}

/** How many bytes there are in all; 0 when nobody knows. @throws CliError 65 for a file that is none */
function sizeOf(files: readonly string[]): number {
  let bytes = 0
  for (const file of files) {
    if (file === '-') return 0
    if (!existsSync(file)) throw new CliError(exitCodes.data, `there is no file ${file}`)
    const stat = statSync(file)
    if (stat.isDirectory()) throw new CliError(exitCodes.data, `${file} is a folder; name files of lines of JSON`)
    bytes += stat.size
  }
  return bytes
}

async function daemonTaker(config: Config): Promise<Taker | undefined> {
  if ((await askDaemon(config.data, '/api/status')) === undefined) return undefined
  const ask = async (path: string, body: object | Uint8Array): Promise<object> => {
    const answer = await askDaemon(config.data, path, body, { deadline_ms })
    if (answer === undefined) throw new CliError(exitCodes.unavailable, away(config))
    return answer
  }
  return {
    load: async (lines) => (await ask(ingestPath, lines)) as Loaded,
    settled: async () => void (await ask(memoryPath, { ask: 'settled' })),
    ask: (question) => ask(memoryPath, question as object),
    close: () => Promise.resolve(),
  }
}

function away({ data }: Config): string {
  return `the daemon of ${data} went away; give the same files again, what went in is known`
}

async function ownTaker(config: Config): Promise<Taker> {
  const { parts } = await compose(config)
  const { engine, search } = await openForOrder(config, silent)
  const rules = rulesOf(parts, lineBytesMax(config))
  const desk = deskOf(engine, search)
  await engine.start()
  return {
    load: (lines, ahead) => loadInto(engine, lines, { rules, ahead }),
    rules,
    settled: () => engine.flushed(),
    ask: (question) => desk.answer(question),
    close: () => engine.stop(),
  }
}

/** What ends an engine is a better answer than that it has ended. */
async function loadInto(
  engine: Engine,
  lines: Buffer,
  { rules, ahead }: { rules: LoadRules; ahead: Ahead | undefined },
) {
  try {
    return await load(engine, lines, rules, ahead)
  } catch (thrown) {
    if (engine.health !== 'failed') throw thrown
    throw (await engine.finished) ?? thrown
  }
}

async function untilIndexed(taker: Taker, progress: Progress, stop: AbortSignal): Promise<Pending> {
  for (;;) {
    const { pending } = (await taker.ask({ ask: 'complete', wait_ms })) as { pending: Pending }
    if ((pending.lexical === 0 && pending.vectors === 0) || stop.aborted) return pending
    progress.say(
      `indexing: ${counted(pending.lexical)} memories by their words, ${counted(pending.vectors)} by meaning`,
    )
  }
}

/** The first interrupt ends the reading in good order; the second ends the process. */
function onInterrupt(): AbortSignal {
  const stopper = new AbortController()
  process.once('SIGINT', () => stopper.abort())
  return stopper.signal
}
