import { columns, oneLine } from '../words.ts'
import type { Conversation, MemoryName } from './lines.ts'
import { plain } from './plain.ts'
import { memoryLines } from './words.ts'

const help = `/memories  the memories that lay before the last answer
/tools     the tools of this session
/cancel    end the turn under way (so does Ctrl-C), and drop what waits
/quit      end this conversation (so does Ctrl-D); the session goes on existing
Everything else is said to the agent.`

/** What a line that begins with a slash asks for: a text to show, or the end. Undefined for a line that is to be said. */
export async function command(
  line: string,
  conversation: Conversation,
  memories: readonly MemoryName[],
): Promise<{ readonly text: string; readonly quit: boolean } | undefined> {
  const answer = (text: string, quit = false): { text: string; quit: boolean } => ({ text, quit })
  switch (line.trim()) {
    case '/help':
      return answer(help)
    case '/memories':
      return answer(memoryLines(memories))
    case '/tools': {
      const tools = await conversation.tools()
      const rows = tools.map(({ name, risk, description }) => [name, risk, oneLine(plain(description), 90)])
      return answer(rows.length === 0 ? 'this session has no tools' : columns(rows))
    }
    case '/cancel':
      await conversation.cancel()
      return answer('cancelled')
    case '/quit':
      return answer('', true)
    default:
      return /^\/[a-z]+$/.test(line.trim())
        ? answer(`there is no ${line.trim()}; /help lists what there is`)
        : undefined
  }
}
