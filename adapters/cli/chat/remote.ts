import { EngineError, reasonOf } from '../../../engine/errors.ts'
import { approvePath, askDaemon, cancelPath, chatPath, memoryPath, streamDaemon } from '../../control.ts'
import type { Question } from '../desk.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Approved, ChatLine, Conversation, PastMessage, ToolView } from './lines.ts'

/** The lines of a daemon; where it breaks off, what to do next is said too. */
export async function* withAdvice(lines: AsyncIterable<ChatLine>, leaving: AbortSignal): AsyncGenerator<ChatLine> {
  try {
    yield* lines
  } catch (thrown) {
    if (leaving.aborted || !(thrown instanceof EngineError) || thrown.code !== 'DAEMON_FAILED') throw thrown
    const advice = 'what was said is kept, and its turn goes on when promethean run is started again'
    throw new CliError(exitCodes.unavailable, `${reasonOf(thrown)}; ${advice}`)
  }
}

/** A conversation with a session of the daemon that holds a data directory. */
export function remoteConversation(directory: string, session: string): Conversation {
  const leaving = new AbortController()
  const post = async (path: string, body: object): Promise<object> => {
    const answer = await askDaemon(directory, path, body, { deadline_ms: 60_000 })
    if (answer !== undefined) return answer
    throw new CliError(exitCodes.unavailable, `the daemon of ${directory} went away; what was said is kept`)
  }
  const ask = (question: Question): Promise<object> => post(memoryPath, question)
  const lines = (body: object): AsyncIterable<ChatLine> =>
    withAdvice(streamDaemon(directory, chatPath, body, leaving.signal) as AsyncIterable<ChatLine>, leaving.signal)
  return {
    session,
    past: async (count) => ((await ask({ ask: 'past', session, count })) as { past: PastMessage[] }).past,
    say: (text) => lines({ session, text }),
    follow: () => lines({ session }),
    approve: async (hash, allow) => (await post(approvePath, { hash, allow })) as Approved,
    cancel: async () => void (await post(cancelPath, { session })),
    tools: async () => ((await ask({ ask: 'tools', session })) as { tools: ToolView[] }).tools,
    close: async () => leaving.abort(),
  }
}
