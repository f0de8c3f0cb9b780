import { cpSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Engine } from '../../engine/engine.ts'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { ConfigSet } from '../../systems/events.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import { policyPayload } from '../../systems/sentinel/policy.ts'
import { type ChatDoor, control, type MemoryDoor } from '../control.ts'
import type { FsAdapter } from '../fs.ts'
import { type Inspector, type InspectorOptions, inspector, type View } from '../inspector.ts'
import type { SearchAdapter } from '../search.ts'
import type { Arguments } from './arguments.ts'
import { chatDoorOf } from './chat/door.ts'
import { compose } from './compose.ts'
import type { DiscordAdapter } from './compose-discord.ts'
import { type Config, defaultNotes, loadConfig } from './config.ts'
import { type Desk, deskOf, doorOf } from './desk.ts'
import { CliError, type ExitCode, exitCodeOf, exitCodes } from './exit.ts'
import { ignoreInGit } from './git-ignore.ts'
import { openLog } from './log.ts'
import { openAfter } from './mcp/hand-over.ts'
import { mcpHandler } from './mcp/handler.ts'
import { openDaemon } from './open.ts'
import { inviteQuestions } from './prompt.ts'
import { Report } from './report.ts'
import { secrets } from './secrets.ts'
import { upkeep } from './upkeep.ts'
import { viewOf } from './view.ts'

type Service = { close(): Promise<void> }
type Doors = { readonly memory: MemoryDoor; readonly chat: ChatDoor }

/** `promethean run`: the daemon, or with `--once` one pass over the notes. */
export async function run(args: Arguments): Promise<ExitCode> {
  // A hangup while everything is still being opened must not end the process; the config is being read anyway.
  if (!onTerminal()) process.on('SIGHUP', () => undefined)
  const place = placeOf(args)
  const config = loadConfig(place.sample ? { ...args, write: true } : args, place.folder)
  const { log } = await openLog(config.level)
  warn(config, args, log)
  refuseMissing(config.notes)
  const { engine, files, search, deltas, discord } = await openAfter(config.data, () =>
    openDaemon(config, { log, watch: !args.once }),
  )
  ignoreInGit(config)
  const report = new Report(engine, {
    json: args.json,
    diffs: place.sample,
    out: process.stdout,
  })
  if (place.sample)
    report.say(`There is no ${defaultNotes}, so this works on a scratch copy of the sample notes: ${config.notes}`)
  const services: Service[] = []
  const signalled = stopOnSignal(engine, services, log)
  if (!onTerminal()) reloadOnSignal(engine, args, place.folder, log)
  try {
    if (!args.once) {
      const doors = { memory: await doorOf(engine, search, config, discord), chat: chatDoorOf(engine, deltas) }
      const write = args.inspector_write
      services.push(...(await serve(engine, doors, { config, log, search, discord, write })))
    }
    await engine.start()
    if (!args.once) services.push(upkeep(engine, config, log))
  } catch (thrown) {
    await end(engine, services)
    // A signal that comes before everything has started is obeyed too: what it interrupts is no failure.
    if (!signalled.asked()) throw thrown
  }
  if (!args.once)
    report.say(
      `Watching ${config.notes}${config.policy.write ? '' : ' (read only; --write lets it repair)'}. Ctrl-C ends.`,
    )
  report.live()
  const quiet = untilQuiet(engine, files)
  if (!args.once) {
    void quiet.then((error) => {
      report.stand()
      if (error === undefined && !args.json) invite(engine, deskOf(engine, search), { report, services })
    })
  }
  const error = args.once ? await quiet : await engine.finished
  const failed = gaugesOf(engine.world).sentinels_failed
  report.end()
  await end(engine, services)
  signalled.forget()
  if (error !== undefined) return exitCodeOf(error)
  return args.once && args.strict && failed > 0 ? exitCodes.data : exitCodes.ok
}

/** Where a person sits at the terminal, questions are taken once the notes are known. */
function invite(engine: Engine, desk: Desk, { report, services }: { report: Report; services: Service[] }): void {
  if (engine.health !== 'ok') return
  report.still()
  const terminal = { input: process.stdin, output: process.stdout }
  const prompt = inviteQuestions(desk, terminal, {
    ended: () => report.live(),
    // The terminal hands Ctrl-C to the prompt as a key; it is meant for the daemon.
    interrupted: () => void process.kill(process.pid, 'SIGINT'),
  })
  if (prompt === undefined) report.live()
  else services.push(prompt)
}

/** Which folder is meant: the one that was named, or a scratch copy of the samples where that was asked for. */
function placeOf(args: Arguments): { folder: string | undefined; sample: boolean } {
  const named = args.words[0] ?? args.notes
  if (named !== undefined || !args.sample || args.config !== undefined) return { folder: named, sample: false }
  if (existsSync(defaultNotes) || existsSync('promethean.yaml')) return { folder: undefined, sample: false }
  const scratch = mkdtempSync(join(tmpdir(), 'promethean-notes-'))
  cpSync(sampleNotes(), scratch, { recursive: true })
  return { folder: scratch, sample: true }
}

