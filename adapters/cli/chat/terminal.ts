import { reasonOf } from '../../../engine/errors.ts'
import { type ExitCode, exitCodes } from '../exit.ts'
import type { Terminal } from '../prompt.ts'
import { command } from './commands.ts'
import type { ApprovalLine, ChatLine, Conversation, MemoryName } from './lines.ts'
import { PlainPieces, plain } from './plain.ts'
import { Prompt } from './prompt.ts'
import { approvalWords, aside, endWords, pastWords } from './words.ts'

const pastShown = 6

/** A conversation with a person at a terminal, until they end it. */
export async function converseAtTerminal(
  conversation: Conversation,
  terminal: Terminal & { readonly colours: boolean },
): Promise<ExitCode> {
  return new Talker(conversation, terminal).run()
}

class Talker {
  readonly #conversation: Conversation
  readonly #output: NodeJS.WritableStream
  readonly #colours: boolean
  readonly #prompt: Prompt
  readonly #agent: string
  #memories: readonly MemoryName[] = []
  /** What was shown of the answer that is being given. */
  #shown = ''
  #pieces = new PlainPieces()
  #telling = false
  #cancelling = false
  /** Calls that wait for a yes, the first of which is asked about. */
  #approvals: ApprovalLine[] = []
  #asking: AbortController | undefined

  constructor(conversation: Conversation, { input, output, colours }: Terminal & { readonly colours: boolean }) {
    this.#conversation = conversation
    this.#output = output
    this.#colours = colours
    this.#agent = conversation.session.split('/', 1)[0] ?? ''
    this.#prompt = new Prompt({ input, output }, (line) => this.#interrupted(line))
  }

  async run(): Promise<ExitCode> {
    this.#dim(`Talking with ${this.#conversation.session}. /help tells what else there is; Ctrl-D ends.`)
    for (const message of await this.#conversation.past(pastShown)) this.#dim(pastWords(message, this.#agent))
    try {
      await this.#tell(this.#conversation.follow())
      for (;;) {
        const line = await this.#prompt.ask('you › ')
        if (line === undefined) break
        if (line.trim() === '') continue
        if (!(await this.#obey(line))) break
      }
      return exitCodes.ok
    } finally {
      this.#prompt.close()
    }
  }

  /** False when the line asks for the end. */
  async #obey(line: string): Promise<boolean> {
    try {
      const order = await command(line, this.#conversation, this.#memories)
      if (order === undefined) await this.#tell(this.#conversation.say(line))
      else if (order.quit) return false
      else this.#dim(order.text)
    } catch (thrown) {
      this.#endAnswer()
      this.#output.write(`${plain(reasonOf(thrown))}\n`)
    }
    return true
  }

  /** Ctrl-C ends the turn under way, a second one the conversation; at an empty prompt the first does. */
  #interrupted(line: string): void {
    if (this.#telling && !this.#cancelling) {
      this.#cancelling = true
      this.#takeBack(() => true)
      this.#conversation.cancel().catch((thrown: unknown) => this.#dim(reasonOf(thrown)))
    } else if (line !== '' && !this.#telling) this.#prompt.clear()
    else this.#prompt.close()
  }

  async #tell(lines: AsyncIterable<ChatLine>): Promise<void> {
    this.#telling = true
    this.#cancelling = false
    try {
      const each = lines[Symbol.asyncIterator]()
      for (;;) {
        // Whoever ends the input does not wait for the end of the turn: it goes on, and is told at the next beginning.
        const next = await Promise.race([each.next(), this.#prompt.closed])
        if (next === undefined || next.done === true) break
        this.#take(next.value)
      }
    } finally {
      this.#telling = false
      this.#takeBack(() => true)
      this.#endAnswer()
    }
  }

  #take(line: ChatLine): void {
    if ('delta' in line) return this.#showDelta(line.delta)
    if ('again' in line) return this.#beginAgain()
    if ('said' in line) return this.#showSaid(plain(line.said.text))
    if ('approval' in line) return this.#askFor(line.approval)
    if ('returned' in line) this.#takeBack(({ call }) => call === line.returned.call)
    if ('asked' in line && line.asked.round <= 1) this.#memories = line.asked.memories
    if ('answered' in line) this.#takeBack(({ hash }) => hash === line.answered.hash)
    const text = 'ended' in line ? endWords(line.ended) : aside(line)
    if (text === undefined) return
    this.#endAnswer()
    this.#dim(text)
  }

  #showDelta(delta: string): void {
    const text = this.#pieces.take(delta)
    if (text === '') return
    if (this.#shown === '') this.#output.write(`${this.#agent} › `)
    this.#shown += text
    this.#output.write(text)
  }

  /** What was streamed of an attempt that broke off stays on its line, and counts for nothing. */
  #beginAgain(): void {
    if (this.#shown === '') return
    this.#endAnswer()
    this.#dim('… (again)')
  }

  /** The answer as it stands; where what streamed was another, because it was begun anew or cleaned, it is shown whole. */
  #showSaid(text: string): void {
    const rest = this.#pieces.end()
    this.#output.write(this.#shown === '' ? '' : rest)
    const streamed = this.#shown + rest
    if (streamed.trim() !== text.trim()) {
      const wasOther = streamed.trim() !== ''
      this.#endAnswer()
      if (wasOther) this.#dim('The answer is another than what was streamed; this is how it stands:')
      this.#output.write(`${this.#agent} › ${text}`)
      this.#shown = text
    }
    this.#endAnswer()
  }

  #endAnswer(): void {
    if (this.#shown !== '') this.#output.write(this.#shown.endsWith('\n') ? '' : '\n')
    this.#shown = ''
    this.#pieces = new PlainPieces()
  }

  #askFor(approval: ApprovalLine): void {
    this.#approvals.push(approval)
    if (this.#approvals.length === 1) this.#askNext()
  }

  /** Asks beside the telling, so that an answer from elsewhere or the end of the wait takes the question back. */
  #askNext(): void {
    const [approval] = this.#approvals
    if (approval === undefined) return
    this.#endAnswer()
    this.#output.write(`${approvalWords(approval)}\n`)
    this.#asking = new AbortController()
    this.#answerTo(approval, this.#asking.signal).catch((thrown: unknown) => this.#dim(reasonOf(thrown)))
  }

  async #answerTo({ hash }: ApprovalLine, signal: AbortSignal): Promise<void> {
    const line = await this.#prompt.ask('    Allow it? [y/N] ', { fresh: true, signal })
    if (signal.aborted || line === undefined) return
    this.#approvals.shift()
    const { done, reason } = await this.#conversation.approve(hash, /^y(es)?$/i.test(line.trim()))
    if (!done) this.#dim(reason)
    this.#askNext()
  }

  /** Questions that nobody has to answer any more are not asked, or taken back. */
  #takeBack(isOver: (approval: ApprovalLine) => boolean): void {
    const [first] = this.#approvals
    this.#approvals = this.#approvals.filter((approval) => !isOver(approval))
    if (first === undefined || first === this.#approvals[0]) return
    if (this.#prompt.asking) this.#output.write('\n')
    this.#asking?.abort()
    this.#askNext()
  }

  #dim(text: string): void {
    const lines = text.split('\n').map((line) => (this.#colours ? `\u001b[2m  ${line}\u001b[22m` : `  ${line}`))
    this.#prompt.above(() => void this.#output.write(`${lines.join('\n')}\n`))
  }
}
