import type { Engine } from '../../../engine/engine.ts'
import type { ChatDoor } from '../../control.ts'
import type { Deltas } from '../deltas.ts'
import { approve, cancel, openSession } from './desk.ts'
import { follow, talk } from './talk.ts'

/** The daemon's side of conversations over the control channel. */
export function chatDoorOf(engine: Engine, deltas: Deltas): ChatDoor {
  return {
    say: async (session, text, signal) => {
      await engine.flushed()
      await openSession(engine, session)
      const means = { engine, deltas, signal }
      return text === undefined ? follow(means, session) : talk(means, session, text)
    },
    approve: (hash, allow) => approve(engine, hash, allow),
    cancel: (session) => cancel(engine, session),
  }
}