/** The sample notes lie beside the sources, and one folder further up when this is the built package. */
function sampleNotes(): string {
  const candidates = ['../../test/examples/notes', '../../../test/examples/notes']
  const found = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path))
  if (found === undefined)
    throw new CliError(exitCodes.unavailable, 'the sample notes are missing from this installation')
  return found
}

function refuseMissing(notes: string): void {
  if (existsSync(notes) && statSync(notes).isDirectory()) return
  throw new CliError(
    exitCodes.config,
    `${notes} is ${existsSync(notes) ? 'a file' : 'not there'}; name your notes folder: promethean run DIR`,
  )
}

function warn(config: Config, args: Arguments, log: Log): void {
  if (config.warnings.length === 0) return
  if (args.strict) throw new CliError(exitCodes.config, config.warnings.join('\n'))
  for (const warning of config.warnings) log.warn({}, warning)
}

type Served = {
  readonly config: Config
  readonly log: Log
  readonly search: SearchAdapter
  readonly discord: DiscordAdapter | undefined
  /** Whether the inspector takes debug orders. */
  readonly write: boolean
}

/** The control channel and the inspector; when the port is taken, neither stays open. */
async function serve(
  engine: Engine,
  doors: Doors,
  { config, log, search, discord, write }: Served,
): Promise<Service[]> {
  const view = viewOf(engine, search, discord)
  const channel = await control(view, config.data, { log, ...doors })
  const token_file = join(config.data, 'inspector.token')
  try {
    const mcp = mcpHandler(doors.memory, config.mcp, log)
    const handlers = { '/mcp': mcp.handle }
    const page = await openInspector(view, config.port, { token_file, log, write, handlers })
    secrets.add('inspector.token', readFileSync(token_file, 'utf8').trim())
    log.info({ port: page.port, token_file }, `inspector on http://127.0.0.1:${page.port}`)
    return [mcp, page, channel]
  } catch (thrown) {
    await channel.close()
    throw thrown
  }
}

const usualPort = 4242

/** On the port that was asked for; where none was, a second daemon finds another by itself. */
async function openInspector(
  view: View,
  port: number | undefined,
  options: Omit<InspectorOptions, 'port'>,
): Promise<Inspector> {
  if (port !== undefined) return inspector(view, { ...options, port })
  try {
    return await inspector(view, { ...options, port: usualPort })
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== 'LISTEN_FAILED') throw thrown
    return inspector(view, { ...options, port: 0 })
  }
}

/** Services first: while they answer, there is an engine to answer for. */
async function end(engine: Engine, services: readonly Service[]): Promise<void> {
  await Promise.all(services.map((service) => service.close()))
  await engine.stop()
}

/** Resolves when the first scan is in and nothing is open any more, or with the error that ended the engine. */
async function untilQuiet(engine: Engine, files: FsAdapter): Promise<unknown> {
  const ended = engine.finished.then((error) => ({ error }))
  const scanned = await Promise.race([files.scanned, ended])
  if (scanned !== undefined) return scanned.error
  while (engine.health === 'ok' || engine.health === 'store_full') {
    if (engine.quiet && gaugesOf(engine.world).sentinels_pending === 0) return undefined
    await sleep(5)
  }
  return (await ended).error
}

/** A signal to the whole group comes twice when a wrapper passes it on; that is one wish to end, not two. */
const oneWish_ms = 500
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Whether a person watches: then a hangup means that the terminal was closed, and the daemon ends with it. */
function onTerminal(): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
}

/** The first signal ends in good order, the second at once; nothing that was committed is lost either way. */
function stopOnSignal(engine: Engine, services: readonly Service[], log: Log): { asked(): boolean; forget(): void } {
  let asked_ms: number | undefined
  const onSignal = (): void => {
    if (asked_ms !== undefined && performance.now() - asked_ms > oneWish_ms) process.exit(exitCodes.ok)
    if (asked_ms !== undefined) return
    asked_ms = performance.now()
    end(engine, services).catch((thrown: unknown) =>
      log.error({ reason: reasonOf(thrown) }, 'the engine did not end well'),
    )
  }
  const signals = onTerminal() ? endSignals : endSignals.filter((signal) => signal !== 'SIGHUP')
  for (const signal of signals) process.on(signal, onSignal)
  return {
    asked: () => asked_ms !== undefined,
    forget: () => {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

/** SIGHUP reads the config again; the policy takes effect at once, everything else at the next start. */
function reloadOnSignal(engine: Engine, args: Arguments, folder: string | undefined, log: Log): void {
  process.on('SIGHUP', () => {
    reload().catch((thrown: unknown) => {
      log.error({ reason: reasonOf(thrown) }, 'the config was not reloaded; the old one stays in force')
    })
  })
  async function reload(): Promise<void> {
    const { policy } = await compose(loadConfig(args, folder))
    const payload = { policy: policyPayload(policy) }
    await engine.ingest({ type: ConfigSet.name, source: { kind: 'config' }, payload })
    log.info({}, 'the policy was reloaded; everything else in the config takes effect at the next start')
  }
}
