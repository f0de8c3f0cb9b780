import type { Frame, Hello } from '../inspector/shapes.ts'
import type { Arguments } from './arguments.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { Averages } from './top/averages.ts'
import { drawn } from './top/draw.ts'
import { feed, type Told } from './top/feed.ts'
import { openScreen } from './top/screen.ts'

const pageSize = { columns: 100, rows: 60 }
const keysLine = 'q quits, p pauses the display'
/** Frames that are waited for before one is shown alone: a rate needs two. */
const framesForOne = 2

/**
 * `promethean top`: how the running daemon stands, live on a terminal. Elsewhere, and with `--once`, one look as text; with `--json`
 * every frame as a line.
 */
export async function top(args: Arguments): Promise<ExitCode> {
  const { data } = configOf(args, args.notes)
  const ending = new AbortController()
  const told = feed(data, '', ending.signal)
  const onTerminal = process.stdin.isTTY && process.stdout.isTTY
  try {
    if (args.json) await printJson(told, args.once)
    else if (args.once || !onTerminal) await printOnce(told)
    else await live(told, ending)
    return exitCodes.ok
  } finally {
    ending.abort()
  }
}

/** Every frame as a line of JSON until the reader or the daemon leaves; with `once` the first. */
async function printJson(told: AsyncIterable<Told>, once: boolean): Promise<void> {
  const gone = new Promise<boolean>((resolve) => process.stdout.once('error', () => resolve(true)))
  for await (const each of told) {
    if (each.kind !== 'frame') continue
    const left = await Promise.race([written(`${JSON.stringify(each.frame)}\n`), gone])
    if (once || left) return
  }
}

/** Waits while nobody reads: the daemon then drops what nobody wants, and this ends. Resolves with false. */
function written(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve(false))
  })
}

async function printOnce(told: AsyncIterable<Told>): Promise<void> {
  const averages = new Averages()
  let hello: Hello | undefined
  let frames = 0
  for await (const each of told) {
    if (each.kind === 'hello') hello = each.hello
    else if (hello !== undefined) {
      averages.add(each.frame, performance.now())
      if (++frames < framesForOne && !each.frame.paused) continue
      process.stdout.write(`${drawn(hello, each.frame, averages, pageSize).join('\n')}\n`)
      return
    }
  }
  throw new CliError(exitCodes.unavailable, 'the daemon ended before it had said how it stands')
}

/** Draws each frame until q, Ctrl-C, or the daemon's end. */
async function live(told: AsyncIterable<Told>, ending: AbortController): Promise<void> {
  const averages = new Averages()
  let hello: Hello | undefined
  let newest: Frame | undefined
  let held = false
  const draw = (): void => {
    if (hello === undefined || newest === undefined) return
    const { columns, rows } = screen.size
    const lines = drawn(hello, newest, averages, { columns, rows: rows - 1 })
    screen.show([...lines, (held ? 'the display is paused, p goes on; q quits' : keysLine).slice(0, columns)])
  }
  const onKey = (key: string): void => {
    if (key === 'q' || key === 'Q' || key === '\u0003') ending.abort()
    if (key !== 'p' && key !== 'P') return
    held = !held
    draw()
  }
  const onSignal = (): void => ending.abort()
  const screen = openScreen(process.stdin, process.stdout, { onKey, onSize: draw })
  process.on('SIGTERM', onSignal)
  try {
    for await (const each of told) {
      if (each.kind === 'hello') hello = each.hello
      else {
        // While the display is held the numbers go on, so that nothing jumps when it moves again.
        averages.add(each.frame, performance.now())
        if (held) continue
        newest = each.frame
        draw()
      }
    }
  } finally {
    process.off('SIGTERM', onSignal)
    screen.leave()
  }
  if (!ending.signal.aborted) throw new CliError(exitCodes.unavailable, 'the daemon has ended')
}
