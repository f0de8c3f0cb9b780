import { createInterface, type Interface } from 'node:readline'
import type { Terminal } from '../prompt.ts'

/** Takes lines from a person at a terminal, one at a time. What is typed while nobody asks waits for the next question. */
export class Prompt {
  readonly #lines: Interface
  readonly #output: NodeJS.WritableStream
  readonly #typed: string[] = []
  readonly #closed = Promise.withResolvers<undefined>()
  #take: ((line: string | undefined) => void) | undefined
  #ended = false

  /** @param interrupted Ctrl-C, with what stands on the line */
  constructor({ input, output }: Terminal, interrupted: (line: string) => void) {
    this.#output = output
    this.#lines = createInterface({ input, output, historySize: 500 })
    this.#lines.on('line', (line) => {
      if (this.#take === undefined) this.#typed.push(line)
      else this.#answer(line)
    })
    this.#lines.on('SIGINT', () => interrupted(this.#lines.line))
    this.#lines.on('close', () => {
      this.#ended = true
      this.#closed.resolve(undefined)
      this.#answer(undefined)
    })
  }

  /** The next line; undefined at the end of input, or when the signal ends the question. @param fresh what was typed before is no answer */
  ask(
    text: string,
    options: { readonly fresh?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<string | undefined> {
    const { fresh = false, signal } = options
    const typed = fresh ? undefined : this.#typed.shift()
    if (typed !== undefined) return Promise.resolve(typed)
    if (this.#ended || signal?.aborted === true) return Promise.resolve(undefined)
    this.#lines.setPrompt(text)
    this.#lines.prompt()
    return new Promise((resolve) => {
      this.#take = resolve
      signal?.addEventListener('abort', () => this.#answer(undefined), { once: true })
    })
  }

  /** Resolves when the person has ended the input. */
  get closed(): Promise<undefined> {
    return this.#closed.promise
  }

  /** Whether a question is open. */
  get asking(): boolean {
    return this.#take !== undefined
  }

  /** Forgets what stands on the line and shows the prompt again. */
  clear(): void {
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
  }

  /** Writes lines above an open question, which is then shown again with what was typed so far. */
  above(write: () => void): void {
    if (this.#take === undefined) return write()
    this.#output.write('\r\u001b[K')
    write()
    this.#lines.prompt(true)
  }

  close(): void {
    this.#lines.close()
  }

  #answer(line: string | undefined): void {
    const take = this.#take
    this.#take = undefined
    take?.(line)
  }
}
