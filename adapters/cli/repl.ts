import { createInterface } from 'node:readline'
import { type REPLServer, Recoverable, start } from 'node:repl'
import { PassThrough } from 'node:stream'
import { format, inspect } from 'node:util'
import { EngineError } from '../../engine/errors.ts'
import type { Arguments } from './arguments.ts'
import { printable } from './diff.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'
import { configOf } from './inspect.ts'
import { toolsOn } from './repl/context.ts'
import { openSource, type Source } from './repl/source.ts'

/**
 * `promethean repl`: JavaScript on the running daemon or the record at rest, read-only. On a terminal a prompt; from a pipe each
 * statement is run in its turn, and 1 says that one of them threw.
 */
export async function repl(args: Arguments): Promise<ExitCode> {
  const source = await openSource(configOf(args, args.notes))
  return promptOn(source, source.live ? 'the running daemon' : 'the record at rest')
}

/** A prompt on a source, which it closes when it is left. @param kind what it is on, in words */
export async function promptOn(source: Source, kind: string): Promise<ExitCode> {
  const print = (text: string): void => void process.stdout.write(`${lines(text)}\n`)
  const tools = toolsOn(source, print, shown)
  const names = { ...tools.names, console: consoleOf(print) }
  try {
    if (!process.stdin.isTTY) return (await fromPipe(names)) ? exitCodes.ok : exitCodes.failed
    print(`promethean on ${kind}, read-only; help() lists what there is, .exit leaves`)
    await atPrompt(names)
    return exitCodes.ok
  } finally {
    tools.end()
    await source.close()
  }
}

/** A value as a terminal may show it: texts are in quotes, and nothing is left that a terminal would obey. */
export function shown(value: unknown): string {
  // Of a refusal the words are enough; where in this program it was made is of no use at the prompt.
  if (value instanceof EngineError || value instanceof CliError) return lines(value.message)
  return lines(inspect(value, { depth: 6, maxArrayLength: 100, maxStringLength: 4_000, breakLength: 100 }))
}

function lines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function consoleOf(print: (text: string) => void): object {
  const say = (...values: unknown[]): void => print(format(...values))
  return { log: say, info: say, warn: say, error: say, dir: (value: unknown) => print(shown(value)) }
}

async function atPrompt(names: object): Promise<void> {
  const server = start({ prompt: 'promethean> ', useGlobal: false, preview: false, writer: shown })
  equip(server, names)
  await new Promise<void>((resolve) => server.on('exit', resolve))
}

/**
 * Runs the lines of a pipe one after the other, each once what the one before waited for is there: the prompt that comes back,
 * which is not shown, is the sign. True when nothing was thrown.
 */
async function fromPipe(names: object): Promise<boolean> {
  const input = new PassThrough()
  const output = new PassThrough({ encoding: 'utf8' })
  let good = true
  let begun = false
  output.on('data', (text: string) => {
    // Values are written by `shown`, which puts texts in quotes: only the prompt itself begins like this.
    if (text.startsWith('Uncaught')) good = false
    ;(text.startsWith('Uncaught') ? process.stderr : process.stdout).write(text)
  })
  const server = start({
    input,
    output,
    prompt: '',
    terminal: false,
    useGlobal: false,
    ignoreUndefined: true,
    writer: shown,
  })
  equip(server, names, (thrown) => {
    begun = thrown instanceof Recoverable
  })
  let ready = Promise.withResolvers<void>()
  const gone = new Promise<void>((resolve) => server.on('exit', resolve))
  server.displayPrompt = () => ready.resolve()
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    ready = Promise.withResolvers<void>()
    input.write(`${line}\n`)
    const left = await Promise.race([ready.promise, gone.then(() => true)])
    if (left === true) return good
  }
  input.end()
  await gone
  if (begun) process.stderr.write('Uncaught SyntaxError: the last statement has no end\n')
  return good && !begun
}

/** Gives a prompt its names, after `.clear` too, and has it wait for answers before it shows them. `ended` hears how each try ended. */
function equip(server: REPLServer, names: object, ended: (thrown: unknown) => void = () => undefined): void {
  const fill = (): void => void Object.assign(server.context, names)
  fill()
  server.on('reset', fill)
  const evaluate = server.eval
  const awaiting: typeof evaluate = function (this: REPLServer, code, context, file, done) {
    evaluate.call(this, code, context, file, (thrown, value: unknown) => {
      ended(thrown)
      if (thrown !== null || !isPromise(value)) return done(thrown, value)
      value.then(
        (answer) => done(null, answer),
        (reason: unknown) => done(reason instanceof Error ? reason : new Error(String(reason)), undefined),
      )
    })
  }
  Object.defineProperty(server, 'eval', { value: awaiting })
}

/** Also for promises of the prompt's own realm. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
