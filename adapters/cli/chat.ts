import { existsSync } from 'node:fs'
import type { Log } from '../../engine/flow/adapter.ts'
import { agentsOf } from '../../systems/agents/policy.ts'
import { askDaemon, memoryPath } from '../control.ts'
import type { Arguments } from './arguments.ts'
import { sessionKey } from './chat/desk.ts'
import { leave } from './chat/leaving.ts'
import type { Conversation } from './chat/lines.ts'
import { localConversation } from './chat/local.ts'
import { converseInPipes } from './chat/pipe.ts'
import { remoteConversation } from './chat/remote.ts'
import { converseAtTerminal } from './chat/terminal.ts'
import { type Config, loadConfig } from './config.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { ignoreInGit } from './git-ignore.ts'
import { openLog } from './log.ts'
import { openForChat } from './open.ts'

/** `promethean chat [SESSION]`: a conversation in the terminal, or line by line through pipes. */
export async function chat(args: Arguments): Promise<ExitCode> {
  const config = loadConfig(args, args.notes)
  const isNew = !existsSync(config.data)
  const { stdin, stdout, stderr } = process
  const atTerminal = stdin.isTTY && stdout.isTTY && !args.json
  const conversation = await conversationOf(config, args.words[0], (await openLog('error')).log)
  const forget = endOnSignal(conversation)
  try {
    if (isNew) stderr.write(`What is said here rests in ${config.data}.\n`)
    if (!atTerminal) {
      return await converseInPipes(conversation, { input: stdin, out: stdout, err: stderr, json: args.json })
    }
    const colours = process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb'
    return await converseAtTerminal(conversation, { input: stdin, output: stdout, colours })
  } finally {
    const close = (): Promise<void> => conversation.close()
    const quit = (): void => process.exit(exitCodes.failed)
    if (atTerminal) await leave(close, { input: stdin, signals: process, err: stderr, quit })
    else await close()
    forget()
    // What is still to be read from a terminal or a pipe would keep the process.
    stdin.destroy()
  }
}

/** A closed terminal or a wish to end closes the record in good order. Returns the way to stop listening. */
function endOnSignal(conversation: Conversation): () => void {
  const signals = ['SIGTERM', 'SIGHUP'] as const
  const end = (): void => void conversation.close().finally(() => process.exit(exitCodes.failed))
  for (const signal of signals) process.once(signal, end)
  return () => {
    for (const signal of signals) process.off(signal, end)
  }
}

/** With the daemon where one holds the data directory, else with an engine of this process. */
export async function conversationOf(config: Config, word: string | undefined, log: Log): Promise<Conversation> {
  const asked = await askDaemon(config.data, '/api/status')
  if (asked !== undefined) {
    const answer = await askDaemon(config.data, memoryPath, { ask: 'session', word: word ?? '' })
    return remoteConversation(config.data, (answer as { session: string }).session)
  }
  const { engine, deltas } = await openForChat(config, log)
  ignoreInGit(config)
  try {
    await engine.start()
    // Which sessions there are is known once the config's policy is in force.
    await engine.flushed()
    return await localConversation(engine, deltas, sessionKey(agentsOf(engine), word))
  } catch (thrown) {
    await engine.stop()
    throw thrown
  }
}
