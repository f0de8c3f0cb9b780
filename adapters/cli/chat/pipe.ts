import { createInterface } from 'node:readline'
import { type ExitCode, exitCodes } from '../exit.ts'
import { command } from './commands.ts'
import type { ChatLine, Conversation, MemoryName } from './lines.ts'
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

/**
 * Says each line of the input and writes each answer, one after the other; nobody is there to say yes, so approvals are
 * denied. Ends after the last answer, with 1 when a turn did not end well.
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
    await pipe.tell(conversation.follow())
    for await (const line of { [Symbol.asyncIterator]: () => incoming }) {
      if (line.trim() === '') continue
      const order = await command(line, conversation, pipe.memories)
      if (order?.quit === true) break
      if (order !== undefined) pipe.note(order.text)
      else await pipe.tell(conversation.say(line))
      if (pipe.interrupted) break
    }
  } finally {
    process.off('SIGINT', interrupted)
    lines.close()
  }
  return pipe.failed ? exitCodes.failed : exitCodes.ok
}

class Pipe {
  readonly #conversation: Conversation
  readonly #pipes: Pipes
  memories: readonly MemoryName[] = []
  failed = false
  interrupted = false

  constructor(conversation: Conversation, pipes: Pipes) {
    this.#conversation = conversation
    this.#pipes = pipes
  }

  interrupt(): void {
    this.interrupted = true
    this.failed = true
    this.#conversation.cancel().catch((thrown: unknown) => this.note(String(thrown)))
  }

  note(text: string): void {
    this.#pipes.err.write(`${text}\n`)
  }

  async tell(lines: AsyncIterable<ChatLine>): Promise<void> {
    for await (const line of lines) {
      if (this.#pipes.json) this.#pipes.out.write(`${JSON.stringify(line)}\n`)
      await this.#take(line)
    }
  }

  async #take(line: ChatLine): Promise<void> {
    if ('asked' in line) {
      if (line.asked.round <= 1) this.memories = line.asked.memories
    } else if ('approval' in line) {
      const { tool, hash } = line.approval
      this.note(`denied: ${plain(tool)} needs your yes, and nobody is at the terminal; promethean chat asks you`)
      await this.#conversation.approve(hash, false)
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
    }
  }
}
