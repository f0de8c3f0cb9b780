import { createInterface } from 'node:readline'
import { reasonOf } from '../../../engine/errors.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import { momentOf } from '../words.ts'
import { command } from './commands.ts'
import type { ApprovalLine, ChatLine, Conversation, MemoryName } from './lines.ts'
import { plain } from './plain.ts'
import { aside, endWords } from './words.ts'

/** Where lines come from and answers go. */
export type Pipes = {
  readonly input: NodeJS.ReadableStream
  readonly out: NodeJS.WritableStream
  readonly err: NodeJS.WritableStream
  /** Every line of a turn as JSON instead of its answer. */
  readonly json: boolean
}

/** A pipe waits no longer than this for a budget to be whole again, in milliseconds. */
const budgetWait_ms = 120_000

/**
 * Says each line of the input and writes each answer, one after the other; nobody is there to say yes, so approvals are
 * denied in turns that only answer the pipe. Ends after the last answer, with 1 when a turn did not end well and 69 when a
 * budget is spent for longer than a pipe waits.
 */
export async function converseInPipes(conversation: Conversation, pipes: Pipes): Promise<ExitCode> {
  const lines = createInterface({ input: pipes.input, crlfDelay: Number.POSITIVE_INFINITY })
  // Listened to at once: a line that comes while a turn is followed would be lost, and the end of input too.
  const incoming = lines[Symbol.asyncIterator]()
  const pipe = new Pipe(conversation, pipes)
  const interrupted = (): void => {
    lines.close()
    pipe.interrupt()
  }
  process.once('SIGINT', interrupted)
  try {
    for await (const line of { [Symbol.asyncIterator]: () => incoming }) {
      if (line.trim() === '') continue
      const order = await command(line, conversation, pipe.memories)
      if (order?.quit === true) break
      if (order !== undefined) pipe.note(order.text)
      else await pipe.tell(conversation.say(line))
      if (pipe.left) break
    }
  } finally {
    process.off('SIGINT', interrupted)
    lines.close()
  }
  if (pipe.spent) return exitCodes.unavailable
  return pipe.failed ? exitCodes.failed : exitCodes.ok
}

class Pipe {
  readonly #conversation: Conversation
  readonly #pipes: Pipes
  memories: readonly MemoryName[] = []
  failed = false
  /** A budget is spent, and the pipe does not wait for it. */
  spent = false
  /** Nothing more is said or told. */
  left = false
  readonly #leaving = Promise.withResolvers<undefined>()
  /** How many messages the turn under way answers that has the pipe's own; 0 before it has begun. */
  #inputs = 0

  constructor(conversation: Conversation, pipes: Pipes) {
    this.#conversation = conversation
    this.#pipes = pipes
  }

  /** Ends the pipe's own turn; what still waits behind somebody else's is left where it is. */
  interrupt(): void {
    this.failed = true
    if (this.#inputs === 0) return this.#leave()
    this.left = true
    this.#conversation.cancel().catch((thrown: unknown) => this.note(reasonOf(thrown)))
  }

  #leave(): void {
    this.left = true
    this.#leaving.resolve(undefined)
  }

  note(text: string): void {
    this.#pipes.err.write(`${text}\n`)
  }

  async tell(lines: AsyncIterable<ChatLine>): Promise<void> {
    this.#inputs = 0
    const each = lines[Symbol.asyncIterator]()
    while (!this.spent) {
      const next = await Promise.race([each.next(), this.#leaving.promise])
      if (next === undefined || next.done === true) break
      if (this.#pipes.json) this.#pipes.out.write(`${JSON.stringify(next.value)}\n`)
      await this.#take(next.value)
    }
    this.#inputs = 0
  }

  async #take(line: ChatLine): Promise<void> {
    if ('started' in line) this.#inputs = line.started.inputs
    else if ('asked' in line) {
      if (line.asked.round <= 1) this.memories = line.asked.memories
    } else if ('approval' in line) {
      await this.#deny(line.approval)
    } else if ('said' in line) {
      if (!this.#pipes.json) this.#pipes.out.write(`${plain(line.said.text)}\n`)
    } else if ('ended' in line) {
      const why = endWords(line.ended)
      if (why === undefined) return
      this.failed = true
      this.note(why)
    } else if ('queued' in line || 'waiting' in line) {
      const text = aside(line)
      if (text !== undefined) this.note(text)
      const budget_ms =
        'queued' in line ? line.queued.until_ms : line.waiting.why === 'budget' ? line.waiting.until_ms : 0
      if ((budget_ms ?? 0) > Date.now() + budgetWait_ms) this.#giveUp(budget_ms ?? 0)
    }
  }

  /** A turn that also answers somebody else is not the pipe's to decide on. */
  async #deny({ tool, hash }: ApprovalLine): Promise<void> {
    if (this.#inputs > 1) {
      return this.note(
        `waiting: ${plain(tool)} needs a yes, and others are in this turn too: promethean approve ${hash}`,
      )
    }
    this.note(`denied: ${plain(tool)} needs your yes, and nobody is at the terminal; promethean chat asks you`)
    await this.#conversation.approve(hash, false)
  }

  #giveUp(until_ms: number): void {
    this.spent = true
    this.left = true
    const reason = `the budget is whole again at ${momentOf(until_ms)}; what was said waits until then, and promethean cancel drops it`
    const counts = { rounds: 0, calls: 0, tokens_in: 0, tokens_out: 0 }
    const ended = { turn: 0, state: 'waiting', code: 'BUDGET_SPENT', reason, ...counts }
    if (this.#pipes.json) this.#pipes.out.write(`${JSON.stringify({ ended })}\n`)
    this.note(`BUDGET_SPENT: ${reason}`)
  }
}
