import { approvePath, askDaemon, cancelPath, chatPath, memoryPath, streamDaemon } from '../../control.ts'
import type { Question } from '../desk.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Approved, ChatLine, Conversation, PastMessage, ToolView } from './lines.ts'

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
    streamDaemon(directory, chatPath, body, leaving.signal) as AsyncIterable<ChatLine>
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
