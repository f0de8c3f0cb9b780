import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import { silent } from '../../../engine/flow/adapter.ts'
import type { Event } from '../../../engine/flow/event.ts'
import { askDaemon, memoryPath } from '../../control.ts'
import { parsed, refusalOf } from '../../inspector/ask.ts'
import { look } from '../../inspector/routes.ts'
import type { SearchAdapter } from '../../search.ts'
import type { Config } from '../config.ts'
import type { Asking } from '../desk/client.ts'
import { deskOf } from '../desk.ts'
import { CliError, exitCodes } from '../exit.ts'
import { openForRecall } from '../open.ts'
import { feed } from '../top/feed.ts'
import { viewOf } from '../view.ts'

/** Where the prompt gets its answers: a running daemon, or the record at rest. Neither can be changed through it. */
export type Source = {
  /** True for a daemon; a record at rest has no events to come. */
  readonly live: boolean
  readonly ask: Asking
  /** What a place of the inspector's API answers. @throws EngineError with the code of its refusal */
  place(path: string): Promise<object>
  /** Gives events as they come, until the signal ends it. @throws EngineError ENGINE_STATE at rest, DAEMON_FAILED */
  tap(pattern: string, hear: (event: Event) => void, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

const deadline_ms = 600_000

/** The daemon of the config's data directory where one runs, else its record, opened for looking only. */
export async function openSource(config: Config): Promise<Source> {
  const daemon = (await askDaemon(config.data, '/api/status')) !== undefined
  return daemon ? ofDaemon(config.data) : ofRecord(config)
}

function ofDaemon(data: string): Source {
  const there = (answer: object | undefined): object => {
    if (answer !== undefined) return answer
    throw new CliError(exitCodes.unavailable, `the daemon of ${data} went away; start the prompt again`)
  }
  return {
    live: true,
    ask: async (question) => there(await askDaemon(data, memoryPath, question, { deadline_ms })),
    place: async (path) => there(await askDaemon(data, path, undefined, { deadline_ms })),
    async tap(pattern, hear, signal) {
      for await (const told of feed(data, `tap=${encodeURIComponent(pattern)}`, signal)) {
        if (told.kind === 'frame') for (const event of told.frame.events) hear(event)
      }
    },
    close: () => Promise.resolve(),
  }
}

async function ofRecord(config: Config): Promise<Source> {
  const { engine, search } = await openForRecall(config, silent)
  return sourceOn(engine, search)
}

/** An engine that only looks as a source; closing the source closes it. */
export function sourceOn(engine: Engine, search: SearchAdapter): Source {
  const desk = deskOf(engine, search)
  const view = viewOf(engine, search)
  return {
    live: false,
    ask: (question) => desk.answer(question),
    async place(target) {
      const [path = '', query = ''] = target.split('?')
      const { status, text } = await look(view, { path, query }, silent)
      const answer = parsed(text) ?? {}
      if (status >= 400) throw refusalOf((answer as { error?: unknown }).error, status)
      return answer
    },
    tap: () =>
      Promise.reject(new EngineError('ENGINE_STATE', 'no daemon runs, so no events come; start promethean run first')),
    async close() {
      await search.stop?.()
      await engine.stop()
    },
  }
}
