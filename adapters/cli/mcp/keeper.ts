import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, reasonOf } from '../../../engine/errors.ts'
import type { Log } from '../../../engine/flow/adapter.ts'
import { askDaemon, control, memoryPath } from '../../control.ts'
import type { McpDoor, McpQuestion } from '../../mcp.ts'
import { chatDoorOf } from '../chat/door.ts'
import type { Config } from '../config.ts'
import { type Desk, deskOf, doorOf } from '../desk.ts'
import { openForChat } from '../open.ts'
import { viewOf } from '../view.ts'
import { isRelease, releasing } from './hand-over.ts'

/** The record, opened here, with its desk and the socket that others reach it by. */
type Own = { readonly desk: Desk; close(): Promise<void> }

/** After so long without a question the record is given back, so that a daemon or a command can have it. */
const idle_ms = 3_000
/** How long a question looks for somebody who answers: another may just be starting or ending. */
const patience_ms = 20_000
const again_ms = 50
/** So long after the record was given to a daemon nobody here opens it. */
const courtesy_ms = 1_000
/** The longest that one answer may take. */
const deadline_ms = 600_000
/** Questions that are out at once; a daemon serves 64 connections, and others want some. */
const parallelMax = 16
/** Questions that wait for their turn; a client that asks for more at once is told so. */
const waitingMax = 4_096

/**
 * Answers a client's questions by whoever has the record: the daemon where one runs, else this process, which opens it for as
 * long as there are questions and serves the same socket meanwhile. Goes over from one to the other without failing a call;
 * a call may be asked twice then, which every tool bears.
 */
export class Keeper {
  readonly #config: Config
  readonly #log: Log
  #own: Promise<Own> | undefined
  #timer: NodeJS.Timeout | undefined
  #busy = 0
  /** A daemon waits for the record. */
  #wanted = false
  #given_ms = Number.NEGATIVE_INFINITY
  #out = 0
  #waiting: (() => void)[] = []
  #ended = false

  constructor(config: Config, log: Log) {
    this.#config = config
    this.#log = log
  }

  readonly door: McpDoor = async (question, signal) => {
    if (this.#waiting.length >= waitingMax) throw new EngineError('INBOX_FULL', `${waitingMax} calls wait already`)
    if (this.#out >= parallelMax) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#out++
    try {
      signal.throwIfAborted()
      return await this.#ask(question, signal)
    } finally {
      // The place is handed on, or given back.
      const next = this.#waiting.shift()
      if (next === undefined) this.#out--
      else next()
    }
  }

  /** Gives the record back. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#release()
  }

  async #ask(question: McpQuestion, signal: AbortSignal): Promise<object> {
    const until_ms = performance.now() + patience_ms
    for (;;) {
      signal.throwIfAborted()
      if (this.#ended) throw new EngineError('ENGINE_STATE', 'the memory is being closed')
      try {
        return await this.#attempt(question)
      } catch (thrown) {
        if (!isPassing(thrown) || performance.now() > until_ms) throw thrown
        this.#log.debug({ reason: reasonOf(thrown) }, 'MCP: nobody answers yet')
        await sleep(again_ms)
      }
    }
  }

  async #attempt(question: McpQuestion): Promise<object> {
    if (this.#own === undefined) {
      const answer = await askDaemon(this.#config.data, memoryPath, question, { deadline_ms })
      if (answer !== undefined) return answer
    }
    return this.#using((own) => own.desk.answer(question))
  }

  /** Does something with the record open here, and marks it as used until that is done. */
  async #using<T>(use: (own: Own) => Promise<T>): Promise<T> {
    // Else a client that never pauses would keep the record for ever.
    if (this.#wanted || performance.now() - this.#given_ms < courtesy_ms) {
      throw new EngineError('ENGINE_STATE', 'a daemon takes over, and answers in a moment')
    }
    this.#busy++
    clearTimeout(this.#timer)
    try {
      this.#own ??= this.#open()
      const opening = this.#own
      const forget = (): void => {
        if (this.#own === opening) this.#own = undefined
      }
      const own = await opening.catch((thrown: unknown) => {
        forget()
        throw thrown
      })
      return await use(own)
    } finally {
      this.#busy--
      if (this.#busy === 0) this.#restSoon()
    }
  }

  /** Nobody asks any more: the record is given back, at once where a daemon waits for it. */
  #restSoon(): void {
    this.#timer = setTimeout(() => void this.#releaseIdle(), this.#wanted ? 0 : idle_ms)
  }

  /** A daemon starts: it gets the record as soon as nobody asks, and answers from then on. */
  async #handOver(): Promise<object> {
    this.#wanted = true
    clearTimeout(this.#timer)
    if (this.#busy === 0) this.#restSoon()
    return releasing
  }

  async #open(): Promise<Own> {
    const { engine, search, deltas } = await openForChat(this.#config, this.#log)
    try {
      await engine.start()
      const desk = deskOf(engine, search)
      const memory = await doorOf(engine, search, this.#config)
      const others = {
        ...memory,
        answer: (question: unknown) =>
          isRelease(question) ? this.#handOver() : this.#using(() => memory.answer(question)),
        load: (lines: Buffer) => this.#using(() => memory.load(lines)),
      }
      const options = { log: this.#log, memory: others, chat: chatDoorOf(engine, deltas) }
      const socket = await control(viewOf(engine, search), this.#config.data, options)
      const close = async (): Promise<void> => {
        await socket.close()
        await engine.stop()
      }
      void engine.finished.then((error) => {
        if (error === undefined) return
        this.#log.error({ reason: reasonOf(error) }, 'MCP: the record failed; the next question opens it again')
        void this.#releaseIdle(true)
      })
      return { desk, close }
    } catch (thrown) {
      await engine.stop()
      throw thrown
    }
  }

  /** Gives the record back when nobody asks, or at once where it has failed. */
  async #releaseIdle(failed = false): Promise<void> {
    if (this.#busy > 0 && !failed) return
    try {
      await this.#release()
    } catch (thrown) {
      this.#log.error({ reason: reasonOf(thrown) }, 'MCP: the record was not closed well')
    }
  }

  async #release(): Promise<void> {
    const own = this.#own
    if (own === undefined) return
    // Whoever asks meanwhile finds it locked for a moment, and asks again.
    this.#own = undefined
    if (this.#wanted) this.#given_ms = performance.now()
    this.#wanted = false
    await (await own).close()
  }
}

/** Whether asking again may help: nobody was there, or whoever was has gone. */
function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof EngineError)) return false
  return thrown.code === 'STORE_LOCKED' || thrown.code === 'DAEMON_FAILED' || thrown.code === 'ENGINE_STATE'
}
