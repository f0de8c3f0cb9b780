import type { Engine } from '../../../engine/engine.ts'
import type { Deltas } from '../deltas.ts'
import { approve, cancel, openSession, pastOf, toolsOf } from './desk.ts'
import type { Conversation } from './lines.ts'
import { follow, talk } from './talk.ts'

/** A conversation with an engine of this process, which ends with it. */
export async function localConversation(engine: Engine, deltas: Deltas, session: string): Promise<Conversation> {
  await openSession(engine, session)
  return {
    session,
    past: async (count) => pastOf(engine, session, count),
    say: (text) => talk({ engine, deltas }, session, text),
    follow: () => follow({ engine, deltas }, session),
    approve: (hash, allow) => approve(engine, hash, allow),
    cancel: async () => void (await cancel(engine, session)),
    tools: async () => toolsOf(engine, session),
    close: () => engine.stop(),
  }
}
